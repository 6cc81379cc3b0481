/* SPDX-License-Identifier: MIT */
/*
 * Function names for the report that the library prints itself, for when the tool (which also knows
 * lines and inlined functions) is missing or may not be run. They are read from the symbol tables
 * of the modules' files. These are mapped for that, so it is done only after recording has ended.
 */
#ifndef VMT_FUNCTION_NAMES_H
#define VMT_FUNCTION_NAMES_H

#include <link.h>

#include "core/report/report.h"

/* The parts of a module's file that are needed. */
struct vmt_function_names_file {
	uint32_t module; /* index in the recording + 1; 0 = none */
	const unsigned char *base; /* NULL: the file cannot be read */
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
	/* for the report's emit function, which shares its context with resolve */
	void *emit_context;
	struct vmt_function_names_file file[VMT_NAMES_FILES];
	unsigned last; /* the entry that was replaced last */
	char script[256]; /* the function and the file of the script's frame found last */
	char script_file[512];
};

/* A resolve function for struct vmt_report_ops; context is the struct vmt_function_names. */
vmt_report_resolve vmt_function_names_resolve;

/* Unmap all files. */
void vmt_function_names_close(struct vmt_function_names *names);

#endif
