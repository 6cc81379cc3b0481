/* SPDX-License-Identifier: MIT */
/*
 * The call sites in the JSON report: all of them, even those without effect, so that sums over
 * sites are the totals. Part of json.c.
 */
#include "json/json_parts.h"
#include "naming/names.h"
#include "util/must.h"

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include <stdlib.h>
#include <string.h>

static json_t *build_id_of(const struct vmt_rec_module *module)
{
	static const char hex[] = "0123456789abcdef";
	char text[2 * VMT_BUILD_ID_MAX];

	if (!module->build_id_length)
		return json_null();
	for (uint32_t i = 0; i < module->build_id_length; i++) {
		text[2 * i] = hex[module->build_id[i] >> 4];
		text[2 * i + 1] = hex[module->build_id[i] & 15];
	}
	return json_stringn(text, 2 * (size_t)module->build_id_length);
}

static void add_names(json_t *object, const struct vmt_symbol *symbol)
{
	json_object_set_new(object, "function", vmt_value_string(symbol->function));
	json_object_set_new(object, "file", vmt_value_string(symbol->file));
	json_object_set_new(object, "line",
			    symbol->line ? json_integer(symbol->line) : json_null());
}

/* A frame that occurs in many stacks is built once, and its object is shared. */
struct shared {
	struct vmt_rec_frame frame;
	json_t *functions;
	UT_hash_handle hh;
};

static json_t *make_function(const struct vmt_view *view, const struct vmt_rec_frame *frame,
			     const struct vmt_symbol *symbol)
{
	json_t *object = json_object();
	struct vmt_view_string path = { "", 0 };
	struct vmt_rec_module module = { .build_id_length = 0 };

	if (vmt_view_module(view, frame->module, &module))
		path = vmt_view_string(view, module.path);
	if (symbol->other_path)
		path = (struct vmt_view_string){ symbol->other_path,
						 (uint32_t)strlen(symbol->other_path) };
	json_object_set_new(object, "module",
			    path.length ? vmt_value_text(path.bytes, path.length) : json_null());
	json_object_set_new(object, "build_id", build_id_of(&module));
	vmt_value_add_number(object, "offset",
			     module.kind == VMT_MODULE_SCRIPT ? 0 : frame->offset);
	add_names(object, symbol);
	json_object_set_new(object, "inlined", json_boolean(symbol->caller));
	json_object_set_new(object, "tail_call", json_boolean(symbol->is_tail));
	json_object_set_new(object, "by_pointer",
			    json_boolean(symbol->is_tail && symbol->is_by_pointer));
	return object;
}

/* The functions of a frame, those inlined innermost first. */
static json_t *make_frame(const struct vmt_view *view, uint64_t index,
			  const struct vmt_rec_frame *frame, struct vmt_symbols *symbols)
{
	struct vmt_symbol symbol;
	json_t *list = json_array();

	if (!vmt_names_find(symbols, view, index, &symbol))
		memset(&symbol, 0, sizeof(symbol));
	for (const struct vmt_symbol *at = &symbol; at; at = at->caller)
		json_array_append_new(list, make_function(view, frame, at));
	return list;
}

/* frames: those built before; NULL = do not share any. */
static json_t *frame_of(const struct vmt_view *view, uint64_t index, struct vmt_symbols *symbols,
			struct shared **frames)
{
	struct vmt_rec_frame frame = { .module = VMT_NO_INDEX };
	struct shared *shared = NULL;

	if (!vmt_view_frame(view, index, &frame))
		frame = (struct vmt_rec_frame){ .module = VMT_NO_INDEX };
	if (!frames)
		return make_frame(view, index, &frame, symbols);
	HASH_FIND(hh, *frames, &frame, sizeof(frame), shared);
	if (shared)
		return json_incref(shared->functions);
	shared = vmt_must_alloc(1, sizeof(*shared));
	shared->frame = frame;
	shared->functions = make_frame(view, index, &frame, symbols);
	HASH_ADD(hh, *frames, frame, sizeof(frame), shared);
	return json_incref(shared->functions);
}

static void free_frames(struct shared *frames)
{
	struct shared *shared;
	struct shared *next;

	HASH_ITER(hh, frames, shared, next)
	{
		HASH_DEL(frames, shared);
		json_decref(shared->functions);
		free(shared);
	}
}

/* A function that the next frame called and that is not on the stack. */
static json_t *make_tail(const struct vmt_view *view, const struct vmt_symbol *symbol)
{
	const struct vmt_rec_frame nowhere = {
		.module = symbol->other_module ? symbol->other_module - 1 : VMT_NO_INDEX,
	};

	return make_function(view, &nowhere, symbol);
}

/* Of the innermost function: what it called through a pointer may be missing before it. */
static json_t *mark_by_pointer(const struct vmt_names *names, const struct vmt_rec_site *site,
			       json_t *functions)
{
	const struct vmt_report_spot innermost = { .frame = site->frame_first };
	struct vmt_symbol symbol;
	json_t *own;

	if (!vmt_names_find_spot(names, site, innermost, &symbol) || symbol.is_tail ||
	    !symbol.is_by_pointer)
		return functions;
	own = json_deep_copy(functions); /* other sites share these functions */
	json_decref(functions);
	json_object_set_new(json_array_get(own, 0), "by_pointer", json_true());
	return own;
}

static json_t *stack_of(const struct vmt_view *view, const struct vmt_rec_site *site,
			struct vmt_symbols *symbols, struct shared **frames)
{
	uint32_t count = vmt_view_frame_count(view, site);
	const struct vmt_names names = { symbols, view, false };
	struct vmt_symbol tail;
	json_t *stack = json_array();

	for (uint32_t i = 0; i < count; i++) {
		uint64_t index = (uint64_t)site->frame_first + i;
		json_t *functions = frame_of(view, index, symbols, frames);

		if (!i)
			functions = mark_by_pointer(&names, site, functions);
		for (uint32_t level = 0; vmt_names_find_tail(&names, site, index, level, &tail);
		     level++)
			json_array_append_new(stack, make_tail(view, &tail));
		json_array_extend(stack, functions);
		json_decref(functions);
	}
	return stack;
}

json_t *vmt_json_stack(const struct vmt_view *view, const struct vmt_rec_site *site,
		       struct vmt_symbols *symbols)
{
	return stack_of(view, site, symbols, NULL);
}

static const char *kind_of(uint64_t index)
{
	if (index == VMT_SITE_STARTUP)
		return "startup";
	return index == VMT_SITE_UNSEEN ? "unseen" : "call";
}

/* Left out for a site that has not changed. Each site has its own bucket width. */
static void add_timeline(json_t *object, const struct vmt_view *view, uint64_t index)
{
	struct vmt_rec_site_time time;
	json_t *timeline;
	json_t *entry;

	if (!vmt_view_site_time(view, index, &time))
		return;
	timeline = json_array();
	for (uint32_t i = 0; i < VMT_SITE_BUCKETS; i++) {
		if (!time.bucket[i].max)
			continue;
		entry = json_object();
		json_object_set_new(entry, "time",
				    vmt_value_seconds(i * (VMT_SITE_TIME_NS << time.shift)));
		vmt_value_add_number(entry, "before", time.bucket[i].first);
		vmt_value_add_number(entry, "min", time.bucket[i].min);
		vmt_value_add_number(entry, "max", time.bucket[i].max);
		json_array_append_new(timeline, entry);
	}
	vmt_value_add_if_any(object, "timeline", timeline);
}

static json_t *site_of(const struct vmt_view *view, uint64_t index, const struct vmt_rec_site *site,
		       struct vmt_view_totals totals, struct vmt_symbols *symbols,
		       struct shared **frames)
{
	bool is_pseudo = index < VMT_SITE_FIRST;
	json_t *object = json_object();

	vmt_value_add_number(object, "id", index);
	json_object_set_new(object, "kind", json_string(kind_of(index)));
	json_object_set_new(object, "call",
			    json_string(vmt_calls_name(is_pseudo ? VMT_CALL_NONE : site->call)));
	vmt_value_add_counters(object, &site->counters);
	if (index == VMT_SITE_UNSEEN) { /* what the counters of the unseen site consist of */
		vmt_value_add_number(object, "unseen", view->header.unseen);
		vmt_value_add_number(object, "concurrent", vmt_view_concurrent(view));
	}
	vmt_value_add_number(object, "live", totals.live);
	vmt_value_add_number(object, "live_at_peak",
			     vmt_view_live_at_peak(view, site, totals.live));
	if (vmt_view_knows_before_end(view))
		vmt_value_add_number(
			object, "live_before_end",
			vmt_view_live_before(view, site, totals.live,
					     view->header.maps_before_end - view->header.maps_now));
	vmt_value_add_number(object, "bytes", totals.bytes);
	vmt_json_add_site_growth(object, view, index, &site->counters, totals.live);
	add_timeline(object, view, index);
	json_object_set_new(object, "truncated", json_boolean(site->flags & VMT_SITE_TRUNCATED));
	json_object_set_new(object, "stack",
			    is_pseudo ? json_array() : stack_of(view, site, symbols, frames));
	return object;
}

void vmt_json_put_sites(struct vmt_json_output *output, const struct vmt_view *view,
			struct vmt_symbols *symbols)
{
	uint64_t count = vmt_view_count(view, VMT_SECTION_SITES);
	struct vmt_view_totals *totals = vmt_must_alloc(count + 1, sizeof(*totals));
	struct shared *frames = NULL;
	struct vmt_rec_site site;

	vmt_view_totals(view, totals, count);
	for (uint64_t i = 0; i < count && !output->error; i++) {
		/* A half-written site may still own ranges. */
		if (!vmt_view_site(view, i, &site))
			memset(&site, 0, sizeof(site));
		if (i >= VMT_SITE_FIRST && !site.counters.calls && !totals[i].live)
			continue;
		vmt_json_put(output, i ? ",\n    " : "\n    ");
		vmt_json_put_value(output, 4, site_of(view, i, &site, totals[i], symbols, &frames));
	}
	free_frames(frames);
	free(totals);
}
