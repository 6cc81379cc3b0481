/* SPDX-License-Identifier: MIT */
/* Each remaining piece is a call like any other, made and recorded by vmt_call(). See spare.h. */
#include "safety/spare.h"

#include <sys/mman.h>

#define MADV_DONTNEED_LOCKED_ 24 /* Linux 5.18 */
#define MADV_GUARD_INSTALL_   102 /* Linux 6.13 */

static bool advice_takes_away(long advice)
{
	switch (advice) {
	case MADV_DONTNEED:
	case MADV_FREE:
	case MADV_REMOVE:
	case MADV_DONTFORK:
	case MADV_WIPEONFORK:
	case MADV_DONTNEED_LOCKED_:
	case MADV_GUARD_INSTALL_: return true;
	default: return false;
	}
}

/* Find the lowest range of ours that overlaps [addr, end); NULL if there is none. */
static const struct vmt_range *own_from(const struct vmt_state *state, uint64_t addr, uint64_t end)
{
	const struct vmt_range *lowest = NULL;

	for (unsigned i = 0; i < state->own.count; i++) {
		const struct vmt_range *own = &state->own.range[i];

		if (own->end > addr && own->start < end && (!lowest || own->start < lowest->start))
			lowest = own;
	}
	return lowest;
}

/* The kernel must refuse what it would have refused: bad alignment, or a length that wraps. */
static bool range_of(const long args[6], struct vmt_range *ret_range)
{
	uint64_t start = (uint64_t)args[0];
	uint64_t length = vmt_page_up((uint64_t)args[1]);

	*ret_range = (struct vmt_range){ start, start + length };
	return start == vmt_page_down(start) && length && start + length > start;
}

static bool takes_away(enum vmt_call_id id, const long args[6])
{
	switch (id) {
	case VMT_CALL_MUNMAP:
	case VMT_CALL_MPROTECT:
	case VMT_CALL_PKEY_MPROTECT: return true;
	case VMT_CALL_MADVISE: return advice_takes_away(args[2]);
	default: return false;
	}
}

bool vmt_spare_is_due_for(const struct vmt_state *state, enum vmt_call_id id, const long args[6])
{
	struct vmt_range range;

	return takes_away(id, args) && range_of(args, &range) &&
	       own_from(state, range.start, range.end);
}

long vmt_spare_make(const struct vmt_state *state, long nr, const long args[6],
		    const struct vmt_regs *regs)
{
	const struct vmt_range *own;
	struct vmt_range range;
	long result = 0;

	range_of(args, &range);
	for (uint64_t at = range.start; at < range.end; at = own ? own->end : range.end) {
		own = own_from(state, at, range.end);

		uint64_t end = own ? own->start : range.end;
		const long piece[6] = { (long)at, (long)(end - at), args[2], args[3] };
		long ret = end > at ? vmt_call(nr, piece, regs) : 0;

		result = ret ? ret : result;
	}
	return result;
}
