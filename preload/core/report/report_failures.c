/* SPDX-License-Identifier: MIT */
/*
 * Which calls failed, how often and why. The text report says this right after the numbers, since
 * the program's own error message was about it. Pure like the rest (report.h).
 */
#include "core/report/report_parts.h"

#include <linux/errno.h>

static const struct {
	const char *word;
	const char *sentence;
} reasons[] = {
	[VMT_REASON_UNKNOWN] = { "unknown", NULL },
	[VMT_REASON_MAP_LIMIT] = { "map-limit", NULL },
	[VMT_REASON_RLIMIT_AS] = { "rlimit-as", "the limit of address space (ulimit -v)" },
	[VMT_REASON_RLIMIT_DATA] = { "rlimit-data", "the limit of data (ulimit -d)" },
	[VMT_REASON_RLIMIT_MEMLOCK] = { "rlimit-memlock",
					"the limit of locked memory (ulimit -l)" },
	[VMT_REASON_OVERCOMMIT] = { "overcommit", "the kernel's overcommit rules, not the maps" },
	[VMT_REASON_ADDRESS_SPACE] = { "address-space", "no free addresses of that length" },
	[VMT_REASON_SEALED] = { "sealed", "memory sealed by mseal" },
	[VMT_REASON_HUGE_PAGES] = { "huge-pages", "too few free huge pages (vm.nr_hugepages)" },
	[VMT_REASON_RLIMIT_NPROC] = { "rlimit-nproc",
				      "the limit of a user's processes and threads (ulimit -u)" },
	[VMT_REASON_CGROUP_PIDS] = { "cgroup-pids", "pids.max of its control group" },
	[VMT_REASON_THREADS_MAX] = { "threads-max", "kernel.threads-max" },
	[VMT_REASON_PID_MAX] = { "pid-max", "kernel.pid_max" },
	[VMT_REASON_HOLE] = { "hole", "nothing mapped in part of the range" },
};

const char *vmt_report_reason(uint32_t reason)
{
	return reason < VMT_COUNT(reasons) && reasons[reason].word ? reasons[reason].word :
								     reasons[0].word;
}

static void put_reason(struct vmt_report *text, const struct vmt_rec_failure *failure)
{
	struct vmt_fmt *fmt = &text->fmt;

	if (failure->reason == VMT_REASON_MAP_LIMIT) {
		vmt_fmt_str(fmt, ", because the process had ");
		vmt_fmt_num(fmt, failure->maps, 0);
		vmt_fmt_str(fmt, " maps (+");
		vmt_fmt_num(fmt, text->view->header.maps_own, 0);
		vmt_fmt_str(fmt, " vmatrace) and vm.max_map_count is ");
		vmt_fmt_num(fmt, text->view->header.maps_limit, 0);
	} else if (failure->reason < VMT_COUNT(reasons) && reasons[failure->reason].sentence) {
		vmt_fmt_str(fmt, ", because of ");
		vmt_fmt_str(fmt, reasons[failure->reason].sentence);
	}
}

static bool starts_a_thread(struct vmt_report *text, const struct vmt_rec_site *site)
{
	uint32_t count = vmt_view_frame_count(text->view, site);
	struct vmt_report_frame frame;

	for (uint32_t i = 0; i < count && i < text->depth; i++) {
		const struct vmt_report_spot spot = { (uint64_t)site->frame_first + i, 0 };

		if (vmt_report_find(text, site, spot, true, &frame) && frame.names.function &&
		    (vmt_begins_with(frame.names.function, "pthread_create") ||
		     vmt_begins_with(frame.names.function, "allocate_stack")))
			return true;
	}
	return false;
}

/* pthread_create turns ENOMEM into EAGAIN, so this is what the program's own message says. */
static void put_thread(struct vmt_report *text, const struct vmt_rec_failure *first)
{
	uint64_t count = vmt_view_count(text->view, VMT_SECTION_SITES);
	struct vmt_rec_site site;

	for (uint64_t i = VMT_SITE_FIRST; first->error == ENOMEM && i < count; i++) {
		if (!vmt_view_site(text->view, i, &site) || !site.counters.failed ||
		    !starts_a_thread(text, &site))
			continue;
		if (i != first->site) {
			vmt_fmt_str(&text->fmt, ", also in ");
			vmt_report_function(text, &site);
		}
		vmt_fmt_str(&text->fmt, " (pthread_create: EAGAIN)");
		return;
	}
}

/* "  failure mmap failed 3 times: " */
static void put_what(struct vmt_fmt *fmt, const char *what, uint64_t times)
{
	vmt_fmt_str(fmt, "  failure ");
	vmt_fmt_str(fmt, what);
	vmt_fmt_str(fmt, " failed ");
	if (times > 1) {
		vmt_fmt_num(fmt, times, 0);
		vmt_fmt_str(fmt, " times: ");
	} else {
		vmt_fmt_str(fmt, "once: ");
	}
}

static void put_failure(struct vmt_report *text, const struct vmt_rec_failure *failure,
			uint64_t times)
{
	struct vmt_fmt *fmt = &text->fmt;
	const char *name = vmt_report_errno(failure->error);
	struct vmt_rec_site site;
	bool has_site = vmt_view_site(text->view, failure->site, &site);

	put_what(fmt, has_site && site.call ? vmt_calls_name(site.call) : "a call", times);
	vmt_fmt_str(fmt, name ? name : "error ");
	if (!name)
		vmt_fmt_num(fmt, failure->error, 0);
	put_reason(text, failure);
	if (has_site && site.frame_count) {
		vmt_fmt_str(fmt, times > 1 ? "; first in " : "; in ");
		vmt_report_place(text, &site);
		put_thread(text, failure);
	}
	vmt_fmt_wrap(fmt, 10);
}

/*
 * A thread or process makes no map by being started; and fork(2) may make as many maps as there
 * are.
 */
static void put_refused(struct vmt_report *text, const char *what, uint64_t times)
{
	const struct vmt_rec_header *header = &text->view->header;
	const char *name = vmt_report_errno(header->refused_error);
	const char *limit = header->refused_reason < VMT_COUNT(reasons) ?
				    reasons[header->refused_reason].sentence :
				    NULL;
	struct vmt_fmt *fmt = &text->fmt;

	if (!times)
		return;
	put_what(fmt, what, times);
	vmt_fmt_str(fmt, name ? name : "error");
	if (limit) {
		vmt_fmt_str(fmt, ", because of ");
		vmt_fmt_str(fmt, limit);
		vmt_fmt_str(fmt, ", which is ");
		vmt_fmt_num(fmt, header->refused_limit, 0);
		vmt_fmt_str(fmt, ", not of the maps");
	} else if (header->refused_error == EAGAIN) {
		vmt_fmt_str(fmt, ", because of a limit of processes and threads (ulimit -u, "
				 "pids.max of a control group, kernel.threads-max, "
				 "kernel.pid_max), not of the maps");
	} else {
		vmt_fmt_str(fmt, ", because the kernel had no memory for it, not because of the "
				 "maps");
	}
	vmt_fmt_wrap(fmt, 10);
}

/* The call of the failure number `index`; false: there is no such failure. */
static bool read_failure(const struct vmt_view *view, uint64_t index, uint32_t *ret_call,
			 struct vmt_rec_failure *ret_failure)
{
	struct vmt_rec_site site;

	if (!vmt_view_failure(view, index, ret_failure))
		return false;
	*ret_call = vmt_view_site(view, ret_failure->site, &site) ? site.call : VMT_CALL_NONE;
	return true;
}

static bool is_last_of_its_site(const struct vmt_view *view, uint64_t index, uint64_t count,
				const struct vmt_rec_failure *failure)
{
	struct vmt_rec_failure later;

	for (uint64_t i = index + 1; i < count; i++) {
		if (vmt_view_failure(view, i, &later) && later.site == failure->site)
			return false;
	}
	return true;
}

/*
 * The list of failures is bounded, the counters are not. Further failures of a site are assumed to
 * have had the same reason as its last one that is listed.
 */
static uint64_t not_listed(const struct vmt_view *view, uint64_t index, uint64_t count,
			   const struct vmt_rec_failure *failure)
{
	struct vmt_rec_failure other;
	struct vmt_rec_site site;
	uint64_t listed = 0;

	if (!is_last_of_its_site(view, index, count, failure) ||
	    !vmt_view_site(view, failure->site, &site))
		return 0;
	for (uint64_t i = 0; i <= index; i++)
		listed += vmt_view_failure(view, i, &other) && other.site == failure->site;
	return site.counters.failed > listed ? site.counters.failed - listed : 0;
}

#define ANY_REASON UINT32_MAX

struct failed {
	struct vmt_rec_failure first;
	uint64_t times;
	uint32_t last; /* the reason of the call's last failure that is listed, whatever it was */
};

static bool is_list_full(const struct vmt_view *view)
{
	return vmt_view_count(view, VMT_SECTION_FAILURES) >=
	       view->header.section[VMT_SECTION_FAILURES].capacity;
}

static struct failed count_by_site(const struct vmt_view *view, uint32_t call, uint32_t reason)
{
	uint64_t count = vmt_view_count(view, VMT_SECTION_FAILURES);
	struct failed failed = { .times = 0 };
	bool is_full = is_list_full(view);
	struct vmt_rec_failure failure;
	uint32_t of;

	for (uint64_t i = 0; i < count; i++) {
		if (!read_failure(view, i, &of, &failure) || of != call)
			continue;
		failed.last = failure.reason;
		if (reason != ANY_REASON && failure.reason != reason)
			continue;
		failed.first = failed.times ? failed.first : failure;
		failed.times += 1 + (is_full ? not_listed(view, i, count, &failure) : 0);
	}
	return failed;
}

/* Failures of places that none is listed of are assumed to be like the call's last one. */
uint64_t vmt_report_failed(const struct vmt_view *view, uint32_t call, uint32_t reason,
			   struct vmt_rec_failure *ret_first)
{
	struct failed failed = count_by_site(view, call, reason);
	struct vmt_rec_counters counters;
	uint64_t all;

	if (!failed.times)
		return 0;
	*ret_first = failed.first;
	if (failed.last != reason || !is_list_full(view) || !vmt_view_call(view, call, &counters))
		return failed.times;
	all = count_by_site(view, call, ANY_REASON).times;
	return failed.times + (counters.failed > all ? counters.failed - all : 0);
}

/* The first failure for each reason and system call represents the others. */
void vmt_report_failures(struct vmt_report *text)
{
	struct vmt_rec_failure first;
	uint64_t times;

	put_refused(text, "pthread_create", text->view->header.threads_refused);
	put_refused(text, "fork", text->view->header.forks_refused);
	if (!vmt_view_count(text->view, VMT_SECTION_FAILURES))
		return;
	for (uint32_t i = 1; i <= VMT_COUNT(reasons); i++) {
		/* Failures for an unknown reason come last. */
		uint32_t reason = i % VMT_COUNT(reasons);

		for (uint32_t call = 0; call < VMT_CALL_COUNT; call++) {
			times = vmt_report_failed(text->view, call, reason, &first);
			if (times)
				put_failure(text, &first, times);
		}
	}
}
