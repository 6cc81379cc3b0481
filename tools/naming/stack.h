/* SPDX-License-Identifier: MIT */
/*
 * Stacks as they are compared between runs: names of modules and functions, and nothing that
 * changes with the address space, a rebuild or the C library's internal calls. Used by the summary
 * (check, diff).
 */
#ifndef VMT_STACK_H
#define VMT_STACK_H

#include "core/recording/view.h"
#include "core/report/fold.h"
#include "symbols/symbols.h"

struct vmt_stack_frame {
	char *module; /* base name up to .so.N; "" = unknown */
	char *function; /* without the compiler's suffixes; NULL = unknown */
	char *file; /* relative to the working directory if it lies below that; or NULL */
	const char *short_file; /* as reports show it; lives as long as the symbols; or NULL */
	uint32_t line;
	uint64_t offset; /* in the module's file */
	const char *mark; /* "", or what is to be said of it after its name: vmt_symbol_mark() */
	bool is_by_pointer; /* functions that it called through a pointer may be missing before it */
	bool is_runtime; /* belongs to the C library, an allocator or the like */
	bool is_user; /* neither that nor generated code */
	bool is_own; /* and not a library or header of the system either; or is_script */
	bool lacks_symbols; /* it has no name, and its file is stripped or is not the same any more */
	bool is_script; /* generated code of the user's own script */
	enum vmt_fold fold; /* what a run of such frames is told as */
};

struct vmt_stack {
	struct vmt_stack_frame *frame; /* innermost first, up to main */
	uint32_t count;
};

/* Read the named frames of a site; free with vmt_stack_free(). */
void vmt_stack_read(struct vmt_stack *ret_stack, const struct vmt_view *view,
		    const struct vmt_rec_site *site, struct vmt_symbols *symbols);
void vmt_stack_free(struct vmt_stack *stack);

/*
 * Returns "module!function" for each frame, one a line, innermost first. A run of frames in the C
 * library and the like is one line with the module that was called and no function, since the names
 * known there depend on debug symbols and inlining. Recursive calls are one line as well.
 * with_lines adds ":LINE" to the user's own frames. The caller frees it.
 */
char *vmt_stack_key(const struct vmt_stack *stack, bool with_lines);

/* Does the stack create a thread, so that the maps are the thread's stack? */
bool vmt_stack_is_thread(const struct vmt_stack *stack);

/* For people: "guard pool.c:6", "puts (libc.so.6)", "libpool.so+0x1139". The caller frees it. */
char *vmt_stack_where(const struct vmt_stack_frame *frame);

/*
 * Returns the frame to point to: the innermost frame of a script, which a runtime runs; otherwise
 * the innermost frame of the project's own code, even if a library or a template of the system
 * called it; otherwise the innermost that does not belong to a runtime, or the innermost of all.
 * NULL without frames.
 */
const struct vmt_stack_frame *vmt_stack_blame(const struct vmt_stack *stack);

/* Returns the project's next function further out, where recursion counts once; NULL: there is none. */
const struct vmt_stack_frame *vmt_stack_caller(const struct vmt_stack *stack,
					       const struct vmt_stack_frame *frame);

#endif
