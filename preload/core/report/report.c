/* SPDX-License-Identifier: MIT */
/*
 * The text report: banner, maps against the limit, calls, and summary. Growth, call sites and
 * coverage have files of their own. The answer comes before the evidence, lines have 80 columns,
 * and the report claims nothing that is not known. report.h says what this code may not do.
 */
#include "core/report/report_parts.h"

/* Bytes of the folders that the command's first word begins with. */
static uint32_t folders_length(struct vmt_view_string command)
{
	uint32_t length = 0;

	for (uint32_t i = 0; i < command.length && command.bytes[i]; i++) {
		if (command.bytes[i] == '/')
			length = i + 1;
	}
	return length;
}

/* At most "room" letters; what does not fit is "...". The program's folders go first. */
static void put_words(struct vmt_fmt *fmt, struct vmt_view_string command, uint32_t room)
{
	uint32_t from = 0;

	if (command.length > room + 3) {
		from = folders_length(command);
		vmt_fmt_str(fmt, from ? ".../" : "");
		room += from ? from - 4 : 0;
	}
	for (uint32_t i = from; i < command.length; i++) {
		if (i == room && command.length > room + 3) {
			vmt_fmt_str(fmt, "...");
			return;
		}
		vmt_fmt_bytes(fmt, command.bytes[i] ? &command.bytes[i] : " ", 1);
	}
}

/* The arguments, separated by spaces. A long command is cut; the recording has all of it. */
static void put_command(struct vmt_report *text)
{
	const struct vmt_rec_header *header = &text->view->header;
	struct vmt_view_string command = vmt_view_string(text->view, header->command);
	uint32_t room = text->fmt.width < VMT_FMT_WIDTH ? 30 : 40;

	if (!command.length)
		command = vmt_view_string(text->view, header->exe);
	while (command.length && !command.bytes[command.length - 1])
		command.length--;
	put_words(&text->fmt, command, text->options->verbose ? command.length : room);
}

static void put_duration(struct vmt_report *text)
{
	const struct vmt_rec_header *header = &text->view->header;
	uint64_t end = header->end_monotonic ? header->end_monotonic : text->options->now;

	if (end < header->start_monotonic)
		return;
	vmt_fmt_str(&text->fmt, ", ");
	vmt_fmt_seconds(&text->fmt, end - header->start_monotonic);
}

static void put_status(struct vmt_report *text)
{
	const struct vmt_rec_header *header = &text->view->header;
	struct vmt_fmt *fmt = &text->fmt;
	const char *name;

	switch (header->end) {
	case VMT_END_EXIT:
		vmt_fmt_str(fmt, ", exit ");
		vmt_fmt_num(fmt, (uint32_t)header->status & 255, 0);
		break;
	case VMT_END_SIGNAL:
		name = vmt_report_signal((uint32_t)header->status);
		vmt_fmt_str(fmt, ", killed by ");
		vmt_fmt_str(fmt, name ? name : "signal ");
		if (!name)
			vmt_fmt_num(fmt, (uint32_t)header->status, 0);
		break;
	case VMT_END_EXEC: vmt_fmt_str(fmt, ", became another program (exec)"); break;
	case VMT_END_RUNNING:
		vmt_fmt_str(fmt,
			    text->options->is_gone ? ", end not recorded (killed?)" : ", running");
		break;
	default: break;
	}
}

static bool is_near(const struct vmt_rec_header *header, uint64_t maps)
{
	return header->maps_limit &&
	       maps + header->maps_own >= header->maps_limit / 100 * VMT_REPORT_NEAR_PERCENT;
}

/* " of 65,530 (80 %)"; the percentage is left out below 1. */
static void put_limit(struct vmt_report *text)
{
	const struct vmt_rec_header *header = &text->view->header;
	uint64_t percent =
		vmt_report_percent(header->maps_peak + header->maps_own, header->maps_limit);

	if (!header->maps_limit)
		return;
	if (is_near(header, header->maps_peak)) {
		vmt_fmt_str(&text->fmt, " (+");
		vmt_fmt_num(&text->fmt, header->maps_own, 0);
		vmt_fmt_str(&text->fmt, " vmatrace)");
	}
	vmt_fmt_str(&text->fmt, " of ");
	vmt_fmt_num(&text->fmt, header->maps_limit, 0);
	if (!percent)
		return;
	vmt_fmt_str(&text->fmt, " (");
	vmt_fmt_num(&text->fmt, percent, 0);
	vmt_fmt_str(&text->fmt, " %)");
}

static void put_maps(struct vmt_report *text)
{
	const struct vmt_rec_header *header = &text->view->header;
	struct vmt_fmt *fmt = &text->fmt;

	vmt_fmt_str(fmt, "  maps    ");
	vmt_fmt_num(fmt, header->maps_start, 0);
	vmt_fmt_str(fmt, " at start, ");
	vmt_fmt_num(fmt, text->maps_now, 0);
	vmt_fmt_str(fmt, vmt_report_is_running(text) ? " now (" : " at the end (");
	vmt_fmt_signed(fmt, (int64_t)(text->maps_now - header->maps_start), 0);
	vmt_fmt_str(fmt, "), peak ");
	vmt_fmt_num(fmt, header->maps_peak, 0);
	put_limit(text);
	/* The time of the peak means nothing in a run of less than a second. */
	if (header->maps_peak > header->maps_start && header->maps_peak_time >= 1000000000) {
		vmt_fmt_str(fmt, " at ");
		vmt_fmt_seconds(fmt, header->maps_peak_time);
	}
	vmt_fmt_wrap(fmt, 10);
}

#define COLUMNS 7u
#define NET     (COLUMNS - 1)

/* The columns of a table of calls, as wide as what is in them. */
struct call_table {
	uint32_t name;
	uint32_t column[COLUMNS];
};

static const char *const column_heads[COLUMNS] = { "calls",  "failed",  "created", "split",
						   "merged", "removed", "net" };

static bool read_call(const struct vmt_report *text, uint32_t call, uint64_t ret_number[COLUMNS])
{
	struct vmt_rec_counters made;

	if (!vmt_view_call(text->view, call, &made) || !made.calls)
		return false;
	ret_number[0] = made.calls;
	ret_number[1] = made.failed;
	ret_number[2] = made.created;
	ret_number[3] = made.split;
	ret_number[4] = made.merged;
	ret_number[5] = made.removed;
	ret_number[NET] = (uint64_t)vmt_view_net(&made);
	return true;
}

static void widen(struct call_table *table, const char *name, const uint64_t number[COLUMNS])
{
	uint32_t length = (uint32_t)__builtin_strlen(name);

	table->name = length > table->name ? length : table->name;
	for (uint32_t i = 0; i < COLUMNS; i++) {
		uint32_t width =
			i == NET ? vmt_report_width(vmt_report_magnitude((int64_t)number[i])) + 2 :
				   vmt_report_width(number[i]) + 1;

		table->column[i] = width > table->column[i] ? width : table->column[i];
	}
}

static void put_call_head(struct vmt_fmt *fmt, const struct call_table *table)
{
	vmt_fmt_str(fmt, "  ");
	vmt_fmt_left(fmt, "call", table->name);
	for (uint32_t i = 0; i < COLUMNS; i++) {
		uint32_t length = (uint32_t)__builtin_strlen(column_heads[i]);

		vmt_fmt_left(fmt, "", table->column[i] - length);
		vmt_fmt_str(fmt, column_heads[i]);
	}
	vmt_fmt_end(fmt);
}

static void put_call_row(struct vmt_fmt *fmt, const struct call_table *table, const char *name,
			 const uint64_t number[COLUMNS])
{
	vmt_fmt_str(fmt, "  ");
	vmt_fmt_left(fmt, name, table->name);
	for (uint32_t i = 0; i < NET; i++)
		vmt_fmt_num(fmt, number[i], table->column[i]);
	vmt_fmt_signed(fmt, (int64_t)number[NET], table->column[NET]);
	vmt_fmt_end(fmt);
}

/* All counters, for verbosity=1; only system calls that occurred. */
static void put_call_table(struct vmt_report *text)
{
	struct call_table table = { 10, { 9, 7, 8, 8, 8, 8, 8 } };
	uint64_t number[COLUMNS];
	bool any = false;

	for (uint32_t i = VMT_CALL_NONE + 1; i < VMT_CALL_COUNT; i++) {
		if (read_call(text, i, number)) {
			widen(&table, vmt_calls_name(i), number);
			any = true;
		}
	}
	if (!any)
		return;
	put_call_head(&text->fmt, &table);
	for (uint32_t i = VMT_CALL_NONE + 1; i < VMT_CALL_COUNT; i++) {
		if (read_call(text, i, number))
			put_call_row(&text->fmt, &table, vmt_calls_name(i), number);
	}
	vmt_fmt_end(&text->fmt);
}

/* Is there a failure of this system call that mattered? */
static bool has_failure(const struct vmt_view *view, uint32_t call)
{
	uint64_t count = vmt_view_count(view, VMT_SECTION_FAILURES);
	struct vmt_rec_failure failure;
	struct vmt_rec_site site;

	for (uint64_t i = 0; i < count; i++) {
		if (vmt_view_failure(view, i, &failure) &&
		    vmt_view_site(view, failure.site, &site) && site.call == call)
			return true;
	}
	return false;
}

/*
 * Only PR_SET_VMA and PR_SET_MEMORY_MERGE are counted, which allocators try, and ignore if they
 * fail.
 */
static const char *failed_word(const struct vmt_view *view, uint32_t call)
{
	if (call != VMT_CALL_PRCTL || has_failure(view, call))
		return " failed";
	return " failed, harmless: names or KSM, which not every kernel has";
}

static void put_effect(struct vmt_fmt *fmt, uint64_t value, const char *name, bool *is_first)
{
	if (!value)
		return;
	vmt_fmt_str(fmt, *is_first ? " (" : ", ");
	vmt_fmt_num(fmt, value, 0);
	vmt_fmt_str(fmt, name);
	*is_first = false;
}

/* "mprotect +13 (13 split)" */
static void put_call(struct vmt_report *text, uint32_t number, const struct vmt_rec_counters *call)
{
	struct vmt_fmt *fmt = &text->fmt;
	bool is_first = true;

	vmt_fmt_str(fmt, vmt_calls_name(number));
	vmt_fmt_str(fmt, " ");
	vmt_fmt_signed(fmt, vmt_view_net(call), 0);
	put_effect(fmt, call->created, " created", &is_first);
	put_effect(fmt, call->split, " split", &is_first);
	put_effect(fmt, call->merged, " merged", &is_first);
	put_effect(fmt, call->removed, " removed", &is_first);
	put_effect(fmt, call->failed, failed_word(text->view, number), &is_first);
	if (!is_first)
		vmt_fmt_str(fmt, ")");
}

/* System calls that changed the maps or failed: new maps, splits, and so on. */
static void put_calls(struct vmt_report *text)
{
	uint64_t count = vmt_view_count(text->view, VMT_SECTION_CALLS);
	struct vmt_rec_counters call;
	bool any = false;

	for (uint64_t i = VMT_CALL_NONE + 1; i < count && i < VMT_CALL_COUNT; i++) {
		if (!vmt_view_call(text->view, i, &call) ||
		    !(call.created || call.split || call.merged || call.removed || call.failed))
			continue;
		vmt_fmt_str(&text->fmt, any ? ", " : "  calls   ");
		any = true;
		put_call(text, (uint32_t)i, &call);
	}
	if (any)
		vmt_fmt_wrap(&text->fmt, 10);
}

bool vmt_report_is_limit_reached(const struct vmt_view *view)
{
	uint64_t count = vmt_view_count(view, VMT_SECTION_FAILURES);
	struct vmt_rec_failure failure;

	for (uint64_t i = 0; i < count; i++) {
		if (vmt_view_failure(view, i, &failure) && failure.reason == VMT_REASON_MAP_LIMIT)
			return true;
	}
	return false;
}

static void put_summary(struct vmt_report *text)
{
	const struct vmt_rec_header *header = &text->view->header;
	int64_t growth = (int64_t)(text->maps_now - header->maps_start);
	struct vmt_fmt *fmt = &text->fmt;

	vmt_fmt_str(fmt, "SUMMARY: vmatrace: ");
	vmt_fmt_signed(fmt, growth, 0);
	vmt_fmt_str(fmt, growth == 1 || growth == -1 ? " map" : " maps");
	if (!text->options->unit && !text->options->is_filtered) {
		vmt_fmt_str(fmt, " at ");
		vmt_fmt_count(fmt, vmt_report_row_count(text), "call site");
	}
	if (vmt_report_is_limit_reached(text->view))
		vmt_fmt_str(fmt, ", limit reached");
	vmt_fmt_str(fmt, " (peak ");
	vmt_fmt_num(fmt, header->maps_peak, 0);
	if (is_near(header, header->maps_peak)) {
		vmt_fmt_str(fmt, " + ");
		vmt_fmt_num(fmt, header->maps_own, 0);
	}
	if (header->maps_limit) {
		vmt_fmt_str(fmt, " of ");
		vmt_fmt_num(fmt, header->maps_limit, 0);
	}
	vmt_fmt_str(fmt, ")");
	if (header->unseen) {
		vmt_fmt_str(fmt, ", ");
		vmt_fmt_num(fmt, header->unseen, 0);
		vmt_fmt_str(fmt, " unseen");
	}
	vmt_fmt_end_bare(fmt);
}

static void put_banner(struct vmt_report *text)
{
	vmt_fmt_str(&text->fmt, "vmatrace: ");
	put_command(text);
	put_duration(text);
	put_status(text);
	vmt_fmt_wrap(&text->fmt, 10);
}

/* The line that names the cause, if there is one: the answer comes before the evidence. */
static void put_lead(struct vmt_report *text)
{
	for (size_t i = 0; i < text->ops->lead_count; i++) {
		vmt_fmt_str(&text->fmt, text->ops->lines[i]);
		vmt_fmt_end(&text->fmt);
	}
}

static void begin(struct vmt_report *text, const struct vmt_view *view,
		  const struct vmt_report_options *options, const struct vmt_report_ops *ops)
{
	uint64_t top = options->top ? options->top : VMT_REPORT_TOP;

	*text = (struct vmt_report){
		.view = view,
		.options = options,
		.ops = ops,
		.maps_now = vmt_view_maps_now(view),
		.top = top < VMT_REPORT_TOP_MAX ? top : VMT_REPORT_TOP_MAX,
		.depth = options->depth   ? options->depth :
			 options->verbose ? UINT32_MAX :
					    VMT_REPORT_DEPTH,
	};
	vmt_fmt_init(&text->fmt, ops->emit, ops->context, view->header.pid);
	text->fmt.colour = options->colour;
	if (options->width)
		text->fmt.width = options->width < 300 ? options->width : 300;
	if (text->fmt.width < VMT_REPORT_NARROWEST)
		text->fmt.width = VMT_REPORT_NARROWEST;
}

static void widen_for_table(struct vmt_report *text)
{
	if (text->fmt.width < VMT_REPORT_TABLE)
		text->fmt.width = VMT_REPORT_TABLE;
}

void vmt_report_places(const struct vmt_view *view, const struct vmt_report_options *options,
		       const struct vmt_report_ops *ops)
{
	struct vmt_report text;

	begin(&text, view, options, ops);
	widen_for_table(&text);
	vmt_report_site_places(&text);
}

void vmt_report_report(const struct vmt_view *view, const struct vmt_report_options *options,
		       const struct vmt_report_ops *ops)
{
	struct vmt_report text;
	uint32_t width;

	begin(&text, view, options, ops);
	width = text.fmt.width;
	put_banner(&text);
	put_maps(&text);
	vmt_report_failures(&text);
	vmt_report_growth(&text);
	put_lead(&text);
	put_calls(&text);
	vmt_report_seen(&text);
	vmt_fmt_end(&text.fmt);
	widen_for_table(&text);
	vmt_report_sites(&text);
	if (options->verbose)
		put_call_table(&text);
	text.fmt.width = width;
	vmt_report_notes(&text);
	put_summary(&text);
}
