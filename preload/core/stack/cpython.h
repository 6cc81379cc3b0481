/* SPDX-License-Identifier: MIT */
/*
 * CPython's structures, as far as they tell which line of a script runs: the offsets in the
 * versions that were tried, 3.11 to 3.13, and the format of the table of lines, which all of them
 * share. Nothing is read of other versions.
 */
#ifndef VMT_CPYTHON_H
#define VMT_CPYTHON_H

#include "core/base/base.h"

#define VMT_CPYTHON_NONE UINT32_MAX /* this version has no such member */

/* Offsets of members in bytes, named as in CPython's sources. */
struct vmt_cpython_layout {
	/* of _PyRuntime */
	uint32_t finalizing;
	uint32_t interpreters;
	uint32_t current; /* 3.11: the state of the running thread */
	/* of an interpreter */
	uint32_t next_interpreter;
	uint32_t threads;
	/* of a thread's state */
	uint32_t prev;
	uint32_t next;
	uint32_t interpreter;
	uint32_t thread_id;
	uint32_t cframe; /* up to 3.12; it lies on the C stack, and leads to the current frame */
	uint32_t current_frame; /* of a cframe, or of the thread's state */
	uint32_t previous_cframe;
	/* of a frame */
	uint32_t code;
	uint32_t instr;
	uint32_t previous;
	uint32_t owner;
	uint32_t is_entry; /* 3.11: is it the first frame of a call of the evaluation function? */
	/* of a code object */
	uint32_t firstlineno;
	uint32_t filename;
	uint32_t qualname;
	uint32_t linetable;
	uint32_t bytecode;
	/* of a str */
	uint32_t ascii; /* where the text of an ASCII str begins, and of any other str */
	uint32_t compact;
};

/* A frame with this owner stands for a call of the evaluation function, and lies on the C stack. */
#define VMT_CPYTHON_OWNED_BY_CSTACK 3u

#define VMT_CPYTHON_OFFSETS 71u /* words of 3.13's _Py_DebugOffsets that are read */

/*
 * Find the layout of a version (Py_Version). runtime: the first words of _PyRuntime, where 3.13 and
 * later have a table of offsets. Returns false if the version is not known, or if its table
 * contradicts itself.
 */
bool vmt_cpython_layout(uint32_t version, const uint64_t runtime[VMT_CPYTHON_OFFSETS],
			struct vmt_cpython_layout *ret_layout);

/*
 * Look up the line of the instruction at byte `at` in co_linetable. Returns 0 if it has none, or if
 * the table is broken.
 */
uint32_t vmt_cpython_line(const uint8_t *table, size_t size, uint32_t first_line, uint32_t at);

/*
 * Write `count` characters, `width` bytes each, as UTF-8 without a terminator. Returns the number
 * of bytes, or 0 if they do not fit or are not characters.
 */
size_t vmt_cpython_text(const void *characters, size_t count, unsigned width, char *text,
			size_t room);

#endif
