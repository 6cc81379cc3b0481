/* SPDX-License-Identifier: MIT */
/*
 * An explanation of the maps in a recording. It has owners for every map, which /proc has
 * not, but no flags, and names of files only where code in them was called or where the
 * process is still there.
 */
#ifndef VMT_EXPLAIN_RECORD_H
#define VMT_EXPLAIN_RECORD_H

#include "core/recording/view.h"
#include "explain/explain.h"
#include "input/procmaps.h"
#include "symbols/symbols.h"

struct vmt_explain_record {
	struct vmt_explain explain;
	struct vmt_explain_map *map;
	size_t count;
	char **strings; /* details that the maps point to */
	size_t string_count;
	uint32_t *place; /* of each site */
	struct vmt_procmaps live; /* of the process while it is there: names of files */
	const struct vmt_view *view;
	struct vmt_symbols *symbols;
};

/* Returns 0 or -ENOMEM; view and symbols must stay. Free the result in any case. */
VMT_MUST_CHECK int vmt_explain_record(const struct vmt_view *view, struct vmt_symbols *symbols,
				      struct vmt_explain_record *ret_record);
void vmt_explain_record_free(struct vmt_explain_record *record);

/* For struct vmt_explain_facts, malloc'd: the first site of each one's place; NULL: no memory. */
uint32_t *vmt_explain_places(const struct vmt_view *view, struct vmt_symbols *symbols,
			     uint32_t sites);

/* The same line of the program may be compiled to several calls: those are one place. */
void vmt_explain_places_by_line(struct vmt_explain_record *record, uint32_t sites);

/* For struct vmt_explain_names, context being the record: "mprotect in f src/f.c:41". */
const char *vmt_explain_record_site(void *context, uint32_t site, char *text, size_t size);

/* The same, if function and line are known. */
bool vmt_explain_record_line(struct vmt_explain_record *record, uint32_t index, char *text,
			     size_t size);

#endif
