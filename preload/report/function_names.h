/* SPDX-License-Identifier: MIT */
/*
 * Names of functions for the report that the library prints itself, where the tool, which knows
 * lines and inlined functions as well, is missing or may not be run. Read from the symbol
 * tables of the modules' files, which are mapped for that: only when nothing is recorded any more.
 */
#ifndef VMT_FUNCTION_NAMES_H
#define VMT_FUNCTION_NAMES_H

#include <link.h>

#include "core/report/report.h"

/* A module's file, as far as it is needed. */
struct vmt_function_names_file {
	uint32_t module; /* index + 1 in the recording; 0 = none */
	const unsigned char *base; /* NULL: it cannot be read */
	uint64_t size;
	const ElfW(Phdr) * segments;
	uint64_t segment_count;
	const ElfW(Sym) * symbols;
	uint64_t symbol_count;
	const char *strings;
	uint64_t strings_size;
};

#define VMT_NAMES_FILES 4u

struct vmt_function_names {
	const struct vmt_view *view;
	void *emit_context; /* of the report's emit, which shares the context with resolve */
	struct vmt_function_names_file file[VMT_NAMES_FILES];
	unsigned last; /* that was replaced */
};

/* For struct vmt_report_ops, context being the struct vmt_function_names. */
vmt_report_resolve vmt_function_names_resolve;

/* Let go of all files. */
void vmt_function_names_close(struct vmt_function_names *names);

#endif
