/* SPDX-License-Identifier: MIT */
/*
 * Stacks as they are compared between runs: names of modules and functions, nothing that
 * changes with the address space, a rebuild or the C library's inner calls.
 * Used by the summary (check, diff).
 */
#ifndef VMT_STACK_H
#define VMT_STACK_H

#include "core/recording/view.h"
#include "symbols/symbols.h"

struct vmt_stack_frame {
	char *module; /* base name up to .so.N; "" = unknown */
	char *function; /* without the compiler's suffixes; NULL = unknown */
	char *file; /* relative to the working directory where it lies below; or NULL */
	uint32_t line;
	uint64_t offset; /* in the module's file */
	bool is_tail; /* it ended in a jump: see function_names.h */
	bool is_runtime; /* of the C library, an allocator or their like */
	bool is_user; /* neither that nor generated code… */
	bool is_own; /* …nor of a library or header of the system */
};

struct vmt_stack {
	struct vmt_stack_frame *frame; /* innermost first, up to main */
	uint32_t count;
};

/* The named frames of a site; free with vmt_stack_free. */
void vmt_stack_read(struct vmt_stack *ret_stack, const struct vmt_view *view,
		    const struct vmt_rec_site *site, struct vmt_symbols *symbols);
void vmt_stack_free(struct vmt_stack *stack);

/*
 * "module!function" of each frame, a line each, innermost first. A run of frames in the C
 * library and its like is one line with the module that was called and no function:
 * which names are known there depends on debug symbols and inlining. Recursive calls
 * are one line as well. with_lines adds ":LINE" to the user's own. The caller frees it.
 */
char *vmt_stack_key(const struct vmt_stack *stack, bool with_lines);

/* Whether a thread is made there, so that the maps are its stack. */
bool vmt_stack_is_thread(const struct vmt_stack *stack);

/* For people: "guard pool.c:6", "puts (libc.so.6)", "libpool.so+0x1139". The caller frees it. */
char *vmt_stack_where(const struct vmt_stack_frame *frame);

/*
 * The frame to point to: the innermost of the user's own code, which a library or a template of the
 * system may have been called from; otherwise the innermost that is no runtime's, or of all.
 * NULL without frames.
 */
const struct vmt_stack_frame *vmt_stack_blame(const struct vmt_stack *stack);

#endif
