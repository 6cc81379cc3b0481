/* SPDX-License-Identifier: MIT */
/* Decides how far the merge rules are trusted; see confidence.h. */
#include "kernel/confidence.h"

#include <sys/auxv.h>
#include <sys/syscall.h>
#include <sys/utsname.h>

#include "core/base/kernel.h"
#include "core/vma/merge_rules.h"
#include "kernel/ask.h"
#include "kernel/mapsfile.h"
#include "os/fd.h"
#include "os/auxv.h"
#include "os/sys.h"

/*
 * The kernel is asked about one of this many calls, a prime, so that no program keeps step. A question
 * is one or two calls of 0.15 us each, so a call pays about 1 ns for it on average.
 */
#define SAMPLE 251

static enum vmt_noreserve read_noreserve(void)
{
	char text[8];

	if (vmt_fd_read_file("/proc/sys/vm/overcommit_memory", text, sizeof(text)) < 1)
		return VMT_NORESERVE_UNKNOWN;
	return text[0] == '2' ? VMT_NORESERVE_IGNORED : VMT_NORESERVE_KEPT;
}

void vmt_confidence_open(struct vmt_state *state)
{
	struct utsname uname = { .release = "" };

	if (vmt_sys_failed(vmt_sys1(SYS_uname, &uname)))
		vmt_fd_read_file("/proc/sys/kernel/osrelease", uname.release,
				 sizeof(uname.release) - 1);
	state->confidence.no_reasoning = state->options.derive != VMT_DERIVE_FULL;
	state->confidence.noreserve = read_noreserve();
	state->confidence.knows_anon_vmas = vmt_anon_vma_rules_hold(uname.release);
	if (vmt_kernel_is_tried(uname.release))
		return;
	state->confidence.no_reasoning = true;
	vmt_state_note(state, VMT_NOTE_UNTRIED);
}

void vmt_confidence_first_maps(const struct vmt_state *state, struct vmt_outcome *outcome)
{
	for (size_t i = 0; i < outcome->count; i++) {
		struct vmt_vma *vma = &outcome->map[i].vma;

		if (!state->process.is_first || (vma->flags & VMT_MAP_OWN))
			vma->vma_class = VMT_CLASS_UNKNOWN;
		vmt_merge_rules_settle_one(vma);
	}
}

void vmt_confidence_find_loader(struct vmt_state *state)
{
	uint64_t base = vmt_auxv(AT_BASE); /* 0: ld.so was started as a program */
	struct vmt_map *map = base ? vmt_space_at(&state->space, base) : NULL;
	const struct vmt_vma *first = map ? &map->vma : NULL;

	if (!first || !first->inode)
		return;
	state->loader.start = base;
	for (; map && vmt_vma_same_file(&map->vma, first); map = vmt_space_next(map))
		state->loader.end = map->vma.end;
}

/*
 * The rules for hidden attributes hold if all calls have been seen. A call that another thread is
 * making without the lock may already have changed some; it is applied later.
 */
VMT_HOT bool vmt_confidence_may_reason(struct vmt_state *state)
{
	const uint64_t unseen = VMT_NOTE_SITES_PARTIAL | VMT_NOTE_INLINE_CALLS |
				VMT_NOTE_TEXT_LARGE | VMT_NOTE_VALGRIND;

	return !state->confidence.no_reasoning && (state->counters.doors & VMT_DOOR_SITES) &&
	       !(state->counters.notes & unseen) && vmt_deferred_is_quiet(&state->deferred);
}

VMT_HOT void vmt_confidence_call(struct vmt_state *state)
{
	state->space.rules.reasons = vmt_confidence_may_reason(state);
	state->space.rules.is_sample = false;
	if (VMT_UNLIKELY(++state->confidence.since_sample == SAMPLE)) {
		state->confidence.since_sample = 0;
		vmt_mapsfile_review(state);
		state->space.rules.is_sample = vmt_ask_is_possible();
	}
}

bool vmt_confidence_is_lost(struct vmt_state *state)
{
	if (VMT_LIKELY(!state->space.rules.is_refuted))
		return false;
	state->space.rules.is_refuted = false;
	state->confidence.no_reasoning = true;
	return true;
}
