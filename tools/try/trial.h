/* SPDX-License-Identifier: MIT */
/*
 * One run of a program under the library, with its output kept: what a remedy does is the difference
 * between two of them. Used by try.c.
 */
#ifndef VMT_TRIAL_H
#define VMT_TRIAL_H

#include "core/recording/record.h"
#include "explain/explain.h"

/* What a recording tells of which remedies apply. */
struct vmt_evidence {
	uint64_t saves[VMT_PATTERN_COUNT];
	bool shows[VMT_PATTERN_COUNT];
	struct vmt_rec_counters calls[VMT_CALL_COUNT]; /* calls, failed and split of each */
	bool is_glibcs; /* memory of glibc's malloc has to do with it */
	bool has_allocator; /* another allocator is loaded */
};

struct vmt_trial {
	uint64_t maps_start;
	uint64_t maps_peak;
	uint64_t maps_end;
	uint64_t ns;
	int status; /* as a shell has it */
	int output[2]; /* what it wrote to standard output and standard error: open files, or -1 */
	bool is_recorded;
};

struct vmt_trials {
	char **command;
	int input; /* what each run reads; -1: what we do, as a terminal cannot be read twice */
	char *preload; /* LD_PRELOAD and VMATRACE_OPTIONS as they were, or NULL */
	char *options;
};

/* Prepare trials of command: its input is read now, if it can be read but once. 0 or -errno. */
int vmt_trial_begin(struct vmt_trials *trials, char **command);
void vmt_trial_end(struct vmt_trials *trials);

/*
 * Run it. options: for the library, or NULL; preload: a library to be loaded as well, or NULL.
 * Returns 0, or the tool's exit status after a message. ret_evidence may be NULL.
 */
int vmt_trial_run(const struct vmt_trials *trials, const char *options, const char *preload,
		  struct vmt_trial *ret_trial, struct vmt_evidence *ret_evidence);
void vmt_trial_free(struct vmt_trial *trial);

/* Did both write the same? */
bool vmt_trial_is_same_output(const struct vmt_trial *a, const struct vmt_trial *b);

/* Write what it wrote to our own standard output and standard error. */
void vmt_trial_pass_output(const struct vmt_trial *trial);

#endif
