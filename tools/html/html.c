/* SPDX-License-Identifier: MIT */
/*
 * See html.h. Names come from other people's programs. They are in the page only as JSON, without
 * any byte that has a meaning in HTML, and the page's scripts show them as text.
 */
#include "explain/explain_record.h"
#include "html/html.h"
#include "html/html_page.h"
#include "html/html_space.h"
#include "json/json.h"
#include "util/value.h"
#include "util/must.h"

#include <errno.h>

#define DETAILED_MOST 16u /* the most processes that are shown with all details */

/* Returns the recording with the highest peak among those not yet taken; the first of several. */
static size_t highest(const struct vmt_recordings *recordings, const bool *is_taken)
{
	size_t chosen = SIZE_MAX;

	for (size_t i = 0; i < recordings->count; i++) {
		const struct vmt_rec_header *header = &recordings->item[i].view.header;

		if (is_taken[i])
			continue;
		if (chosen == SIZE_MAX ||
		    header->maps_peak > recordings->item[chosen].view.header.maps_peak)
			chosen = i;
	}
	return chosen;
}

/* Returns the last image of the process with this pid. */
static size_t find_pid(const struct vmt_recordings *recordings, uint32_t pid)
{
	size_t chosen = SIZE_MAX;

	for (size_t i = 0; pid && i < recordings->count; i++) {
		if (recordings->item[i].view.header.pid == pid)
			chosen = i;
	}
	return chosen;
}

/* Which recordings are shown in detail; the caller frees it. Returns the first one to show. */
static size_t choose_detailed(const struct vmt_recordings *recordings, uint32_t pid,
			      bool **ret_is_detailed)
{
	bool *is_detailed = vmt_must_alloc(recordings->count, sizeof(bool));
	size_t first = find_pid(recordings, pid);
	size_t at = first;

	if (first == SIZE_MAX)
		first = at = vmt_load_origin(recordings, highest(recordings, is_detailed));
	for (size_t i = 0; i < DETAILED_MOST && at != SIZE_MAX; i++) {
		is_detailed[at] = true;
		at = highest(recordings, is_detailed);
	}
	*ret_is_detailed = is_detailed;
	return first;
}

/* Returns the lines of the text report, without "==PID==". */
static json_t *text_lines(const struct vmt_html_options *options,
			  const struct vmt_loaded_recording *recording, struct vmt_symbols *symbols)
{
	json_t *lines = json_array();
	char *text = NULL;
	size_t size = 0;
	FILE *stream = open_memstream(&text, &size);
	char *rest = NULL;

	if (!stream)
		return lines;
	options->text(options->context, stream, recording, symbols);
	if (fclose(stream) || !text)
		return lines;
	for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		char *behind = *line == '=' ? strstr(line + 2, "==") : NULL;

		line = behind ? behind + 2 : line;
		json_array_append_new(lines, vmt_value_string(line + (*line == ' ')));
	}
	free(text);
	return lines;
}

/* Returns what each call site is called in a sentence, such as "mprotect in guard pool.c:6". */
static json_t *names_of(struct vmt_explain_record *record)
{
	uint64_t count = vmt_view_count(record->view, VMT_SECTION_SITES);
	json_t *names = json_array();
	struct vmt_rec_site site;
	char text[512];

	for (uint64_t i = 0; i < count; i++) {
		*text = '\0';
		if (vmt_view_site(record->view, i, &site))
			vmt_explain_record_site(record, (uint32_t)i, text, sizeof(text));
		json_array_append_new(names, vmt_value_string(text));
	}
	return names;
}

static void put_page(struct vmt_json_output *output, const struct vmt_html_options *options,
		     const struct vmt_loaded_recording *recording, struct vmt_symbols *symbols)
{
	struct vmt_explain_record record;
	json_t *page = json_object();

	json_object_set_new(page, "text", text_lines(options, recording, symbols));
	json_object_set_new(page, "peak", json_boolean(options->is_peak_over(&recording->view)));
	if (!vmt_explain_record(&recording->view, symbols, &record)) {
		json_object_set_new(page, "names", names_of(&record));
		json_object_set_new(page, "space", vmt_html_space(&record));
	}
	vmt_explain_record_free(&record);
	vmt_json_put_packed(output, page);
}

static void put_data(struct vmt_json_output *output, const struct vmt_recordings *recordings,
		     const struct vmt_html_options *options, struct vmt_symbols *symbols)
{
	bool *is_detailed;
	size_t first = choose_detailed(recordings, options->pid, &is_detailed);

	vmt_json_put(output, "{\"version\":\"" VMT_VERSION "\",\"first\":");
	vmt_json_put_packed(output, json_integer((json_int_t)first));
	if (options->diff) {
		vmt_json_put(output, ",\n\"diff\":");
		vmt_json_put_packed(output, json_incref(options->diff));
	}
	vmt_json_put(output, ",\n\"processes\":[");
	for (size_t i = 0; i < recordings->count; i++) {
		vmt_json_put(output, i ? ",\n" : "\n");
		vmt_json_put_process(output, &recordings->item[i].view, symbols, !is_detailed[i]);
		vmt_load_put_aside(&recordings->item[i]);
	}
	vmt_json_put(output, "],\n\"pages\":[");
	for (size_t i = 0; i < recordings->count; i++) {
		vmt_json_put(output, i ? ",\n" : "\n");
		if (is_detailed[i])
			put_page(output, options, &recordings->item[i], symbols);
		else
			vmt_json_put(output, "null");
	}
	vmt_json_put(output, "],\n\"shapes\":");
	vmt_json_put_packed(output, json_incref(vmt_json_pack_shapes(output->pack)));
	vmt_json_put(output, ",\n\"frames\":");
	vmt_json_put_packed(output, json_incref(vmt_json_pack_frames(output->pack)));
	vmt_json_put(output, "}\n");
	free(is_detailed);
}

int vmt_html_write(FILE *stream, const struct vmt_recordings *recordings,
		   const struct vmt_html_options *options, struct vmt_symbols *symbols)
{
	struct vmt_json_output output = { .stream = stream, .pack = vmt_json_pack_new() };
	int ret;

	if (fwrite(vmt_html_page_head, 1, vmt_html_page_head_size, stream) !=
	    vmt_html_page_head_size)
		output.error = errno ? errno : EIO;
	put_data(&output, recordings, options, symbols);
	ret = vmt_json_finish(&output);
	vmt_json_pack_free(output.pack);
	if (!ret && fwrite(vmt_html_page_tail, 1, vmt_html_page_tail_size, stream) !=
			    vmt_html_page_tail_size)
		ret = errno ? -errno : -EIO;
	return ret;
}
