/* SPDX-License-Identifier: MIT */
/* What is known of the program's end. Part of the state; see modules/ending.h. */
#ifndef VMT_END_H
#define VMT_END_H

#include "core/recording/record.h"
#include "core/stack/endings.h"

#define VMT_ENDINGS_MAX 16u

/* A function that runs when the program ends, by the frames that return into it. */
struct vmt_ending_function {
	uint32_t module;
	uint64_t first, last; /* as offsets of frames */
	enum vmt_ending_kind kind;
	uint64_t run_at; /* VMT_ENDING_AFTER_RUN: the first frame that was seen; 0 = none yet */
	struct vmt_rec_frame caller; /* it was last called from; module VMT_NO_INDEX = none yet */
};

struct vmt_ending {
	struct vmt_ending_function function[VMT_ENDINGS_MAX];
	uint32_t count;
	bool has_exited; /* it is in libc's exit… */
	bool exits; /* …and no call of that was looked at yet */
	bool is_again; /* what begins now is another end than the one before */
	bool has_mapped; /* since it began, the main thread has mapped something else */
	uint64_t time; /* when it began, ns since start_ns */
	uint64_t last_time; /* when its last call was made… */
	uint64_t last_starts; /* …the maps that all calls had made until then… */
	uint32_t last_site; /* …and the site of that call, which had made… */
	uint64_t last_own; /* …so many of them */
	uint64_t others; /* maps that other calls made from its beginning to its last call */
};

#endif
