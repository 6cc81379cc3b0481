/* SPDX-License-Identifier: MIT */
/*
 * What check and diff compare: for each program, the maps of each call site, whose key is the call
 * and the normalised stack. Made from recordings or read from a baseline. Several processes of one
 * program count as the largest of them, since each process has a limit of its own. Only live maps
 * count, never the net change.
 */
#ifndef VMT_SUMMARY_H
#define VMT_SUMMARY_H

#include "input/load.h"
#include "input/phase.h"
#include "naming/stack.h"

#define HASH_NONFATAL_OOM 0
#include <uthash.h>

/* The calls of a call site that are made from the same lines, which its key does not have. */
struct vmt_summary_part {
	struct vmt_summary_part *next;
	char *key; /* the stack with lines; "" = others than these, where there are too many */
	struct vmt_stack stack;
	int64_t maps; /* as of a site, each in the process where it is most */
	int64_t current;
	int64_t current_at_end;
};

struct vmt_summary_site {
	char *key; /* the call, then the stack, one frame a line */
	char *call;
	/* With files and lines: that of the part with most. Empty if it comes from a baseline. */
	struct vmt_stack stack;
	struct vmt_summary_part
		*part; /* a list; NULL: it is not made of parts, and owns its stack */
	int64_t maps; /* live maps, or the maps added during the phase */
	int64_t current; /* likewise, of the process that is being read */
	int64_t at_end; /* without those that were given back only because it ended */
	int64_t current_at_end;
	int64_t unforked; /* `maps` of the processes that are no fork children */
	int64_t forked; /* what it gained in a fork child since the fork, in the one where that is most */
	int64_t most; /* the most it ever had, if it is asked for; else 0 */
	int64_t current_most;
	int64_t before_end; /* what it had if `maps` was changed to `at_end`; see align.h */
	int64_t at_peak; /* live maps when the process with the highest peak reached it */
	bool is_cut; /* its maps were cut out of others (split) */
	bool is_file; /* some of its maps belong to files */
	UT_hash_handle hh;
};

/* What a part of a call site gained in one process. */
struct vmt_summary_gain {
	const struct vmt_summary_site *site;
	const struct vmt_summary_part *part; /* NULL if the site is not made of parts */
	int64_t maps;
	int64_t at_end;
};

/* One process of a program, and what its call sites gained in it. Not in baselines. */
struct vmt_summary_process {
	struct vmt_summary_process *next;
	int64_t growth;
	bool is_forked; /* a fork child: all is since the fork */
	size_t count;
	struct vmt_summary_gain gain[]; /* the parts of a site are beside each other */
};

struct vmt_summary_program {
	char *name; /* base name of the executable */
	char *exe; /* the executable's path; NULL if it comes from a baseline */
	char *other_exe; /* another one of that name, which is judged with it; or NULL */
	uint32_t pid; /* of the process that grew most */
	uint64_t processes;
	uint64_t vanished; /* processes that became another program, which was not recorded */
	uint64_t maps; /* maps at the end, or at the mark */
	uint64_t peak;
	uint64_t limit;
	int64_t growth; /* maps added since the start, or during the phase */
	int64_t unforked; /* the same without its fork children, if there are any */
	int64_t forked; /* the same of its fork children, of the one that grew most; see has_forked */
	uint64_t fork_children; /* that were judged; not in baselines */
	struct vmt_summary_process *process; /* a list, in no order */
	uint64_t torn_down; /* maps of the growth that were given back only because it ended */
	char torn_down_by[64]; /* the function that gave most of them back */
	/* the same where the peak was earlier, so that it is not known which call sites had them */
	uint64_t torn_down_apart;
	bool is_aligned; /* its call sites were changed to what they have at the end; see align.h */
	int64_t torn_down_named; /* maps that it gave back and whose call sites are judged all the same */
	uint64_t
		returned; /* maps that it gave back after they had grown like a leak; see returned.h */
	char returned_by[64];
	int64_t merged; /* maps that merged with a neighbour; -1 = unknown */
	uint64_t unseen;
	uint64_t uncompared; /* processes whose last table was not compared with the kernel's */
	char uncompared_who[96]; /* some of them, as "pid 5 (killed?), pid 7"; "" = none is known */
	uint64_t unnamed; /* frames of the program's own code without a name */
	uint64_t lineless; /* frames of its own code with a name, but without a line */
	bool has_lines; /* other frames of its own code have lines */
	const char *
		script_hint; /* how to see functions of a script instead of the interpreter's; or NULL */
	bool has_reached_limit; /* a call failed because of it; known only from recordings */
	bool is_exact;
	bool lacks_proc; /* /proc/self/maps could not be read */
	bool is_cut_short; /* a recording lacks call sites, since the disk was full */
	bool has_forked; /* it is known how much its fork children grew */
	bool has_threads; /* threads left stacks behind; known only from recordings */
	struct vmt_summary_site *sites; /* hash table */
	UT_hash_handle hh;
};

struct vmt_summary {
	bool with_lines;
	bool knows_forked; /* what call sites gained in fork children; older baselines do not say it */
	char *test; /* the test that a baseline is of; NULL = it does not say */
	char *from; /* the phase, as saved in a baseline; NULL = none */
	char *to;
	uint64_t warmup;
	struct vmt_summary_program *programs; /* hash table, sorted by name */
};

struct vmt_summary_options {
	struct vmt_phase phase;
	bool with_lines;
	bool with_peak; /* include call sites that held maps only at the peak */
	bool with_most; /* and those that ever did, if it is not known who had what was given back */
	const char *program; /* only programs whose name, or path, matches this; NULL = all */
	const struct vmt_recordings *twins; /* runs that may have better symbol files; or NULL */
	const char *symbols; /* a directory with more symbol files, or NULL */
};

/* Was the program of this name asked for? exe: its path, or NULL if that is unknown. */
bool vmt_summary_wants(const struct vmt_summary_options *options, const char *name,
		       const char *exe);

void vmt_summary_init(struct vmt_summary *summary, const struct vmt_summary_options *options);
void vmt_summary_free(struct vmt_summary *summary);

/* Returns the program, which is added if it is new. */
struct vmt_summary_program *vmt_summary_program(struct vmt_summary *summary, const char *name);

/* Count a process whose last table was not compared with the kernel's. */
void vmt_summary_note_uncompared(struct vmt_summary_program *program, const struct vmt_view *view);

/* Returns the site, which is added if it is new, with an empty stack. */
struct vmt_summary_site *vmt_summary_site(struct vmt_summary_program *program, const char *call,
					  const char *stack);

/*
 * Add what a process has at one stack of the site to the part with these lines; key: the stack with
 * lines. The stack belongs to the site from then on, and is freed if it is not needed.
 */
void vmt_summary_add_part(struct vmt_summary_site *site, const char *key, struct vmt_stack *stack,
			  int64_t maps, int64_t at_end);

/* Returns the site as if it were made of this part only. It owns nothing. NULL: as it is. */
struct vmt_summary_site vmt_summary_part_of(const struct vmt_summary_site *site,
					    const struct vmt_summary_part *part);

/* Returns the only part that has as many maps as the site has more than before, if there is one; or NULL. */
const struct vmt_summary_part *vmt_summary_likely_part(const struct vmt_summary_site *site,
						       int64_t more);

/* Returns the stack in the site's key: one frame a line, the innermost first. */
const char *vmt_summary_frames(const struct vmt_summary_site *site);

/*
 * The maps that calls that were not seen left behind are a site of their own, without a stack:
 * otherwise a leak of such calls (Go's package syscall, a JIT) would pass.
 */
#define VMT_SUMMARY_UNSEEN "unseen"
bool vmt_summary_is_unseen(const struct vmt_summary_site *site);

/* Returns "mmap in FUNCTION", or what else the maps come from; the caller frees it. */
char *vmt_summary_origin(const struct vmt_summary_site *site, const char *function);

/* Returns how many maps the call sites of a program have together. */
int64_t vmt_summary_maps(const struct vmt_summary_program *program);

/* Returns NULL if there is no such program. */
struct vmt_summary_program *vmt_summary_find_program(const struct vmt_summary *summary,
						     const char *name);
struct vmt_summary_site *vmt_summary_find_site(const struct vmt_summary_program *program,
					       const char *key);

/*
 * Add recordings. A process that became another program by exec counts only for the peak. Returns 0
 * if there is a process to judge, or the reason why there is none (see vmt_phase_find()); -ENOSPC
 * as soon as this applies to one recording.
 */
VMT_MUST_CHECK int vmt_summary_read(struct vmt_summary *summary,
				    const struct vmt_recordings *recordings,
				    const struct vmt_summary_options *options);

/* Sort programs by name and sites by key. */
void vmt_summary_sort(struct vmt_summary *summary);

/*
 * Returns the path of what the process ran. On a full disk the name of the file, EXE.PID.vmt, may be all
 * that is known. The caller frees it.
 */
char *vmt_summary_exe_of(const struct vmt_loaded_recording *recording);

/*
 * Returns the base name, which becomes part of output lines: control characters, such as the newlines that
 * a file's name may contain, are replaced. The caller frees it.
 */
char *vmt_summary_name_of(const char *path);

/* Was the process forked, and has it not become another program since? */
bool vmt_summary_is_forked(const struct vmt_view *view);

/* Note what one more process gained, as its sites' `current` say, by itself and among those of its kind. */
void vmt_summary_add_process(struct vmt_summary_program *program, int64_t growth, bool is_forked);

#endif
