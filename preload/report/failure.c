/* SPDX-License-Identifier: MIT */
/*
 * The process's resources are read only when a call has failed, and not under a seccomp filter. See
 * failure.h.
 */
#include "report/failure.h"

#include <fcntl.h>
#include <linux/errno.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "core/base/fmt.h"
#include "core/base/scan.h"
#include "core/resolve/enomem.h"
#include "os/fd.h"
#include "os/sys.h"
#include "own/log.h"
#include "store/lost.h"
#include "store/timeline.h"
#include "store/publish.h"

#define GRACES 20u

static uint64_t limit_of(int resource)
{
	struct rlimit limit;

	if (vmt_sys_failed(vmt_sys4(SYS_prlimit64, 0, resource, 0, &limit)) ||
	    limit.rlim_cur == RLIM_INFINITY)
		return VMT_UNLIMITED;
	return limit.rlim_cur;
}

/* Returns the bytes that a file of /proc/sys/vm gives in kB; 0 if it cannot be read. */
static uint64_t kilobytes_in(struct vmt_state *state, const char *path)
{
	long length = vmt_fd_read_file(path, state->text, sizeof(state->text));

	return length > 0 ? vmt_scan_number(state->text, state->text + length) * 1024 : 0;
}

/*
 * What stays below CommitLimit for an administrator, and for the user when one process has nearly
 * all memory. The former is counted for root as well: the kernel's sum is not exact, either.
 */
static uint64_t commit_reserve(struct vmt_state *state, uint64_t address_space)
{
	uint64_t user = kilobytes_in(state, "/proc/sys/vm/user_reserve_kbytes");

	return kilobytes_in(state, "/proc/sys/vm/admin_reserve_kbytes") +
	       (user < address_space / 32 ? user : address_space / 32);
}

/*
 * vm.overcommit_memory: 0 refuses requests larger than all memory, 1 refuses nothing, 2 refuses
 * what exceeds CommitLimit without its reserves (mm/util.c).
 */
static uint64_t commit_left(struct vmt_state *state, uint64_t address_space)
{
	char *text = state->text;
	uint64_t limit, used;
	long length = vmt_fd_read_file("/proc/sys/vm/overcommit_memory", text, sizeof(state->text));
	char mode = length > 0 ? text[0] : '1';

	if (mode == '1')
		return VMT_UNLIMITED;
	length = vmt_fd_read_file("/proc/meminfo", text, sizeof(state->text));
	if (length <= 0)
		return VMT_UNLIMITED;
	if (mode == '0')
		return (vmt_scan_number_after(text, (size_t)length, "MemTotal:") +
			vmt_scan_number_after(text, (size_t)length, "SwapTotal:")) *
		       1024;
	limit = vmt_scan_number_after(text, (size_t)length, "CommitLimit:") * 1024;
	used = vmt_scan_number_after(text, (size_t)length, "Committed_AS:") * 1024;
	used += commit_reserve(state, address_space);
	return limit > used ? limit - used : 0;
}

/* Returns false if the resources cannot be read. */
static bool read_resources(struct vmt_state *state, struct vmt_resources *has)
{
	char *text = state->text;
	long length;

	*has = (struct vmt_resources){
		.map_limit = state->counters.maps_limit,
		.address_space_limit = limit_of(RLIMIT_AS),
		.data_limit = limit_of(RLIMIT_DATA),
		.locked_limit = limit_of(RLIMIT_MEMLOCK),
		.commit_left = VMT_UNLIMITED,
	};
	length = vmt_fd_read_file("/proc/self/status", text, sizeof(state->text));
	if (length <= 0)
		return length != -EPERM;
	has->address_space = vmt_scan_number_after(text, (size_t)length, "VmSize:") * 1024;
	has->data = vmt_scan_number_after(text, (size_t)length, "VmData:") * 1024;
	has->locked = vmt_scan_number_after(text, (size_t)length, "VmLck:") * 1024;
	state->counters.threads = vmt_scan_number_after(text, (size_t)length, "Threads:");
	has->commit_left = commit_left(state, has->address_space);
	return true;
}

void vmt_failure_count_threads(struct vmt_state *state)
{
	struct stat status;
	long ret = vmt_sys4(SYS_newfstatat, AT_FDCWD, "/proc/self/task", &status, 0);

	/* it has two links besides those of its folders, one for each thread (fs/proc/base.c) */
	state->counters.threads = vmt_sys_failed(ret) ? 0 : status.st_nlink - 2;
}

static uint32_t error_of(const struct vmt_done *done)
{
	return done->call == VMT_CALL_BRK ? ENOMEM : (uint32_t)-done->result;
}

void vmt_failure_note(struct vmt_state *state, const struct vmt_done *done,
		      const struct vmt_site *site, uint64_t maps)
{
	struct vmt_rec_failure failure = {
		.time = vmt_clock_since_start(state),
		.site = site->id,
		.error = error_of(done),
		.maps = state->counters.maps_now,
		.length = done->call == VMT_CALL_BRK ? 0 : (uint64_t)done->args[1],
	};
	struct vmt_resources has;

	if (!vmt_enomem_is_wanted(done) || vmt_publish_failures_full(state))
		return;
	if (read_resources(state, &has))
		failure.reason = (uint32_t)vmt_enomem_reason(&state->space, done, maps, &has);
	vmt_publish_failure(state, &failure);
	if (failure.reason != VMT_REASON_MAP_LIMIT)
		return;
	state->reporting.limit_failure = failure;
	if (!(state->alarms.said & VMT_ALARM_LIMIT))
		atomic_store_explicit(&state->alarms.reporting_limit, 1, memory_order_relaxed);
	vmt_state_raise(state, VMT_ALARM_LIMIT);
}

void vmt_failure_near(struct vmt_state *state)
{
	uint64_t limit = state->counters.maps_limit;

	if (state->space.count >= limit * 95 / 100 + 1)
		vmt_state_raise(state, VMT_ALARM_95);
	else
		vmt_state_raise(state, VMT_ALARM_80);
}

static void say_near(struct vmt_state *state)
{
	uint64_t limit = state->counters.maps_limit;
	uint64_t count = state->counters.maps_now + state->counters.maps_own;
	uint64_t had, half = vmt_timeline_half(state, &had);
	uint64_t ms = (vmt_clock_since_start(state) - half) / 1000000;
	struct vmt_fmt fmt;

	vmt_fmt_init(&fmt, vmt_log_emit, state, state->process.pid);
	vmt_fmt_str(&fmt, "vmatrace: ");
	vmt_fmt_num(&fmt, count, 0);
	vmt_fmt_str(&fmt, " maps, ");
	vmt_fmt_num(&fmt, limit ? count * 100 / limit : 0, 0);
	vmt_fmt_str(&fmt, " % of vm.max_map_count (");
	vmt_fmt_num(&fmt, limit, 0);
	vmt_fmt_str(&fmt, ")");
	if (ms >= 100 && state->counters.maps_now > had) {
		vmt_fmt_str(&fmt, half ? ", of late " : ", ");
		vmt_fmt_signed(&fmt, (int64_t)((state->counters.maps_now - had) * 1000 / ms), 0);
		vmt_fmt_str(&fmt, "/s");
	}
	vmt_fmt_wrap(&fmt, 0);
}

static void say_no_recording(const struct vmt_state *state, struct vmt_fmt *fmt)
{
	vmt_fmt_str(fmt, "; this is a child process without a recording");
	if (!state->recording_file.error) {
		vmt_fmt_str(fmt, ": children=report prints its call sites, and dir=DIR or "
				 "`vmatrace run` records them");
		return;
	}
	vmt_fmt_str(fmt, " in ");
	vmt_fmt_str(fmt, state->options.dir[0] ? state->options.dir : "the directory of dir=");
	vmt_fmt_str(fmt, ": ");
	vmt_fmt_str(fmt, vmt_lost_why(state->recording_file.error));
}

static void say_limit(struct vmt_state *state)
{
	const struct vmt_rec_failure *failure = &state->reporting.limit_failure;
	const struct vmt_site *site = state->sites.by_id[failure->site];
	struct vmt_fmt fmt;

	vmt_fmt_init(&fmt, vmt_log_emit, state, state->process.pid);
	vmt_fmt_str(&fmt, "vmatrace: ");
	vmt_fmt_str(&fmt, vmt_calls_name(site->call));
	vmt_fmt_str(&fmt, failure->error == EAGAIN ? " failed: EAGAIN" : " failed: ENOMEM");
	vmt_fmt_str(&fmt, ", because the process has ");
	vmt_fmt_num(&fmt, failure->maps, 0);
	vmt_fmt_str(&fmt, " maps (+");
	vmt_fmt_num(&fmt, state->counters.maps_own, 0);
	vmt_fmt_str(&fmt, " vmatrace) and vm.max_map_count is ");
	vmt_fmt_num(&fmt, state->counters.maps_limit, 0);
	if (!state->recording.base)
		say_no_recording(state, &fmt);
	else if (state->options.report == VMT_REPORT_LINES && state->options.dir[0]) {
		vmt_fmt_str(&fmt, "; vmatrace report ");
		vmt_fmt_str(&fmt, state->options.dir);
		vmt_fmt_str(&fmt, " shows their call sites");
	}
	vmt_fmt_wrap(&fmt, 0);
}

/* Children print no reports unless they are to, but the reason of a failure is always said. */
static bool say_limit_in_child(struct vmt_state *state)
{
	vmt_log_open_child(state);
	if (!state->options.report || vmt_log_fd(state) < 0)
		return false;
	say_limit(state);
	return state->options.report != VMT_REPORT_LINES;
}

static bool say(struct vmt_state *state, uint32_t due)
{
	if (!vmt_state_reports(state))
		return due & VMT_ALARM_LIMIT && say_limit_in_child(state);
	if (vmt_log_fd(state) < 0)
		return false;
	if (due & VMT_ALARM_DISK)
		vmt_log(state, "the disk is full: the recording is incomplete from here on");
	if (due & VMT_ALARM_CUT)
		vmt_log(state, "the recording's file was truncated: its contents are lost, and "
			       "nothing more is recorded");
	if (!state->options.report)
		return false;
	if (due & (VMT_ALARM_80 | VMT_ALARM_95))
		say_near(state);
	if (due & VMT_ALARM_LIMIT)
		say_limit(state);
	return due & VMT_ALARM_LIMIT && state->options.report != VMT_REPORT_LINES;
}

bool vmt_failure_say(struct vmt_state *state)
{
	uint32_t due = atomic_exchange_explicit(&state->alarms.due, 0, memory_order_relaxed);
	bool reports = say(state, due);

	if (due & VMT_ALARM_LIMIT && !reports)
		vmt_failure_report_has_ended(state);
	return reports;
}

bool vmt_failure_is_reporting(const struct vmt_state *state)
{
	return atomic_load_explicit(&state->alarms.reporting_limit, memory_order_relaxed);
}

void vmt_failure_report_has_ended(struct vmt_state *state)
{
	atomic_store_explicit(&state->alarms.reporting_limit, 0, memory_order_relaxed);
}

bool vmt_failure_may_be_limit(struct vmt_state *state)
{
	return state->alarms.said & VMT_ALARM_80 && !(state->alarms.said & VMT_ALARM_LIMIT) &&
	       atomic_fetch_add_explicit(&state->alarms.graces, 1, memory_order_relaxed) < GRACES;
}
