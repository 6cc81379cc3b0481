/* SPDX-License-Identifier: MIT */
/*
 * What a call site's stack tells about the memory that it maps: a thread's stack, an allocator's
 * heap, or the loader's. Used by explain_record.c.
 */
#ifndef VMT_EXPLAIN_OWNER_H
#define VMT_EXPLAIN_OWNER_H

#include "core/recording/view.h"
#include "explain/explain.h"
#include "symbols/symbols.h"

struct vmt_explain_owner {
	enum vmt_hint hint;
	uint32_t call; /* enum vmt_call_id */
	uint32_t asked; /* see struct vmt_rec_site */
	bool is_programs; /* neither libc nor an allocator made the call, as far as the stack is known */
	struct vmt_view_string module; /* the allocator's module; points into the recording */
};

struct vmt_explain_owner vmt_explain_owner(const struct vmt_view *view,
					   const struct vmt_rec_site *site,
					   struct vmt_symbols *symbols);

/*
 * Returns the allocator that the call was made inside, whatever became of the memory: an index into
 * the modules section, or VMT_NO_INDEX.
 */
uint32_t vmt_explain_allocator(const struct vmt_view *view, const struct vmt_rec_site *site,
			       struct vmt_symbols *symbols);

/* Does libc's malloc give a block back, so that M_MMAP_THRESHOLD matters? */
bool vmt_explain_is_libcs_free(const struct vmt_view *view, const struct vmt_rec_site *site,
			       struct vmt_symbols *symbols);

#endif
