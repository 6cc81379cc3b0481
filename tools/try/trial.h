/* SPDX-License-Identifier: MIT */
/*
 * One run of a program under the library, with its output kept. The effect of a remedy is the
 * difference between two such runs. Used by try.c.
 */
#ifndef VMT_TRIAL_H
#define VMT_TRIAL_H

#include "core/recording/record.h"
#include "explain/explain.h"
#include "run/outdir.h"

/* What a recording says about which remedies apply. */
struct vmt_evidence {
	uint64_t saves[VMT_PATTERN_COUNT];
	/* the same, also where the library's remedy leaves the maps as they are */
	uint64_t could_save[VMT_PATTERN_COUNT];
	bool shows[VMT_PATTERN_COUNT];
	/* for each system call: how often it was made, failed, and split a map */
	struct vmt_rec_counters calls[VMT_CALL_COUNT];
	uint64_t at_peak[VMT_CALL_COUNT]; /* the maps of the peak that each system call put */
	bool is_glibcs; /* the maps are memory of glibc's malloc */
	bool keeps_stacks; /* glibc may keep stacks of threads that have ended */
	bool is_replaceable; /* they are of another malloc, which is in a library of its own */
	const char *
		allocator; /* "libjemalloc", another allocator that is loaded; NULL: there is none */
	bool calls_mallopt; /* the program, or a library of it, does */
	uint32_t tunables; /* what its GLIBC_TUNABLES has: see tunables.h */
};

struct vmt_trial {
	uint64_t maps_start;
	uint64_t maps_peak;
	uint64_t maps_end;
	uint64_t ns;
	int status; /* as in a shell, 128 + N after signal N */
	int output[2]; /* open files with its standard output and standard error, or -1 */
	bool is_recorded;
	struct vmt_outdir_others others; /* if recorded: which program was examined */
	bool is_at_limit; /* calls failed since there were as many maps as the kernel allows */
};

struct vmt_trials {
	char **command;
	int input; /* what each run reads; -1: our own input, since a terminal cannot be read twice */
	char *preload; /* LD_PRELOAD and VMATRACE_OPTIONS as they were, or NULL */
	char *options;
};

/*
 * Prepare trials of command. Its input is read now if it can be read only once. Returns 0 or
 * -errno.
 */
int vmt_trial_begin(struct vmt_trials *trials, char **command);
void vmt_trial_end(struct vmt_trials *trials);

/*
 * Run the command once. options: for the library, or NULL. preload: a further library to load, or
 * NULL. Returns 0, or the tool's exit status after a message. ret_evidence may be NULL.
 */
int vmt_trial_run(const struct vmt_trials *trials, const char *options, const char *preload,
		  struct vmt_trial *ret_trial, struct vmt_evidence *ret_evidence);
void vmt_trial_free(struct vmt_trial *trial);

/* Have both runs written the same? */
bool vmt_trial_is_same_output(const struct vmt_trial *a, const struct vmt_trial *b);

/* Write the output of a trial to our own standard output and standard error. */
void vmt_trial_pass_output(const struct vmt_trial *trial);

#endif
