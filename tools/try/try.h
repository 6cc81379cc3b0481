/* SPDX-License-Identifier: MIT */
/*
 * Remedies proven on the program itself: a recording shows which of them apply, and the program is
 * run with each of them in effect. They need no change of the program: the library's remedies
 * (try=NAME), settings of malloc, and other allocators that are installed.
 */
#ifndef VMT_TRY_H
#define VMT_TRY_H

#include "try/setting.h"
#include "try/trial.h"

#include <stdio.h>

#define VMT_TRY_MAX 24u

struct vmt_remedied {
	char name[64]; /* "guards" or "guards,locks" of the library, "arenas", "jemalloc" */
	char options[64]; /* for the library; "" = none */
	struct vmt_setting setting; /* of the environment */
	char preload[128]; /* an allocator; "" = none */
	char words[192]; /* `what` points to them where the environment decides */
	const char *what; /* what the remedy does, in words */
	const char *notice; /* what else the program or its users may notice, or NULL */
	const char *leaves; /* what it leaves as it is although a report may count it, or NULL */
	uint64_t patterns; /* what it is promised to help against; 0 if it is not of the library */
	uint64_t saves; /* how many of the maps at the end the report says it saves… */
	bool is_promised; /* …if the report says so */
	bool is_overridden; /* what starts the program sets it in another way: it has no effect */
	struct vmt_trial trial;
	struct vmt_evidence evidence; /* of that trial, if there was a promise */
};

/* What the runs show where a remedy saved less than was promised. */
enum vmt_try_shortfall {
	VMT_TRY_AS_PROMISED, /* nine tenths of it or more, or nothing was promised */
	VMT_TRY_PARTLY, /* a tenth of it or more */
	VMT_TRY_AT_LIMIT, /* both runs ended at the limit: neither peak nor end shows it */
	VMT_TRY_LEFT, /* it left the maps that it is to save */
	VMT_TRY_REPLACED, /* they are gone, and others have come */
};

struct vmt_try {
	struct vmt_trial plain;
	/* a second run without a remedy: what differs from the first varies by itself */
	struct vmt_trial again;
	struct vmt_evidence evidence;
	struct vmt_remedied remedy[VMT_TRY_MAX];
	size_t count;
};

/*
 * Fill in which remedies apply. only: the names that the user asks for, separated by commas, or
 * NULL.
 */
void vmt_try_choose(struct vmt_try *tried, const char *only);

/* Is this the name of a remedy? */
bool vmt_try_is_name(const char *name);

/*
 * Are the runs compared at their peaks, since without a remedy most of what there was then is given
 * back, or few maps are left? Otherwise they are compared at the end. It holds for all remedies alike.
 */
bool vmt_try_is_by_peak(const struct vmt_try *tried);

/* Returns how many maps fewer there were with the remedy, at the peak or at the end. */
int64_t vmt_try_measured(const struct vmt_try *tried, const struct vmt_remedied *remedy);

/* Do both runs end at the limit, so that the difference of their peaks tells nothing? */
bool vmt_try_is_hidden(const struct vmt_try *tried, const struct vmt_remedied *remedy);

/*
 * ret_left: how many of the maps that were promised to be saved there are with the remedy; set if that was
 * less than a tenth.
 */
enum vmt_try_shortfall vmt_try_shortfall(const struct vmt_try *tried,
					 const struct vmt_remedied *remedy, uint64_t *ret_left);

/* Did the program fail at the limit without a remedy, and neither reach it nor fail with this one? */
bool vmt_try_is_saved(const struct vmt_try *tried, const struct vmt_trial *trial);

/*
 * Is the output as without a remedy? "same", "DIFFERS", or "varies": what differs from run to run
 * by itself proves nothing; "saved": see vmt_try_is_saved().
 */
const char *vmt_try_output(const struct vmt_try *tried, const struct vmt_trial *trial);

/* Write all of it as JSON. Returns 0 or -EIO. */
int vmt_try_json(FILE *stream, const struct vmt_try *tried);

#endif
