/* SPDX-License-Identifier: MIT */
/*
 * Explains the maps in a recording. A recording knows every map's owner, which /proc does not; but
 * it has no flags, and names of files only if code in them made calls or the process still exists.
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
	char **strings; /* texts that `detail` of maps points to */
	size_t string_count;
	uint32_t *place; /* the place of each site */
	uint64_t *calls; /* of each site's place, those that succeeded */
	uint64_t *own_calls; /* of each site alone */
	uint8_t *closer; /* enum vmt_closer of each site's place */
	struct vmt_procmaps live; /* names of files, from the process while it exists */
	const struct vmt_view *view;
	struct vmt_symbols *symbols;
};

/* Returns 0 or -ENOMEM; view and symbols must stay valid. Free the result in either case. */
VMT_MUST_CHECK int vmt_explain_record(const struct vmt_view *view, struct vmt_symbols *symbols,
				      struct vmt_explain_record *ret_record);
void vmt_explain_record_free(struct vmt_explain_record *record);

/* Returns the number of the site's place: that of the first site there. */
static inline uint32_t vmt_explain_record_place(const struct vmt_explain_record *record,
						uint32_t site)
{
	return record->place ? record->place[site] : site;
}

/* If the recording had no room for all maps, those that it has say nothing about the others. */
bool vmt_explain_record_lacks_maps(const struct vmt_explain_record *record);

/* Everything but the places of call sites. */
void vmt_explain_facts_of(const struct vmt_explain_record *record,
			  struct vmt_explain_facts *ret_facts);

/*
 * For struct vmt_explain_facts: returns, from malloc, the first site of each site's place; NULL
 * without memory.
 */
uint32_t *vmt_explain_places(const struct vmt_view *view, struct vmt_symbols *symbols,
			     uint32_t sites);

/* For struct vmt_explain_facts: returns, from malloc, the calls of each site that succeeded, or NULL. */
uint64_t *vmt_explain_own_calls(const struct vmt_view *view, uint32_t sites);
/* Likewise their sum for each site's place. */
uint64_t *vmt_explain_calls(const uint64_t *own_calls, const uint32_t *place, uint32_t sites);

/* Likewise how the calls of each site's place close memory (enum vmt_closer), or NULL. */
uint8_t *vmt_explain_closers(const struct vmt_explain_record *record, uint32_t sites);

/* Do both sites make their calls in one function, as far as functions are known? */
bool vmt_explain_is_one_function(const struct vmt_explain_record *record, uint32_t a, uint32_t b);

/* A line of the program may have been compiled to several calls: treat them as one place. */
void vmt_explain_places_by_line(struct vmt_explain_record *record, uint32_t sites);

/* A callback for struct vmt_cause_names; context is the record: "mprotect in f src/f.c:41". */
const char *vmt_explain_record_site(void *context, uint32_t site, char *text, size_t size);

/* Likewise, but only if function and line are known; otherwise returns false. */
bool vmt_explain_record_line(struct vmt_explain_record *record, uint32_t index, char *text,
			     size_t size);

#endif
