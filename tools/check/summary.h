/* SPDX-License-Identifier: MIT */
/*
 * What check and diff compare: for each program, the maps of each call site, keyed by
 * call and normalised stack. Made from recordings or read from a baseline. Several
 * processes of one program count as the greatest of them, since every
 * process has a limit of its own. Live maps only, never net.
 */
#ifndef VMT_SUMMARY_H
#define VMT_SUMMARY_H

#include "input/load.h"
#include "input/phase.h"
#include "naming/stack.h"

#define HASH_NONFATAL_OOM 0
#include <uthash.h>

struct vmt_summary_site {
	char *key; /* the call, then the stack, a line each */
	char *call;
	struct vmt_stack stack; /* with files and lines; empty when from a baseline */
	int64_t maps; /* live maps, or what the phase added to them */
	int64_t current; /* the same of the process being read */
	int64_t at_peak; /* live when the process with the highest peak had it */
	bool is_cut; /* its maps were cut out of others (split) */
	bool is_file; /* some of its maps are of files */
	UT_hash_handle hh;
};

struct vmt_summary_program {
	char *name; /* base name of the executable */
	char *exe; /* its path; NULL when from a baseline */
	uint32_t pid; /* of the process with the greatest growth */
	uint64_t processes;
	uint64_t vanished; /* that became another program, of which nothing was recorded */
	uint64_t maps; /* at the end, or at the mark */
	uint64_t peak;
	uint64_t limit;
	int64_t growth; /* maps added since the start, or during the phase */
	int64_t merged; /* maps that became part of a neighbour; -1 = not known */
	uint64_t unseen;
	uint64_t uncompared; /* processes whose last maps are not known to be the kernel's */
	uint64_t unnamed; /* frames of the program's own code without a name */
	bool is_exact;
	bool has_threads; /* that left stacks: known only of recordings */
	struct vmt_summary_site *sites; /* uthash */
	UT_hash_handle hh;
};

struct vmt_summary {
	bool with_lines;
	char *from; /* the phase, as saved with a baseline; NULL = none */
	char *to;
	uint64_t warmup;
	struct vmt_summary_program *programs; /* uthash, in order of their names */
};

struct vmt_summary_options {
	struct vmt_phase phase;
	bool with_lines;
	bool with_peak; /* call sites that held maps only at the peak as well */
	const char *program; /* only programs whose name matches this pattern; or NULL */
	const char *symbols; /* directory with more symbol files, or NULL */
};

void vmt_summary_init(struct vmt_summary *summary, const struct vmt_summary_options *options);
void vmt_summary_free(struct vmt_summary *summary);

/* The program, made if it is new. */
struct vmt_summary_program *vmt_summary_program(struct vmt_summary *summary, const char *name);

/* The site, made if it is new; the stack of a new one is empty. */
struct vmt_summary_site *vmt_summary_site(struct vmt_summary_program *program, const char *call,
					  const char *stack);

/* NULL when there is none. */
struct vmt_summary_program *vmt_summary_find_program(const struct vmt_summary *summary,
						     const char *name);
struct vmt_summary_site *vmt_summary_find_site(const struct vmt_summary_program *program,
					       const char *key);

/*
 * Add recordings. Processes that became another program by exec count for the peak only.
 * Returns 0 when there is a process to judge, or why there is none (see vmt_phase_find);
 * -ENOSPC as soon as one recording has it.
 */
VMT_MUST_CHECK int vmt_summary_read(struct vmt_summary *summary,
				    const struct vmt_recordings *recordings,
				    const struct vmt_summary_options *options);

/* Put programs in order of their names, sites in order of their keys. */
void vmt_summary_sort(struct vmt_summary *summary);

#endif
