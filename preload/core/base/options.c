/* SPDX-License-Identifier: MIT */
/*
 * One table holds each option's name, kind, destination and line of help. Values are checked only
 * here.
 */
#include "core/base/line.h"
#include "core/base/options.h"

enum option_kind {
	OPTION_BOOL, /* 0 or 1 */
	OPTION_NUMBER,
	OPTION_TEXT,
	OPTION_ASK, /* this one and the next four have a word for a value */
	OPTION_DERIVE,
	OPTION_SITES,
	OPTION_FILTER,
	OPTION_REPORT,
	OPTION_CHILDREN, /* report or record */
	OPTION_TRY, /* names of remedies, separated by commas */
};

struct option {
	const char *name;
	enum option_kind kind;
	size_t offset;
	uint64_t low;
	uint64_t high;
	const char *help;
};

#define AT(field) offsetof(struct vmt_options, field)

static const struct option table[] = {
	{ "help", OPTION_BOOL, AT(help), 0, 0,
	  "help=1            list these options, then run the program" },
	{ "strict", OPTION_BOOL, AT(strict), 0, 0,
	  "strict=1          a bad option ends the program with status 2" },
	{ "log_path", OPTION_TEXT, AT(log_path), 0, 0,
	  "log_path=FILE     write the report to FILE.PID instead of standard error" },
	{ "dir", OPTION_TEXT, AT(dir), 0, 0,
	  "dir=DIR           keep a recording of every process in DIR, EXE.PID.vmt" },
	{ "report", OPTION_REPORT, AT(report), 0, 0,
	  "report=WHEN       1: at the limit and at exit, limit: not at exit, lines: a line there, "
	  "0: no" },
	{ "children", OPTION_CHILDREN, AT(children), 0, 0,
	  "children=report   child processes also print reports, and max_growth applies to them "
	  "too" },
	{ "follow_children", OPTION_BOOL, AT(follow_children), 0, 0,
	  "follow_children=0 child processes are not recorded" },
	{ "top", OPTION_NUMBER, AT(top), 1, 1000000,
	  "top=N             call sites in the report (10)" },
	{ "verbosity", OPTION_NUMBER, AT(verbosity), 0, 9,
	  "verbosity=N       1: also explain how the numbers were obtained" },
	{ "max_growth", OPTION_NUMBER, AT(max_growth), 0, UINT64_MAX,
	  "max_growth=N      fail a program that succeeds but has over N more maps than at its "
	  "start" },
	{ "exitcode", OPTION_NUMBER, AT(exitcode), 1, 255,
	  "exitcode=N        exit status of a program that max_growth fails (23)" },
	{ "sites", OPTION_SITES, AT(sites), 0, 0,
	  "sites=WAY         how to catch libc's own calls: auto, mprotect (not /proc/self/mem), 0 "
	  "(do not)" },
	{ "malloc", OPTION_BOOL, AT(malloc), 0, 0, "malloc=0          do not count allocations" },
	{ "ask", OPTION_ASK, AT(ask), 0, 0,
	  "ask=WAY           how to query the kernel: auto, query, probe or maps" },
	{ "derive", OPTION_DERIVE, AT(derive), 0, 0,
	  "derive=plain      query the kernel for every possible merge, not only for the ambiguous "
	  "ones" },
	{ "filter", OPTION_FILTER, AT(filter), 0, 0,
	  "filter=probe      under a seccomp filter, find out in a child process what it allows" },
	{ "verify", OPTION_NUMBER, AT(verify), 0, UINT64_MAX,
	  "verify=N          compare with /proc/self/maps after every Nth call, stop if it "
	  "differs" },
	{ "max_maps", OPTION_NUMBER, AT(max_maps), 1000, 100000000,
	  "max_maps=N        room for N maps (vm.max_map_count, at least 100000)" },
	{ "max_sites", OPTION_NUMBER, AT(max_sites), 100, 10000000,
	  "max_sites=N       room for N call sites (20000)" },
	{ "max_size", OPTION_NUMBER, AT(max_size), 1, 1000000,
	  "max_size=N        size limit of a recording in MiB (as max_maps and max_sites need: "
	  "30)" },
	{ "tool", OPTION_BOOL, AT(tool), 0, 0,
	  "tool=0            do not run the vmatrace tool for function names" },
	{ "try", OPTION_TRY, AT(remedies), 0, 0,
	  "try=NAME,...      guards, names, advice, locks, policy, noreserve, decommit, holes, stacks, "
	  "arenas" },
	{ "markers", OPTION_BOOL, AT(markers), 0, 0,
	  "markers=1         write(-1, \"vmatrace: ready\") and \"…done\", for reading strace "
	  "logs" },
};

void vmt_options_init(struct vmt_options *options)
{
	*options = (struct vmt_options){
		.max_maps = 0,
		.max_sites = 20000,
		.top = 10,
		.max_growth = UINT64_MAX,
		.exitcode = 23,
		.ask = VMT_ASK_AUTO,
		.report = VMT_REPORT_ALWAYS,
		.follow_children = true,
		.sites = VMT_SITES_AUTO,
		.malloc = true,
		.tool = true,
	};
}

const char *vmt_options_help(size_t index)
{
	return index < VMT_COUNT(table) ? table[index].help : NULL;
}

struct piece {
	const char *text;
	size_t length;
};

static bool is_text(struct piece piece, const char *text)
{
	size_t i = 0;

	while (i < piece.length && text[i] && piece.text[i] == text[i])
		i++;
	return i == piece.length && !text[i];
}

static bool parse_number(struct piece piece, uint64_t *ret_value)
{
	uint64_t value = 0;

	for (size_t i = 0; i < piece.length; i++) {
		if (piece.text[i] < '0' || piece.text[i] > '9' ||
		    __builtin_mul_overflow(value, UINT64_C(10), &value) ||
		    __builtin_add_overflow(value, (uint64_t)(piece.text[i] - '0'), &value))
			return false;
	}
	*ret_value = value;
	return piece.length > 0;
}

static bool set_bool(bool *field, struct piece value)
{
	if (!is_text(value, "0") && !is_text(value, "1"))
		return false;
	*field = is_text(value, "1");
	return true;
}

static bool set_number(uint64_t *field, const struct option *option, struct piece value)
{
	uint64_t number;

	if (!parse_number(value, &number) || number < option->low || number > option->high)
		return false;
	*field = number;
	return true;
}

static bool set_text(char *field, size_t size, struct piece value)
{
	if (value.length == 0 || value.length >= size)
		return false;
	for (size_t i = 0; i < value.length; i++)
		field[i] = value.text[i];
	field[value.length] = '\0';
	return true;
}

#define WORDS_MAX 4u

/* The words of options that have any, by the number that each stands for. */
static const char *const words[][WORDS_MAX] = {
	[OPTION_ASK] = { [VMT_ASK_AUTO] = "auto",
			 [VMT_ASK_QUERY] = "query",
			 [VMT_ASK_PROBE] = "probe",
			 [VMT_ASK_MAPS] = "maps" },
	[OPTION_DERIVE] = { [VMT_DERIVE_FULL] = "full", [VMT_DERIVE_PLAIN] = "plain" },
	[OPTION_SITES] = { [VMT_SITES_OFF] = "0",
			   [VMT_SITES_AUTO] = "auto",
			   [VMT_SITES_MPROTECT] = "mprotect" },
	[OPTION_FILTER] = { [VMT_FILTER_AUTO] = "auto", [VMT_FILTER_PROBE] = "probe" },
	[OPTION_REPORT] = { [VMT_REPORT_NEVER] = "0",
			    [VMT_REPORT_ALWAYS] = "1",
			    [VMT_REPORT_AT_LIMIT] = "limit",
			    [VMT_REPORT_LINES] = "lines" },
};

static bool set_word(uint32_t *field, enum option_kind kind, struct piece value)
{
	if (kind == OPTION_SITES && is_text(value, "1"))
		value = (struct piece){ .text = "auto", .length = 4 };
	for (uint32_t i = 0; i < WORDS_MAX && words[kind][i]; i++) {
		if (is_text(value, words[kind][i])) {
			*field = i;
			return true;
		}
	}
	return false;
}

static bool set_children(bool *field, struct piece value)
{
	if (!is_text(value, "report") && !is_text(value, "record"))
		return false;
	*field = is_text(value, "report");
	return true;
}

const char *vmt_options_remedy(uint32_t place)
{
	static const char *const names[VMT_REMEDY_COUNT] = { "guards",   "names",  "advice",
							     "locks",    "policy", "noreserve",
							     "decommit", "holes",  "stacks",
							     "arenas" };

	return names[place];
}

/* Names of remedies, separated by commas. */
static bool set_remedies(uint32_t *field, struct piece value)
{
	uint32_t bits = 0;

	for (size_t at = 0, end; at < value.length; at = end + 1) {
		uint32_t place = 0;

		for (end = at; end < value.length && value.text[end] != ',';)
			end++;
		while (place < VMT_REMEDY_COUNT &&
		       !is_text((struct piece){ value.text + at, end - at },
				vmt_options_remedy(place)))
			place++;
		if (place == VMT_REMEDY_COUNT)
			return false;
		bits |= UINT32_C(1) << place;
	}
	*field = bits;
	return bits != 0;
}

static bool set(struct vmt_options *options, const struct option *option, struct piece value)
{
	void *field = (char *)options + option->offset;

	switch (option->kind) {
	case OPTION_BOOL: return set_bool(field, value);
	case OPTION_NUMBER: return set_number(field, option, value);
	case OPTION_TEXT: return set_text(field, sizeof(options->log_path), value);
	case OPTION_ASK:
	case OPTION_DERIVE:
	case OPTION_SITES:
	case OPTION_FILTER:
	case OPTION_REPORT: return set_word(field, option->kind, value);
	case OPTION_CHILDREN: return set_children(field, value);
	case OPTION_TRY: return set_remedies(field, value);
	}
	return false;
}

static void append_piece(struct vmt_line *complaint, struct piece piece)
{
	for (size_t i = 0; i < piece.length; i++)
		vmt_line_add_bytes(
			complaint,
			piece.text[i] >= ' ' && piece.text[i] < 127 ? &piece.text[i] : "?", 1);
}

static void append_number_range(struct vmt_line *complaint, const struct option *option)
{
	vmt_line_add(complaint, "a number from ");
	vmt_line_add_number(complaint, option->low);
	if (option->high == UINT64_MAX)
		return;
	vmt_line_add(complaint, " to ");
	vmt_line_add_number(complaint, option->high);
}

static void append_words(struct vmt_line *complaint, enum option_kind kind)
{
	for (uint32_t i = 0; i < WORDS_MAX && words[kind][i]; i++) {
		vmt_line_add(complaint, i ? " or " : "");
		vmt_line_add(complaint, words[kind][i]);
	}
}

/* The values that set() accepts. */
static void append_valid(struct vmt_line *complaint, const struct option *option)
{
	switch (option->kind) {
	case OPTION_BOOL: vmt_line_add(complaint, "0 or 1"); return;
	case OPTION_NUMBER: append_number_range(complaint, option); return;
	case OPTION_TEXT: vmt_line_add(complaint, "a path of 1 to 255 bytes"); return;
	case OPTION_ASK:
	case OPTION_DERIVE:
	case OPTION_SITES:
	case OPTION_FILTER:
	case OPTION_REPORT: append_words(complaint, option->kind); return;
	case OPTION_CHILDREN: vmt_line_add(complaint, "report or record"); return;
	case OPTION_TRY:
		for (uint32_t i = 0; i < VMT_REMEDY_COUNT; i++) {
			vmt_line_add(complaint, i ? "," : "some of ");
			vmt_line_add(complaint, vmt_options_remedy(i));
		}
		return;
	}
}

/* option: the one whose valid values are told at the end, or NULL */
static void complain(const struct vmt_options_ops *ops, const char *before, struct piece piece,
		     const char *after, const struct option *option)
{
	char text[320];
	struct vmt_line complaint = vmt_line_in(text, sizeof(text));

	if (piece.length > 100)
		piece.length = 100;
	vmt_line_add(&complaint, before);
	append_piece(&complaint, piece);
	vmt_line_add(&complaint, after);
	if (option)
		append_valid(&complaint, option);
	ops->complain(ops->context, text);
}

static const struct option *find_option(struct piece key)
{
	for (size_t i = 0; i < VMT_COUNT(table); i++)
		if (is_text(key, table[i].name))
			return &table[i];
	return NULL;
}

static int parse_one(struct vmt_options *options, struct piece piece,
		     const struct vmt_options_ops *ops)
{
	struct piece key = piece;
	struct piece value = { "1", 1 }; /* a key without a value means key=1 */
	size_t equals = 0;

	while (equals < piece.length && piece.text[equals] != '=')
		equals++;
	if (equals < piece.length) {
		key.length = equals;
		value.text = piece.text + equals + 1;
		value.length = piece.length - equals - 1;
	}

	const struct option *option = find_option(key);

	if (!option) {
		complain(ops, "unknown option '", key, "' in VMATRACE_OPTIONS; help=1 lists them",
			 NULL);
		return 1;
	}
	if (equals == piece.length && option->kind != OPTION_BOOL &&
	    option->kind != OPTION_REPORT) {
		complain(ops, "option '", key, "' in VMATRACE_OPTIONS needs a value: ", option);
		return 1;
	}
	if (!set(options, option, value)) {
		complain(ops, "bad value in VMATRACE_OPTIONS: '", piece, "'; valid is ", option);
		return 1;
	}
	return 0;
}

int vmt_options_parse(struct vmt_options *options, const char *text,
		      const struct vmt_options_ops *ops)
{
	int complaints = 0;

	while (*text) {
		struct piece piece = { text, 0 };

		while (text[piece.length] && text[piece.length] != ':')
			piece.length++;
		if (piece.length)
			complaints += parse_one(options, piece, ops);
		text += piece.length;
		if (*text == ':')
			text++;
	}
	return complaints;
}
