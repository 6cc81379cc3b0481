/* SPDX-License-Identifier: MIT */
/*
 * What a recording tells of a process apart from its maps: threads, failures, and which calls were
 * made how often. Part of explain_record.h.
 */
#include "explain/explain_record.h"
#include "input/liveness.h"
#include "input/process.h"

#include <stdlib.h>
#include <sys/mman.h>

/* Only a fork child has owners whose calls it never made. */
static bool is_fork_child(const struct vmt_explain_record *record)
{
	struct vmt_rec_site site;

	for (size_t i = 0; i < record->count; i++) {
		uint32_t owner = record->map[i].put_by;

		if (owner >= VMT_SITE_FIRST && vmt_view_site(record->view, owner, &site) &&
		    !site.counters.calls)
			return true;
	}
	return false;
}

/* Returns the number of threads now if the process exists, or else when the recording ended. */
static uint64_t threads_of(const struct vmt_view *view)
{
	struct vmt_process process;
	pid_t pid = vmt_liveness_pid(view);

	if (!pid || vmt_process_read(pid, &process))
		return view->header.threads;
	return process.threads;
}

static bool has_failed_for(const struct vmt_view *view, uint32_t reason)
{
	uint64_t count = vmt_view_count(view, VMT_SECTION_FAILURES);
	struct vmt_rec_failure failure;

	for (uint64_t i = 0; i < count; i++) {
		if (vmt_view_failure(view, i, &failure) && failure.reason == reason)
			return true;
	}
	return false;
}

static bool gives_write(const struct vmt_view *view)
{
	uint64_t count = vmt_view_count(view, VMT_SECTION_SITES);
	uint64_t calls = 0;
	struct vmt_rec_site site;

	for (uint64_t i = VMT_SITE_FIRST; i < count; i++) {
		if (vmt_view_site(view, i, &site) && site.call == VMT_CALL_MPROTECT &&
		    (!(site.asked & VMT_ASKED_KNOWN) || site.asked & PROT_WRITE))
			calls += site.counters.calls;
	}
	return calls >= VMT_EXPLAIN_LEAST;
}

/*
 * Did all calls that cut maps do so for the sake of one attribute? If there are two, a later call
 * may have changed a map without cutting it.
 */
static bool has_one_cut(const struct vmt_view *view)
{
	enum vmt_apart one = VMT_APART_UNKNOWN;
	struct vmt_rec_counters counters;

	for (uint32_t call = 0; call < VMT_CALL_COUNT; call++) {
		enum vmt_apart cut = vmt_explain_cut(call);

		if (cut == VMT_APART_UNKNOWN || !vmt_view_call(view, call, &counters) ||
		    counters.calls <= counters.failed)
			continue;
		if (one != VMT_APART_UNKNOWN && cut != one)
			return false;
		one = cut;
	}
	return one != VMT_APART_UNKNOWN;
}

/* MADV_DONTNEED and the like are done at once, and leave no attribute behind. */
static bool is_lasting(const struct vmt_rec_site *site)
{
	uint32_t advice = site->asked & ~VMT_ASKED_KNOWN;

	if (site->call == VMT_CALL_MUNLOCK)
		return false;
	if (site->call != VMT_CALL_MADVISE || !(site->asked & VMT_ASKED_KNOWN))
		return true;
	return advice <= MADV_SEQUENTIAL || (advice >= MADV_DONTFORK && advice <= MADV_KEEPONFORK);
}

/* Returns the attribute, apart from protection, that most calls gave; UNKNOWN = none. */
static enum vmt_apart most_given(const struct vmt_view *view, uint64_t *ret_calls)
{
	uint64_t count = vmt_view_count(view, VMT_SECTION_SITES);
	uint64_t calls[VMT_APART_COUNT] = { 0 }, all = 0;
	enum vmt_apart most = VMT_APART_UNKNOWN;
	struct vmt_rec_site site;

	for (uint64_t i = VMT_SITE_FIRST; i < count; i++) {
		enum vmt_apart cut;

		if (!vmt_view_site(view, i, &site) || !is_lasting(&site))
			continue;
		cut = vmt_explain_cut(site.call);
		if (cut == VMT_APART_UNKNOWN)
			continue;
		calls[cut] += site.counters.calls - site.counters.failed;
		all += site.counters.calls - site.counters.failed;
		most = calls[cut] > calls[most] ? cut : most;
	}
	*ret_calls = calls[most];
	return calls[most] > all / 2 ? most : VMT_APART_UNKNOWN;
}

/* Which site made most calls of each system call. */
static void find_busiest(const struct vmt_view *view, struct vmt_explain_facts *facts)
{
	uint64_t count = vmt_view_count(view, VMT_SECTION_SITES);
	struct vmt_rec_site site;

	for (uint64_t i = VMT_SITE_FIRST; i < count; i++) {
		if (!vmt_view_site(view, i, &site) || site.call >= VMT_CALL_COUNT ||
		    site.counters.calls - site.counters.failed <= facts->busiest[site.call].calls)
			continue;
		facts->busiest[site.call].site = (uint32_t)i;
		facts->busiest[site.call].calls = site.counters.calls - site.counters.failed;
	}
}

/* Sites whose calls gave what others had cut before an attribute that lasts. */
static void find_givers(const struct vmt_view *view, struct vmt_explain_facts *facts)
{
	uint64_t count = vmt_view_count(view, VMT_SECTION_SITES), calls;
	struct vmt_rec_site site;
	size_t at;

	for (uint64_t i = VMT_SITE_FIRST; i < count; i++) {
		if (!vmt_view_site(view, i, &site) || !is_lasting(&site) ||
		    vmt_explain_cut(site.call) == VMT_APART_UNKNOWN)
			continue;
		calls = site.counters.calls - site.counters.failed;
		if (site.counters.split > calls / 4)
			continue;
		for (at = VMT_EXPLAIN_GIVERS; at && facts->giver[at - 1].calls < calls; at--) {
			if (at < VMT_EXPLAIN_GIVERS)
				facts->giver[at] = facts->giver[at - 1];
		}
		if (at < VMT_EXPLAIN_GIVERS) {
			facts->giver[at].site = (uint32_t)i;
			facts->giver[at].calls = calls;
		}
	}
}

uint64_t *vmt_explain_own_calls(const struct vmt_view *view, uint32_t sites)
{
	uint64_t *calls = calloc((size_t)sites + 1, sizeof(*calls));
	struct vmt_rec_site site;

	for (uint32_t i = VMT_SITE_FIRST; calls && i < sites; i++) {
		if (vmt_view_site(view, i, &site))
			calls[i] = site.counters.calls - site.counters.failed;
	}
	return calls;
}

uint64_t *vmt_explain_calls(const uint64_t *own_calls, const uint32_t *place, uint32_t sites)
{
	uint64_t *calls = own_calls && place ? calloc((size_t)sites + 1, sizeof(*calls)) : NULL;

	for (uint32_t i = VMT_SITE_FIRST; calls && i < sites; i++)
		calls[place[i]] += own_calls[i];
	for (uint32_t i = VMT_SITE_FIRST; calls && i < sites; i++)
		calls[i] = calls[place[i]];
	return calls;
}

static bool is_closing(const struct vmt_rec_site *site)
{
	return site->call == VMT_CALL_MPROTECT && site->asked == VMT_ASKED_KNOWN; /* PROT_NONE */
}

static void sum_closed(const struct vmt_explain_record *record, uint32_t sites,
		       struct vmt_rec_counters *sum)
{
	struct vmt_rec_site site;

	for (uint32_t i = VMT_SITE_FIRST; i < sites; i++) {
		if (!vmt_view_site(record->view, i, &site) || !is_closing(&site))
			continue;
		sum[record->place[i]].calls += site.counters.calls - site.counters.failed;
		sum[record->place[i]].merged += site.counters.merged;
	}
}

/*
 * A function that closes memory beside what another call in it closes does so piece by piece: that is
 * neither a guard nor giving back.
 */
static void drop_one_function(const struct vmt_explain_record *record, uint8_t *closer,
			      uint32_t sites)
{
	for (uint32_t i = VMT_SITE_FIRST; i < sites; i++) {
		for (uint32_t k = VMT_SITE_FIRST; closer[i] == VMT_CLOSER_JOINS && k < sites; k++) {
			if (closer[k] == VMT_CLOSER_ALONE && record->place[k] == k &&
			    vmt_explain_is_one_function(record, i, k))
				closer[i] = VMT_CLOSER_NONE;
		}
	}
}

uint8_t *vmt_explain_closers(const struct vmt_explain_record *record, uint32_t sites)
{
	struct vmt_rec_counters *sum =
		record->place ? calloc((size_t)sites + 1, sizeof(*sum)) : NULL;
	uint8_t *closer = calloc((size_t)sites + 1, sizeof(*closer));
	struct vmt_rec_site site;

	if (sum)
		sum_closed(record, sites, sum);
	for (uint32_t i = VMT_SITE_FIRST; sum && closer && i < sites; i++) {
		const struct vmt_rec_counters *of = &sum[record->place[i]];

		if (of->calls < VMT_EXPLAIN_LEAST || !vmt_view_site(record->view, i, &site) ||
		    !is_closing(&site))
			continue;
		closer[i] = of->merged >= of->calls - of->calls / 10 ? VMT_CLOSER_JOINS :
								       VMT_CLOSER_ALONE;
	}
	if (sum && closer)
		drop_one_function(record, closer, sites);
	free(sum);
	return closer;
}

void vmt_explain_facts_of(const struct vmt_explain_record *record,
			  struct vmt_explain_facts *ret_facts)
{
	const struct vmt_view *view = record->view;

	*ret_facts = (struct vmt_explain_facts){
		.threads = 1,
		.sites = (uint32_t)vmt_view_count(view, VMT_SECTION_SITES),
		.is_fork_child = is_fork_child(record),
		.threads_left = threads_of(view),
		.has_no_addresses = has_failed_for(view, VMT_REASON_ADDRESS_SPACE),
		.is_over_rlimit = has_failed_for(view, VMT_REASON_RLIMIT_AS),
		.tunables = view->header.tunables,
		.gives_write = gives_write(view),
		.has_one_cut = has_one_cut(view),
	};
	ret_facts->given = most_given(view, &ret_facts->given_calls);
	find_busiest(view, ret_facts);
	find_givers(view, ret_facts);
}
