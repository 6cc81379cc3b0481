/* SPDX-License-Identifier: MIT */
/* Each remaining piece is a call like any other, made and recorded by vmt_call(). See spare.h. */
#include "safety/spare.h"

#include <linux/errno.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/syscall.h>

#include "core/base/uapi.h"
#include "os/sys.h"

#define VDSO_BELOW 6u /* pages of data, "[vvar]", lie below the vdso */
#define VDSO_SIZE  4u /* pages, at most */

#define MADV_DONTNEED_LOCKED_ 24 /* Linux 5.18 */

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

/*
 * The kernel must refuse what it would have refused: bad alignment, a length that wraps, or an end
 * where there are no addresses. (Who unmaps up to there has no stack left.)
 */
static bool range_of(const long args[6], struct vmt_range *ret_range)
{
	uint64_t start = (uint64_t)args[0];
	uint64_t length = vmt_page_up((uint64_t)args[1]);

	*ret_range = (struct vmt_range){ start, start + length };
	return start == vmt_page_down(start) && length && start + length > start &&
	       start + length <= VMT_ADDRESS_END;
}

static bool is_over(const long args[6])
{
	return (args[3] & MAP_FIXED) && (args[3] & MAP_FIXED_NOREPLACE) != MAP_FIXED_NOREPLACE;
}

/*
 * Memory that is mapped over what was found, and may not be touched, only blanks it out: the
 * library's can be spared. Where the program wants to have memory it must get it
 * (vmt_spare_place), unless the library's code is there, without which nothing goes on.
 */
static bool takes_away(enum vmt_call_id id, const long args[6])
{
	switch (id) {
	case VMT_CALL_MMAP: return is_over(args);
	case VMT_CALL_MUNMAP:
	case VMT_CALL_MPROTECT:
	case VMT_CALL_PKEY_MPROTECT:
	case VMT_CALL_MREMAP: return true;
	case VMT_CALL_MADVISE: return advice_takes_away(args[2]);
	default: return false;
	}
}

static bool changes_vdso(const struct vmt_state *state, enum vmt_call_id id, const long args[6],
			 struct vmt_range range)
{
	return (takes_away(id, args) || id == VMT_CALL_SHMAT) &&
	       range.end > state->image.vdso_from &&
	       range.start < state->image.vdso + VDSO_SIZE * VMT_PAGE_SIZE;
}

void vmt_spare_open(struct vmt_state *state)
{
	state->image.vdso_from =
		state->image.vdso ? state->image.vdso - VDSO_BELOW * VMT_PAGE_SIZE : UINT64_MAX;
}

bool vmt_spare_is_due(const struct vmt_state *state, enum vmt_call_id id, const long args[6])
{
	struct vmt_range range;

	if (!range_of(args, &range))
		return false;
	if (changes_vdso(state, id, args, range))
		vmt_clock_forget_vdso();
	return takes_away(id, args) && own_from(state, range.start, range.end);
}

/* The library's image has its code and this thread's way back. */
static bool has_image(struct vmt_range range)
{
	uint64_t here = (uint64_t)(uintptr_t)vmt_spare_place;

	return vmt_range_has(range, here);
}

/* 0 = there is no such segment. Where a filter forbids asking for the size, it may be any. */
static uint64_t segment_size(long id)
{
	struct shmid_ds segment;
	long ret = vmt_sys3(SYS_shmctl, id, IPC_STAT, &segment);

	if (vmt_sys_failed(ret))
		return ret == -EPERM ? VMT_ADDRESS_END : 0;
	return segment.shm_segsz;
}

/* Where would the call put memory, whatever is there? */
static bool find_place(const struct vmt_state *state, enum vmt_call_id id, const long args[6],
		       struct vmt_range *ret_place)
{
	const long there[6] = { args[4], args[2] };
	long attached[6] = { args[1], 0 };

	if (id == VMT_CALL_MREMAP)
		return range_of(there, ret_place) && !vmt_spare_is_due(state, id, args);
	if (id != VMT_CALL_SHMAT)
		return is_over(args) && range_of(args, ret_place);
	if (args[2] & SHM_RND)
		attached[0] = (long)vmt_page_down((uint64_t)args[1]);
	attached[1] = (long)segment_size(args[0]);
	if ((uint64_t)attached[0] < VMT_ADDRESS_END && attached[1] == (long)VMT_ADDRESS_END)
		attached[1] -= attached[0];
	return range_of(attached, ret_place);
}

enum vmt_spare_place vmt_spare_place(const struct vmt_state *state, enum vmt_call_id id,
				     const long args[6])
{
	struct vmt_range place;

	if (!find_place(state, id, args, &place))
		return VMT_SPARE_OTHERS;
	if (changes_vdso(state, id, args, place))
		vmt_clock_forget_vdso();
	if (!own_from(state, place.start, place.end) ||
	    (id == VMT_CALL_MMAP && args[2] == PROT_NONE))
		return VMT_SPARE_OTHERS;
	if (!has_image(place))
		return VMT_SPARE_DATA;
	return id != VMT_CALL_MMAP || args[2] & PROT_WRITE ? VMT_SPARE_CODE : VMT_SPARE_OTHERS;
}

/* Only what an mremap would unmap can be left out of it. */
static long make_mremap(const struct vmt_state *state, const long args[6],
			const struct vmt_regs *regs)
{
	const long rest[6] = { args[0] + args[2], args[1] - args[2] };
	bool shrinks = (uint64_t)args[2] < (uint64_t)args[1] && !(args[3] & MREMAP_FIXED);
	long ret;

	if (!shrinks || args[2] & (long)(VMT_PAGE_SIZE - 1) || !args[2] ||
	    own_from(state, (uint64_t)args[0], (uint64_t)rest[0]))
		return -EFAULT; /* as if there were no memory */
	ret = vmt_spare_make(state, SYS_munmap, rest, regs);
	return vmt_sys_failed(ret) ? ret : args[0];
}

long vmt_spare_make(const struct vmt_state *state, long nr, const long args[6],
		    const struct vmt_regs *regs)
{
	const struct vmt_range *own;
	struct vmt_range range;
	long result = nr == SYS_mmap ? args[0] : 0;

	if (nr == SYS_mremap)
		return make_mremap(state, args, regs);
	range_of(args, &range);
	for (uint64_t at = range.start; at < range.end; at = own ? own->end : range.end) {
		own = own_from(state, at, range.end);

		uint64_t end = own ? own->start : range.end;
		const long piece[6] = { (long)at, (long)(end - at),
					args[2],  args[3],
					args[4],  args[5] + (long)(at - range.start) };
		long ret = end > at ? vmt_call(nr, piece, regs) : 0;

		if (vmt_sys_failed(ret))
			result = ret;
	}
	return result;
}
