/* SPDX-License-Identifier: MIT */
/*
 * Names for frames: function, file and line of a place in an ELF file that is known by
 * path and build-id. A file whose build-id differs is not used, a symbol
 * counts only as far as its size reaches.
 */
#ifndef VMT_SYMBOLS_H
#define VMT_SYMBOLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct vmt_symbols;

struct vmt_symbols_module {
	const char *path; /* not terminated */
	size_t path_length;
	const uint8_t *build_id;
	size_t build_id_length; /* 0 = unknown: the path is trusted */
};

/* NULL and 0 where nothing is known; all that is pointed to lives as long as the symbols. */
struct vmt_symbol {
	const char *function;
	const char *file; /* as the compiler was told */
	const char *directory; /* where it was then: what a relative file is relative to */
	const char *short_file; /* the same without the directory of the compilation */
	uint32_t line;
	bool is_tail; /* it ended in a jump: the line is its first, what it jumped to is not known
		       */
	bool is_system; /* the file is a header or a source of the system's */
	const struct vmt_symbol *caller; /* what it was inlined into, or NULL */
};

/* directory: an additional tree of .build-id/ files and of modules by name, or NULL. */
struct vmt_symbols *vmt_symbols_new(const char *directory);
void vmt_symbols_free(struct vmt_symbols *symbols);

/* Name the byte at a file offset; false when neither function nor line is known. */
bool vmt_symbols_find(struct vmt_symbols *symbols, const struct vmt_symbols_module *module,
		      uint64_t offset, struct vmt_symbol *ret_symbol);

/* A return address, or any other place, by its offset in a module's file. */
struct vmt_symbols_place {
	const struct vmt_symbols_module *module;
	uint64_t offset;
};

/* What a call calls, where that is certain. */
struct vmt_symbols_callee {
	const char *name; /* of a function in whichever module; or NULL: */
	uint64_t offset; /* of a function in the caller's module */
};

bool vmt_symbols_callee(struct vmt_symbols *symbols, const struct vmt_symbols_place *call,
			struct vmt_symbols_callee *ret_callee);

/*
 * Whether a place that was called by a call is outside of the function that this call names: false
 * also where that is not known. caller: the module of the call.
 */
bool vmt_symbols_is_outside(struct vmt_symbols *symbols, const struct vmt_symbols_place *place,
			    const struct vmt_symbols_module *caller,
			    const struct vmt_symbols_callee *callee);

/* The function of this name in a module, as one that ended in a jump. */
bool vmt_symbols_tail_named(struct vmt_symbols *symbols, const struct vmt_symbols_module *module,
			    const char *name, struct vmt_symbol *ret_symbol);

/* The same of the function that begins at a place. */
bool vmt_symbols_tail_at(struct vmt_symbols *symbols, const struct vmt_symbols_place *place,
			 struct vmt_symbol *ret_symbol);

/*
 * Name generated code of a process by its perf map (/tmp/perf-PID.map): the byte at an offset
 * in the map that began at this page (vmt_rec_frame.map_page). since: when the process
 * began, ns since 1970. The name lives until another process is asked for.
 */
bool vmt_symbols_find_generated(struct vmt_symbols *symbols, uint32_t pid, uint64_t since,
				uint32_t page, uint64_t offset, struct vmt_symbol *ret_symbol);

#endif
