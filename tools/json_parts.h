/* SPDX-License-Identifier: MIT */
/* Pieces of the JSON report, shared by its files and by nobody else. */
#ifndef VMT_JSON_PARTS_H
#define VMT_JSON_PARTS_H

#include "json_output.h"
#include "symbols.h"
#include "view.h"

#include <jansson.h>

/* A string, with '?' for what is not UTF-8; null for NULL, or of a recording for nothing. */
json_t *vmt_json_text(const char *bytes, size_t n);
json_t *vmt_json_string(const char *text);
json_t *vmt_json_recorded(const struct vmt_view *view, struct vmt_rec_string string);
json_t *vmt_json_seconds(uint64_t ns);

json_t *vmt_json_stack(const struct vmt_view *view, const struct vmt_rec_site *site,
		       struct vmt_symbols *symbols);

/* The elements of the list of call sites, a line each. */
void vmt_json_put_sites(struct vmt_json_output *output, const struct vmt_view *view,
			struct vmt_symbols *symbols);

json_t *vmt_json_marks(const struct vmt_view *view);

/* Lists that are empty are left out: not recorded is not none. Takes the array over. */
void vmt_json_add_if_any(json_t *object, const char *key, json_t *array);

/* calls, failed, created, split, merged, removed, net */
void vmt_json_add_counters(json_t *object, const struct vmt_rec_counters *counters);

static inline void vmt_json_add_number(json_t *object, const char *key, uint64_t value)
{
	json_object_set_new(object, key, json_integer((json_int_t)value));
}

/* Add "growth": what the timeline amounts to. */
void vmt_json_add_growth(json_t *process, const struct vmt_view *view);
void vmt_json_add_site_growth(json_t *site, const struct vmt_view *view, uint64_t index,
			      uint64_t calls, uint64_t live);

#endif
