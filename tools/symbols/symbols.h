/* SPDX-License-Identifier: MIT */
/*
 * Names for frames: function, file and line of a place in an ELF file, which is identified by path
 * and build-id. A file with another build-id is not used, and a symbol covers no more than its
 * size.
 */
#ifndef VMT_SYMBOLS_H
#define VMT_SYMBOLS_H

#include "core/report/report.h"
#include "symbols/module.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct vmt_symbols;

/* Unknown members are NULL and 0. Everything that is pointed to lives as long as the symbols. */
struct vmt_symbol {
	const char *function;
	const char *file; /* as it was passed to the compiler */
	/* the compiler's working directory, which a relative file is relative to */
	const char *directory;
	const char *short_file; /* file without the directory of the compilation */
	uint32_t line;
	/* it ended in a jump: line is its first line, and the jump's target is unknown */
	bool is_tail;
	/* number of its module in the recording, plus one; 0: that of the frame (names.h sets it) */
	uint32_t other_module;
	/* path of its module if the recording does not have it (names.h sets it); or NULL */
	const char *other_path;
	/* what it called is not known, and may have ended in a jump (names.h sets it) */
	bool is_by_pointer;
	bool is_system; /* file is a header or a source of the system's */
	/* a function of the user's own script, in code that a runtime generated */
	bool is_script;
	bool is_interpreted; /* a function of a script that was not compiled */
	bool is_signal; /* the kernel called the function before it, a handler, at any moment (names.h sets it) */
	const struct vmt_symbol *caller; /* the function that it was inlined into, or NULL */
};

static inline const char *vmt_symbol_mark(const struct vmt_symbol *symbol)
{
	return vmt_report_mark(symbol->is_tail, symbol->is_by_pointer);
}

/* directory: a further tree of .build-id/ files, or modules by name; may be NULL. */
struct vmt_symbols *vmt_symbols_new(const char *directory);
void vmt_symbols_free(struct vmt_symbols *symbols);

/*
 * A file that may be the same module, but with symbols: it is used if it has the same build-id and
 * the module's own file is stripped.
 */
void vmt_symbols_add_twin(struct vmt_symbols *symbols, const struct vmt_symbols_module *twin);

/* Does a signal handler return to this file offset? */
bool vmt_symbols_is_signal(struct vmt_symbols *symbols, const struct vmt_symbols_module *module,
			   uint64_t offset);

/* Name the byte at a file offset; false if neither function nor line is known. */
bool vmt_symbols_find(struct vmt_symbols *symbols, const struct vmt_symbols_module *module,
		      uint64_t offset, struct vmt_symbol *ret_symbol);

/* Does the module's file have a full symbol table, so that code without a name has none anywhere? */
bool vmt_symbols_is_whole(struct vmt_symbols *symbols, const struct vmt_symbols_module *module);

/* A return address, or another place, by its offset in a module's file. */
struct vmt_symbols_place {
	const struct vmt_symbols_module *module;
	uint64_t offset;
};

/* The function that a call or a jump leads to, if that is certain. */
struct vmt_symbols_callee {
	const char *name; /* a function of any module; or NULL: see offset */
	uint64_t offset; /* a function in the caller's module */
	bool is_by_pointer; /* it is not certain, because the call or the jump goes through a pointer */
	bool has_syscall; /* see vmt_symbols_jump */
};

bool vmt_symbols_callee(struct vmt_symbols *symbols, const struct vmt_symbols_place *call,
			struct vmt_symbols_callee *ret_callee);

/*
 * Is a place that a call returned from outside of the function which the call names? False also if
 * that is unknown. caller: the module of the call.
 */
bool vmt_symbols_is_outside(struct vmt_symbols *symbols, const struct vmt_symbols_place *place,
			    const struct vmt_symbols_module *caller,
			    const struct vmt_symbols_callee *callee);

/* Find where in a module's file the function of this name begins. */
bool vmt_symbols_named(struct vmt_symbols *symbols, const struct vmt_symbols_module *module,
		       const char *name, uint64_t *ret_offset);

/*
 * Where does the function that begins at a place jump to? False if its jumps lead to several, or
 * if that is not certain. Set in any case: ret_callee->is_by_pointer, does it end in a jump through a
 * pointer, and has_syscall, does the function make a system call of its own?
 */
bool vmt_symbols_jump(struct vmt_symbols *symbols, const struct vmt_symbols_place *function,
		      struct vmt_symbols_callee *ret_callee);

/* Find the function that begins at a place, as one that ended in a jump. */
bool vmt_symbols_tail_at(struct vmt_symbols *symbols, const struct vmt_symbols_place *place,
			 struct vmt_symbol *ret_symbol);

/*
 * Name generated code of a process by its perf map (/tmp/perf-PID.map): the byte at an offset in
 * the map that begins at this page (vmt_rec_frame.map_page). since: when the process began, ns
 * since 1970. The name stays valid until another process is asked for.
 */
bool vmt_symbols_find_generated(struct vmt_symbols *symbols, uint32_t pid, uint64_t since,
				uint32_t page, uint64_t offset, struct vmt_symbol *ret_symbol);

/* Returns a copy of the n bytes, with a terminator, that lives as long as the symbols. */
const char *vmt_symbols_text(struct vmt_symbols *symbols, const char *bytes, size_t n);

#endif
