/* SPDX-License-Identifier: MIT */
/*
 * Two levels of hash tables: programs by name, call sites by key. The pseudo-sites are left out:
 * what is mapped at start-up depends on the machine, not on the program. See summary.h.
 */
#include "check/summary.h"
#include "input/liveness.h"
#include "util/must.h"

#include <fnmatch.h>

/* Parts of a call site that are told apart; generated code may have a call in each of its lines. */
#define PARTS_MOST 256u

/* Does the pattern match the path, or the end of it after a slash? */
static bool matches_path(const char *pattern, const char *path)
{
	for (; path; path = strchr(path, '/')) {
		path += *path == '/' && *pattern != '/';
		if (!fnmatch(pattern, path, 0))
			return true;
		if (*pattern == '/')
			return false;
	}
	return false;
}

bool vmt_summary_wants(const struct vmt_summary_options *options, const char *name, const char *exe)
{
	const char *pattern = options->program;
	const char *slash = pattern ? strrchr(pattern, '/') : NULL;

	if (slash && exe)
		return matches_path(pattern, exe);
	return !pattern || !fnmatch(slash ? slash + 1 : pattern, name, 0);
}

void vmt_summary_init(struct vmt_summary *summary, const struct vmt_summary_options *options)
{
	*summary = (struct vmt_summary){
		.with_lines = options->with_lines,
		.knows_forked = true,
		.from = options->phase.from ? vmt_must_copy(options->phase.from) : NULL,
		.to = options->phase.to ? vmt_must_copy(options->phase.to) : NULL,
		.warmup = options->phase.warmup,
	};
}

static void free_parts(struct vmt_summary_site *site)
{
	struct vmt_summary_part *part = site->part, *next;

	if (!part)
		vmt_stack_free(&site->stack);
	for (; part; part = next) {
		next = part->next;
		vmt_stack_free(&part->stack);
		free(part->key);
		free(part);
	}
}

static void free_sites(struct vmt_summary_program *program)
{
	struct vmt_summary_site *site, *next;

	HASH_ITER(hh, program->sites, site, next)
	{
		HASH_DEL(program->sites, site);
		free_parts(site);
		free(site->key);
		free(site->call);
		free(site);
	}
}

static void free_processes(struct vmt_summary_program *program)
{
	struct vmt_summary_process *process = program->process, *next;

	for (; process; process = next) {
		next = process->next;
		free(process);
	}
}

/*
 * Keep the largest value of fork children by itself: of all processes, the parent often has more at the
 * same call site.
 */
static void fold_forked(struct vmt_summary_program *program, int64_t growth)
{
	struct vmt_summary_site *site;

	for (site = program->sites; site; site = site->hh.next)
		site->forked = site->current > site->forked ? site->current : site->forked;
	if (!program->fork_children++ || growth > program->forked)
		program->forked = growth;
	program->has_forked = true;
}

/* Likewise for the others, of which a fork child may have more. */
static void fold_unforked(struct vmt_summary_program *program, int64_t growth)
{
	bool is_first = program->processes == program->fork_children + 1;
	struct vmt_summary_site *site;

	for (site = program->sites; site; site = site->hh.next) {
		if (is_first || site->current > site->unforked)
			site->unforked = site->current;
	}
	if (is_first || growth > program->unforked)
		program->unforked = growth;
}

/* Returns the part with this key, which is added if it is new. */
static struct vmt_summary_part *find_part(struct vmt_summary_site *site, const char *key)
{
	struct vmt_summary_part **at = &site->part;

	for (uint32_t i = 0; *at; at = &(*at)->next) {
		if (!strcmp((*at)->key, key))
			return *at;
		if (++i == PARTS_MOST && *key)
			key = "";
	}
	*at = vmt_must_alloc(1, sizeof(**at));
	(*at)->key = vmt_must_copy(key);
	return *at;
}

/* A part that stands for several lines has only those that are the same in all of its stacks. */
static void keep_same_lines(struct vmt_stack *kept, const struct vmt_stack *other)
{
	for (uint32_t i = 1; i <= kept->count; i++) {
		struct vmt_stack_frame *frame = &kept->frame[kept->count - i];

		if (i > other->count || other->frame[other->count - i].line != frame->line)
			frame->line = 0;
	}
}

void vmt_summary_add_part(struct vmt_summary_site *site, const char *key, struct vmt_stack *stack,
			  int64_t maps, int64_t at_end)
{
	struct vmt_summary_part *part = find_part(site, key);

	if (!*part->key && part->stack.frame) {
		keep_same_lines(&part->stack, stack);
		vmt_stack_free(stack);
	} else if (!part->stack.frame || maps > part->current) {
		vmt_stack_free(&part->stack);
		part->stack = *stack;
	} else {
		vmt_stack_free(stack);
	}
	part->current += maps;
	part->current_at_end += at_end;
}

struct vmt_summary_site vmt_summary_part_of(const struct vmt_summary_site *site,
					    const struct vmt_summary_part *part)
{
	struct vmt_summary_site alone = *site;

	alone.part = NULL;
	if (part)
		alone.stack = part->stack;
	return alone;
}

const struct vmt_summary_part *vmt_summary_likely_part(const struct vmt_summary_site *site,
						       int64_t more)
{
	const struct vmt_summary_part *found = NULL;

	for (const struct vmt_summary_part *part = site->part; part; part = part->next) {
		if (part->maps != more)
			continue;
		if (found)
			return NULL;
		found = part;
	}
	return found;
}

/* Keep the largest values of parts, too; the stack to show is that of the largest of these. */
static void fold_parts(struct vmt_summary_site *site)
{
	const struct vmt_summary_part *most = site->part;
	struct vmt_summary_part *part;

	for (part = site->part; part; part = part->next) {
		part->maps = part->current > part->maps ? part->current : part->maps;
		part->current = part->current_at_end = 0;
		most = *part->key && part->maps > most->maps ? part : most;
	}
	if (most)
		site->stack = most->stack;
}

static size_t count_gains(const struct vmt_summary_site *site)
{
	size_t n = 0;

	if (site->current <= 0)
		return 0;
	for (const struct vmt_summary_part *part = site->part; part; part = part->next)
		n += part->current || part->current_at_end;
	return site->part ? n : 1;
}

static void add_gains(struct vmt_summary_process *process, const struct vmt_summary_site *site)
{
	const struct vmt_summary_part *part = site->part;

	if (site->current <= 0)
		return;
	if (!part)
		process->gain[process->count++] =
			(struct vmt_summary_gain){ site, NULL, site->current,
						   site->current_at_end };
	for (; part; part = part->next) {
		if (part->current || part->current_at_end)
			process->gain[process->count++] =
				(struct vmt_summary_gain){ site, part, part->current,
							   part->current_at_end };
	}
}

void vmt_summary_add_process(struct vmt_summary_program *program, int64_t growth, bool is_forked)
{
	struct vmt_summary_process *process;
	struct vmt_summary_site *site;
	size_t count = 0;

	for (site = program->sites; site; site = site->hh.next)
		count += count_gains(site);
	process = vmt_must_alloc(1, sizeof(*process) + count * sizeof(process->gain[0]));
	process->next = program->process;
	process->growth = growth;
	process->is_forked = is_forked;
	for (site = program->sites; site; site = site->hh.next) {
		add_gains(process, site);
		fold_parts(site);
	}
	program->process = process;
	program->processes++;
	if (is_forked)
		fold_forked(program, growth);
	else
		fold_unforked(program, growth);
}

void vmt_summary_free(struct vmt_summary *summary)
{
	struct vmt_summary_program *program, *next;

	HASH_ITER(hh, summary->programs, program, next)
	{
		HASH_DEL(summary->programs, program);
		free_processes(program);
		free_sites(program);
		free(program->name);
		free(program->exe);
		free(program->other_exe);
		free(program);
	}
	free(summary->test);
	free(summary->from);
	free(summary->to);
	*summary = (struct vmt_summary){ .programs = NULL };
}

const char *vmt_summary_frames(const struct vmt_summary_site *site)
{
	const char *line = strchr(site->key, '\n');

	return line ? line + 1 : "";
}

bool vmt_summary_is_unseen(const struct vmt_summary_site *site)
{
	return !strcmp(site->call, VMT_SUMMARY_UNSEEN);
}

char *vmt_summary_origin(const struct vmt_summary_site *site, const char *function)
{
	if (vmt_summary_is_unseen(site))
		return vmt_must_copy("calls that were not seen");
	return vmt_must_format("%s in %s", site->call, function);
}

struct vmt_summary_program *vmt_summary_find_program(const struct vmt_summary *summary,
						     const char *name)
{
	struct vmt_summary_program *program;

	HASH_FIND_STR(summary->programs, name, program);
	return program;
}

struct vmt_summary_program *vmt_summary_program(struct vmt_summary *summary, const char *name)
{
	struct vmt_summary_program *program = vmt_summary_find_program(summary, name);

	if (program)
		return program;
	program = vmt_must_alloc(1, sizeof(*program));
	program->name = vmt_must_copy(name);
	program->merged = -1;
	HASH_ADD_KEYPTR(hh, summary->programs, program->name, strlen(program->name), program);
	return program;
}

struct vmt_summary_site *vmt_summary_find_site(const struct vmt_summary_program *program,
					       const char *key)
{
	struct vmt_summary_site *site = NULL;

	if (program)
		HASH_FIND_STR(program->sites, key, site);
	return site;
}

struct vmt_summary_site *vmt_summary_site(struct vmt_summary_program *program, const char *call,
					  const char *stack)
{
	char *key = vmt_must_format("%s\n%s", call, stack);
	struct vmt_summary_site *site = vmt_summary_find_site(program, key);

	if (site) {
		free(key);
		return site;
	}
	site = vmt_must_alloc(1, sizeof(*site));
	site->key = key;
	site->call = vmt_must_copy(call);
	HASH_ADD_KEYPTR(hh, program->sites, site->key, strlen(site->key), site);
	return site;
}

int64_t vmt_summary_maps(const struct vmt_summary_program *program)
{
	int64_t maps = 0;

	for (const struct vmt_summary_site *site = program->sites; site; site = site->hh.next)
		maps += site->maps > 0 ? site->maps : 0;
	return maps;
}

static int by_name(const struct vmt_summary_program *a, const struct vmt_summary_program *b)
{
	return strcmp(a->name, b->name);
}

static int by_key(const struct vmt_summary_site *a, const struct vmt_summary_site *b)
{
	return strcmp(a->key, b->key);
}

void vmt_summary_sort(struct vmt_summary *summary)
{
	struct vmt_summary_program *program;

	HASH_SORT(summary->programs, by_name);
	for (program = summary->programs; program; program = program->hh.next)
		HASH_SORT(program->sites, by_key);
}

void vmt_summary_note_uncompared(struct vmt_summary_program *program, const struct vmt_view *view)
{
	size_t used = strlen(program->uncompared_who), room = sizeof(program->uncompared_who);
	char who[64], end[32];
	int length;

	program->uncompared++;
	vmt_liveness_end(view, end, sizeof(end));
	length = snprintf(who, sizeof(who), "%spid %u (%s)", used ? ", " : "",
			  (unsigned)view->header.pid, end);
	if (used + (size_t)length < room)
		memcpy(program->uncompared_who + used, who, (size_t)length + 1);
}

char *vmt_summary_exe_of(const struct vmt_loaded_recording *recording)
{
	struct vmt_view_string exe = vmt_view_string(&recording->view, recording->view.header.exe);
	char *name = vmt_must(strndup(exe.bytes, exe.length));
	char *end;

	if (*name)
		return name;
	free(name);
	name = vmt_must_copy(recording->name);
	for (int i = 0; i < 2 && (end = strrchr(name, '.')); i++)
		*end = '\0';
	return name;
}

char *vmt_summary_name_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *name = vmt_must_copy(slash ? slash + 1 : path);

	for (char *at = name; *at; at++) {
		if ((unsigned char)*at < ' ' || *at == 127)
			*at = '?';
	}
	return name;
}

bool vmt_summary_is_forked(const struct vmt_view *view)
{
	uint64_t count = vmt_view_count(view, VMT_SECTION_SITES);
	struct vmt_rec_site site;

	for (uint64_t i = 0; i < count; i++) {
		if (vmt_view_site(view, i, &site) && site.inherited)
			return true;
	}
	return false;
}
