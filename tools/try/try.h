/* SPDX-License-Identifier: MIT */
/*
 * Remedies proven on the program itself: which of them apply by what a recording shows, and a run
 * with each in effect. They are those that need no change of the program: the library's
 * (try=NAME), malloc's own settings, and other allocators that are installed.
 */
#ifndef VMT_TRY_H
#define VMT_TRY_H

#include "try/trial.h"

#define VMT_TRY_MAX 24u

struct vmt_remedied {
	char name[64]; /* "guards", "guards,locks": of the library; "arenas", "jemalloc" */
	char options[64]; /* for the library; "" = none */
	char variable[64]; /* of the environment, "NAME=VALUE"; "" = none */
	char preload[128]; /* an allocator; "" = none */
	const char *what; /* is done */
	const char *notice; /* what the program or its users may notice besides, or NULL */
	uint64_t saves; /* what a report promises… */
	bool is_promised; /* …if it does */
	struct vmt_trial trial;
};

struct vmt_try {
	struct vmt_trial plain;
	struct vmt_trial again; /* the same once more: what differs here differs by itself */
	struct vmt_evidence evidence;
	struct vmt_remedied remedy[VMT_TRY_MAX];
	size_t count;
};

/* Fill in which remedies apply. only: the names asked for, separated by commas, or NULL. */
void vmt_try_choose(struct vmt_try *tried, const char *only);

/* Is it the name of a remedy? */
bool vmt_try_is_name(const char *name);

/* The maps that the remedy did without: at the end, or at the peak where the end has few. */
int64_t vmt_try_measured(const struct vmt_try *tried, const struct vmt_remedied *remedy);

#endif
