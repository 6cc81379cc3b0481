/* SPDX-License-Identifier: MIT */
/* See try.h. Nothing here has an effect; only the search for allocators looks at files. */
#include "try/try.h"
#include "core/base/options.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define WORTHWHILE 16u /* a remedy for fewer calls or maps is not tried */

#define BIT(pattern) (UINT64_C(1) << VMT_PATTERN_##pattern)

/* In the order of enum vmt_remedy, arenas apart; vmt_options_remedy() has their names. */
static const struct remedy {
	uint64_t patterns; /* the patterns that it helps against */
	uint32_t call[3]; /* the calls that cut maps without it */
	const char *what;
	const char *notice;
	const char *leaves; /* what it leaves as it is although a report may count it, or NULL */
} remedies[] = {
	{ BIT(GUARDS) | BIT(GUARDED) | BIT(THREADS) | BIT(DEBUGGER),
	  { VMT_CALL_MPROTECT },
	  "MADV_GUARD_INSTALL in place of mprotect(PROT_NONE) where nothing has been written, of "
	  "memory mapped over by PROT_NONE, and at the ends of a range that stay PROT_NONE",
	  "touching a guard raises SIGSEGV as before, but with si_code SEGV_MAPERR",
	  "a range that holds data when it is closed keeps its mprotect, since a guard drops "
	  "it, and so does every range before Linux 6.13" },
	{ BIT(NAMES),
	  { VMT_CALL_PRCTL },
	  "PR_SET_VMA_ANON_NAME left out",
	  "/proc/PID/maps has no names",
	  NULL },
	{ BIT(ADVICE),
	  { VMT_CALL_MADVISE },
	  "advice that cuts maps (MADV_DONTFORK, _DONTDUMP, _HUGEPAGE, _NOHUGEPAGE, _MERGEABLE, "
	  "_RANDOM, ...; not MADV_WIPEONFORK) left out",
	  "memory is inherited by fork, dumped to cores and made huge like any other",
	  NULL },
	{ BIT(LOCKS),
	  { VMT_CALL_MLOCK, VMT_CALL_MLOCK2, VMT_CALL_MUNLOCK },
	  "mlock left out",
	  "memory is not locked and may be swapped out",
	  NULL },
	{ BIT(POLICY),
	  { VMT_CALL_MBIND, VMT_CALL_SET_MEMPOLICY_HOME_NODE },
	  "mbind left out",
	  "memory lies where the thread's policy puts it",
	  NULL },
	{ BIT(ACCOUNTING) | BIT(ALIKE) | BIT(OVER_MEMORY),
	  { VMT_CALL_NONE },
	  "MAP_NORESERVE for all private memory",
	  "a lack of memory shows when memory is touched, not when it is mapped",
	  NULL },
	{ BIT(DECOMMIT) | BIT(GUARDED) | BIT(COMMITTED) | BIT(RESERVED),
	  { VMT_CALL_NONE },
	  "memory that is reserved or given back by PROT_NONE stays readable and writable "
	  "(MAP_NORESERVE, MADV_DONTNEED)",
	  "touching memory that was given back raises no SIGSEGV",
	  "a range of up to 16 KiB is closed as before, like a guard, also beside larger ones, unless "
	  "MADV_DONTNEED of exactly this range comes just before or after; so is a range of several "
	  "maps, and every range before Linux 6.11" },
	{ BIT(HOLES),
	  { VMT_CALL_MUNMAP },
	  "MADV_DONTNEED in place of munmap within a map",
	  "addresses that were unmapped are not used again",
	  NULL },
	{ BIT(THREADS),
	  { VMT_CALL_NONE },
	  "the guards of threads' stacks left out, as by pthread_attr_setguardsize(0)",
	  "a thread that overflows its stack is not caught, and overwrites what lies below",
	  NULL },
};

static const struct {
	const char *name;
	const char *file;
} allocators[] = {
	{ "jemalloc", "libjemalloc.so.2" },
	{ "tcmalloc", "libtcmalloc_minimal.so.4" },
	{ "mimalloc", "libmimalloc.so.2" },
};

bool vmt_try_is_name(const char *name)
{
	for (size_t i = 0; i < VMT_REMEDY_COUNT; i++) {
		if (!strcmp(name, vmt_options_remedy((uint32_t)i)))
			return true;
	}
	for (size_t i = 0; i < VMT_COUNT(allocators); i++) {
		if (!strcmp(name, allocators[i].name))
			return true;
	}
	return !strcmp(name, "mmap-threshold") || !strcmp(name, "stack-cache");
}

/* Is name in the list `only` ("a,b")? Without a list, whatever applies is wanted. */
static bool is_wanted(const char *only, const char *name, bool applies)
{
	size_t n = strlen(name);

	if (!only)
		return applies;
	for (const char *at = only; (at = strstr(at, name)); at += n) {
		if ((at == only || at[-1] == ',') && (!at[n] || at[n] == ','))
			return true;
	}
	return false;
}

static uint64_t saves_of(const uint64_t *of_pattern, uint64_t patterns)
{
	uint64_t saves = 0;

	for (unsigned i = 0; i < VMT_PATTERN_COUNT; i++)
		saves += patterns >> i & 1 ? of_pattern[i] : 0;
	return saves;
}

static bool shows_any(const struct vmt_evidence *evidence, uint64_t patterns)
{
	for (unsigned i = 0; i < VMT_PATTERN_COUNT; i++) {
		if (patterns >> i & 1 && evidence->shows[i])
			return true;
	}
	return false;
}

/*
 * Do the calls that the remedy replaces cut maps, or would they if other calls had not cut at the
 * same places before?
 */
static bool is_at_work(const struct vmt_evidence *evidence, const struct remedy *remedy, bool cuts)
{
	uint64_t n = 0;

	for (size_t i = 0; i < VMT_COUNT(remedy->call); i++) {
		const struct vmt_rec_counters *calls = &evidence->calls[remedy->call[i]];

		if (remedy->call[i] != VMT_CALL_NONE)
			n += cuts ? calls->split : calls->calls - calls->failed;
	}
	return n >= WORTHWHILE;
}

static struct vmt_remedied *new_remedied(struct vmt_try *tried, const char *name, const char *what,
					 const char *notice)
{
	struct vmt_remedied *remedied = &tried->remedy[tried->count++];

	*remedied = (struct vmt_remedied){ .what = what, .notice = notice };
	snprintf(remedied->name, sizeof(remedied->name), "%s", name);
	return remedied;
}

/*
 * Maps that look alike, or were mapped over others, may be kept apart by accounting; a remedy for
 * this is tried, but its effect is not promised.
 */
#define UNSURE (BIT(ALIKE) | BIT(OVER_MEMORY))
/* Where it takes two remedies, neither is promised alone. */
#define PROMISED (~(UNSURE | BIT(GUARDED)))

static uint64_t grown(uint64_t maps, const struct vmt_trial *trial)
{
	return maps > trial->maps_start ? maps - trial->maps_start : 0;
}

/* Has most of what there was at the peak been given back at the end? */
static bool is_past_peak(const struct vmt_trial *trial)
{
	return grown(trial->maps_end, trial) < grown(trial->maps_peak, trial) / 2;
}

bool vmt_try_is_by_peak(const struct vmt_try *tried)
{
	const struct vmt_trial *plain = &tried->plain;

	return plain->maps_end < plain->maps_start + WORTHWHILE || is_past_peak(plain);
}

/* saves: of the maps at the end, so nothing is promised where the peak is measured. */
static void promise(const struct vmt_try *tried, struct vmt_remedied *remedied, uint64_t saves)
{
	remedied->saves = saves;
	remedied->is_promised = saves > 0 && !remedied->is_overridden && !vmt_try_is_by_peak(tried);
}

/* Append name to a list such as "a,b". */
static void append_name(char *list, size_t size, const char *name)
{
	size_t n = strlen(list);

	snprintf(list + n, size - n, "%s%s", n ? "," : "", name);
}

/* Are many of the maps of a peak that is past by calls that the remedy replaces? */
static bool was_at_peak(const struct vmt_try *tried, const struct remedy *remedy)
{
	uint64_t n = 0;

	for (size_t i = 0; i < VMT_COUNT(remedy->call); i++) {
		if (remedy->call[i] != VMT_CALL_NONE)
			n += tried->evidence.at_peak[remedy->call[i]];
	}
	return is_past_peak(&tried->plain) && n >= WORTHWHILE &&
	       n >= grown(tried->plain.maps_peak, &tried->plain) / 4;
}

/*
 * Judged by the maps at the end, by those of the peak if most are gone by then, or by the calls if
 * the program has unmapped its memory.
 */
static bool applies(const struct vmt_try *tried, const struct remedy *remedy)
{
	const struct vmt_evidence *evidence = &tried->evidence;

	return shows_any(evidence, remedy->patterns) || was_at_peak(tried, remedy) ||
	       (!shows_any(evidence, UINT64_MAX) && is_at_work(evidence, remedy, true));
}

/*
 * Does the remedy concern advice or locks on pieces that another call has already cut? They keep
 * the pieces apart.
 */
static bool is_beneath(const struct vmt_try *tried, const struct remedy *remedy)
{
	return (remedy->call[0] == VMT_CALL_MADVISE || remedy->call[0] == VMT_CALL_MLOCK) &&
	       !applies(tried, remedy) && is_at_work(&tried->evidence, remedy, false);
}

static bool takes_two(const struct vmt_evidence *evidence, const struct remedy *remedy)
{
	return remedy->patterns & BIT(GUARDED) && evidence->shows[VMT_PATTERN_GUARDED];
}

/*
 * Choose the remedies of the library one by one, and all together: where several calls cut at the
 * same places only all together help, and only then is an effect promised.
 */
static void choose_librarys(struct vmt_try *tried, const char *only)
{
	const struct vmt_evidence *evidence = &tried->evidence;
	char all[64] = "";
	uint64_t saves = 0;
	unsigned halves = 0; /* of what takes two */
	bool beneath = false;

	for (size_t i = 0; i < VMT_COUNT(remedies); i++)
		beneath |= !only && is_beneath(tried, &remedies[i]);
	for (size_t i = 0; i < VMT_COUNT(remedies); i++) {
		const char *name = vmt_options_remedy((uint32_t)i);
		const struct remedy *remedy = &remedies[i];
		struct vmt_remedied *remedied;

		if (!only && is_beneath(tried, remedy))
			append_name(all, sizeof(all), name);
		if (!is_wanted(only, name, applies(tried, remedy)))
			continue;
		remedied = new_remedied(tried, name, remedy->what, remedy->notice);
		remedied->leaves = remedy->leaves;
		snprintf(remedied->options, sizeof(remedied->options), "try=%s", name);
		remedied->patterns = remedy->patterns & PROMISED;
		promise(tried, remedied, saves_of(evidence->saves, remedied->patterns));
		if (1u << i == VMT_REMEDY_STACKS) /* the other way to be without these guards */
			continue;
		saves += remedied->saves;
		halves += takes_two(evidence, remedy);
		if (remedied->saves || takes_two(evidence, remedy) || !(remedy->patterns & UNSURE))
			append_name(all, sizeof(all), name);
		remedied->is_promised = remedied->is_promised && !beneath;
	}
	if (tried->count && strchr(all, ',')) {
		struct vmt_remedied *together =
			new_remedied(tried, all, "all of these at once", NULL);

		snprintf(together->options, sizeof(together->options), "try=%s", all);
		promise(tried, together,
			saves + (halves == 2 ? evidence->saves[VMT_PATTERN_GUARDED] : 0));
	}
}

/* A setting of glibc in the environment, with `more` about it. */
static struct vmt_remedied *new_setting(struct vmt_try *tried, const char *name,
					struct vmt_setting setting, const char *more,
					const char *notice)
{
	struct vmt_remedied *remedied = new_remedied(tried, name, NULL, notice);
	char words[128];

	remedied->setting = setting;
	vmt_setting_words(&setting, words, sizeof(words));
	if (vmt_setting_is_overridden(&setting, tried->evidence.tunables)) {
		remedied->is_overridden = true;
		remedied->notice = "what starts the program sets GLIBC_TUNABLES, so it has to be "
				   "changed there, and could not be tried";
		snprintf(words, sizeof(words), "%s=%s in GLIBC_TUNABLES", setting.tunable,
			 setting.value);
	}
	snprintf(remedied->words, sizeof(remedied->words), "%s%s", words, more);
	remedied->what = remedied->words;
	return remedied;
}

static void choose_mallocs(struct vmt_try *tried, const char *only)
{
	const struct vmt_evidence *evidence = &tried->evidence;
	bool is_arenas =
		evidence->shows[VMT_PATTERN_ARENAS] || evidence->shows[VMT_PATTERN_ARENA_HEAPS];
	struct vmt_remedied *remedied;

	if (is_wanted(only, "arenas", is_arenas)) {
		bool is_one = evidence->saves[VMT_PATTERN_ARENA_HEAPS] >
			      evidence->saves[VMT_PATTERN_ARENAS];

		remedied = new_setting(
			tried, "arenas",
			(struct vmt_setting){ "MALLOC_ARENA_MAX", "glibc.malloc.arena_max",
					      is_one ? "1" : "2" },
			"",
			"threads wait for each other in malloc; a program that calls "
			"mallopt(M_ARENA_MAX) itself, which is left out here, has to be "
			"changed");
		snprintf(remedied->options, sizeof(remedied->options), "try=arenas");
		promise(tried, remedied, saves_of(evidence->saves, BIT(ARENAS) | BIT(ARENA_HEAPS)));
	}
	if (is_wanted(only, "mmap-threshold",
		      evidence->is_glibcs && evidence->shows[VMT_PATTERN_HOLES])) {
		remedied = new_setting(tried, "mmap-threshold",
				       (struct vmt_setting){ "MALLOC_MMAP_THRESHOLD_",
							     "glibc.malloc.mmap_threshold",
							     "33554432" },
				       "",
				       evidence->calls_mallopt ?
					       "this program calls mallopt, which may override "
					       "it: then change it there" :
					       "a program that calls mallopt itself overrides it");
		promise(tried, remedied, evidence->saves[VMT_PATTERN_HOLES]);
		remedied->is_promised = remedied->is_promised && !evidence->calls_mallopt;
	}
}

static void choose_stack_cache(struct vmt_try *tried, const char *only)
{
	const struct vmt_evidence *evidence = &tried->evidence;
	struct vmt_remedied *remedied;

	if (!is_wanted(only, "stack-cache", evidence->keeps_stacks))
		return;
	remedied = new_setting(
		tried, "stack-cache",
		(struct vmt_setting){ NULL, "glibc.pthread.stack_cache_size", "0" },
		" (glibc 2.34): stacks of joined threads are not kept for new ones",
		"each new thread maps its stack; stacks of threads that were never joined stay");
	promise(tried, remedied, evidence->saves[VMT_PATTERN_ENDED_THREADS]);
}

/*
 * May the library of this name be tried in place of the program's malloc? Whoever looks for errors with
 * Electric Fence or DUMA wants no other; and one that only lies there, as for a part of the program, is not it.
 */
static bool may_replace(const struct vmt_evidence *evidence, const char *file)
{
	const char *loaded = evidence->allocator;

	if (!loaded)
		return evidence->is_glibcs || evidence->is_replaceable;
	return evidence->is_replaceable && strcmp(loaded, "libefence") &&
	       strcmp(loaded, "libduma") && strncmp(loaded, file, strlen(loaded));
}

static void choose_allocators(struct vmt_try *tried, const char *only)
{
	static const char *const folders[] = { "/usr/lib/x86_64-linux-gnu", "/usr/lib64",
					       "/usr/lib", "/usr/local/lib" };

	for (size_t i = 0; i < VMT_COUNT(allocators); i++) {
		if (!is_wanted(only, allocators[i].name,
			       may_replace(&tried->evidence, allocators[i].file)))
			continue;
		for (size_t j = 0; j < VMT_COUNT(folders); j++) {
			struct vmt_remedied *remedied;
			char path[128];

			snprintf(path, sizeof(path), "%s/%s", folders[j], allocators[i].file);
			if (access(path, R_OK))
				continue;
			remedied = new_remedied(tried, allocators[i].name,
						"another allocator (LD_PRELOAD)", NULL);
			snprintf(remedied->preload, sizeof(remedied->preload), "%s", path);
			break;
		}
	}
}

void vmt_try_choose(struct vmt_try *tried, const char *only)
{
	tried->count = 0;
	choose_librarys(tried, only);
	choose_mallocs(tried, only);
	choose_stack_cache(tried, only);
	choose_allocators(tried, only);
}

int64_t vmt_try_measured(const struct vmt_try *tried, const struct vmt_remedied *remedy)
{
	const struct vmt_trial *plain = &tried->plain, *with = &remedy->trial;

	if (vmt_try_is_by_peak(tried))
		return (int64_t)(plain->maps_peak - with->maps_peak);
	return (int64_t)(plain->maps_end - with->maps_end);
}

bool vmt_try_is_hidden(const struct vmt_try *tried, const struct vmt_remedied *remedy)
{
	return tried->plain.is_at_limit && remedy->trial.is_at_limit;
}

enum vmt_try_shortfall vmt_try_shortfall(const struct vmt_try *tried,
					 const struct vmt_remedied *remedy, uint64_t *ret_left)
{
	int64_t promised = (int64_t)remedy->saves, measured = vmt_try_measured(tried, remedy);

	if (!remedy->is_promised || !remedy->patterns || remedy->saves < WORTHWHILE ||
	    measured >= promised / 10 * 9)
		return VMT_TRY_AS_PROMISED;
	if (measured > promised / 10)
		return VMT_TRY_PARTLY;
	*ret_left = saves_of(remedy->evidence.could_save, remedy->patterns);
	if (vmt_try_is_hidden(tried, remedy))
		return VMT_TRY_AT_LIMIT;
	return *ret_left > remedy->saves / 2 ? VMT_TRY_LEFT : VMT_TRY_REPLACED;
}

bool vmt_try_is_saved(const struct vmt_try *tried, const struct vmt_trial *trial)
{
	return tried->plain.is_at_limit && tried->plain.status && !trial->is_at_limit &&
	       !trial->status;
}

const char *vmt_try_output(const struct vmt_try *tried, const struct vmt_trial *trial)
{
	if (vmt_try_is_saved(tried, trial))
		return "saved";
	if (vmt_trial_is_same_output(&tried->plain, trial))
		return "same";
	return vmt_trial_is_same_output(&tried->plain, &tried->again) ? "DIFFERS" : "varies";
}
