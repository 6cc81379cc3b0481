/* SPDX-License-Identifier: MIT */
/* Removes nothing but recordings of an older run. See outdir.h. */
#include "core/report/report.h"
#include "input/liveness.h"
#include "input/load.h"
#include "input/process.h"
#include "run/outdir.h"
#include "util/message.h"
#include "util/must.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

size_t vmt_outdir_count(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	size_t count = 0;

	while (dir && (entry = readdir(dir)))
		count += vmt_load_is_recording_name(entry->d_name);
	if (dir)
		closedir(dir);
	return count;
}

static void remove_recordings(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		if (vmt_load_is_recording_name(entry->d_name) ||
		    vmt_load_is_lost_name(entry->d_name))
			(void)unlinkat(dirfd(dir), entry->d_name, 0);
	}
	if (dir)
		closedir(dir);
}

/* Another run that is still recording into the directory keeps it. */
static bool is_in_use(const char *path)
{
	struct vmt_recordings recordings = { NULL, 0 };
	bool found = false;

	(void)vmt_load_path(&recordings, path);
	for (size_t i = 0; i < recordings.count && !found; i++) {
		const struct vmt_view *view = &recordings.item[i].view;

		found = view->header.end == VMT_END_RUNNING && !vmt_liveness_is_gone(view);
	}
	vmt_load_free(&recordings);
	return found;
}

void vmt_outdir_set_aside(const char *path)
{
	char *lost, *old;

	/* If it belongs to somebody else, the caller says so. */
	if (access(path, W_OK | X_OK) || !vmt_outdir_count(path) || is_in_use(path))
		return;
	old = vmt_must_format("%s.old", path);
	lost = vmt_must_format("%s/" VMT_LOAD_LOST, old);
	remove_recordings(lost);
	(void)!rmdir(lost);
	remove_recordings(old);
	/*
	 * rmdir fails if something else is in the directory; the recordings are kept together then.
	 */
	if (!rmdir(old) || access(old, F_OK))
		(void)rename(path, old);
	free(lost);
	free(old);
}

static const struct vmt_view *last_image(const struct vmt_recordings *recordings, pid_t pid,
					 uint64_t since)
{
	const struct vmt_view *last = NULL;

	for (size_t i = 0; i < recordings->count; i++) {
		const struct vmt_view *view = &recordings->item[i].view;

		if (view->header.pid == (uint32_t)pid && view->header.start_realtime >= since)
			last = view;
	}
	return last;
}

/* Returns the only process that this one has started; 0: none or several. */
static pid_t only_child(const struct vmt_recordings *recordings, pid_t pid, uint64_t since)
{
	uint32_t child = 0;

	for (size_t i = 0; i < recordings->count; i++) {
		const struct vmt_rec_header *header = &recordings->item[i].view.header;

		if (header->parent_pid != (uint32_t)pid || header->start_realtime < since)
			continue;
		if (child && child != header->pid)
			return 0;
		child = header->pid;
	}
	return (pid_t)child;
}

/* Is it another program, with more maps? */
static bool is_of_interest(const struct vmt_view *child, const struct vmt_view *parent)
{
	struct vmt_view_string one = vmt_view_string(child, child->header.exe);
	struct vmt_view_string two = vmt_view_string(parent, parent->header.exe);

	return child->header.maps_peak > parent->header.maps_peak &&
	       (one.length != two.length || memcmp(one.bytes, two.bytes, one.length));
}

/* This one, or the last that it led to, may have become a program that was not traced. */
static bool is_untraced(const struct vmt_view *shown, const struct vmt_view *last)
{
	return shown->header.end == VMT_END_EXEC ||
	       (last->header.end == VMT_END_EXEC &&
		shown->header.maps_peak < shown->header.maps_start + VMT_TREND_SMALL);
}

/*
 * Follow a program that does little but start another one, as timeout does. The process with most maps
 * is shown, of a chain in which each has started a single one.
 */
static void find_shown(const struct vmt_recordings *recordings, pid_t pid, uint64_t since,
		       struct vmt_outdir_others *others)
{
	const struct vmt_view *most = last_image(recordings, pid, since);
	const struct vmt_view *last = most;
	const struct vmt_view *child;
	struct vmt_view_string exe;
	pid_t at = pid;

	/* Pids come from files, and may form a circle. */
	for (size_t i = 0; most && i < recordings->count; i++) {
		at = only_child(recordings, at, since);
		child = at ? last_image(recordings, at, since) : NULL;
		if (!child)
			break;
		most = is_of_interest(child, most) ? child : most;
		last = child;
	}
	others->shown = most ? (pid_t)most->header.pid : pid;
	others->is_untraced = most && is_untraced(most, last);
	if (most && most->header.end == VMT_END_EXEC) {
		exe = vmt_view_string(most, most->header.exe);
		snprintf(others->gone, sizeof(others->gone), "%.*s", (int)exe.length, exe.bytes);
	}
}

static void note_gone(const struct vmt_view *view, struct vmt_outdir_others *others)
{
	struct vmt_view_string exe = vmt_report_base_name(vmt_view_string(view, view->header.exe));

	if (!*others->gone)
		snprintf(others->gone, sizeof(others->gone), "%.*s", (int)exe.length, exe.bytes);
}

static void count_others(const struct vmt_recordings *recordings, uint64_t since,
			 struct vmt_outdir_others *others)
{
	for (size_t i = 0; i < recordings->count; i++) {
		const struct vmt_view *view = &recordings->item[i].view;
		const struct vmt_rec_header *header = &view->header;

		if (header->pid == (uint32_t)others->shown || header->start_realtime < since)
			continue;
		others->count++;
		if (header->maps_peak > others->peak)
			others->peak = header->maps_peak;
		if (!others->limited && vmt_report_is_limit_reached(view))
			others->limited = (pid_t)header->pid;
		if (header->end == VMT_END_EXEC &&
		    last_image(recordings, (pid_t)header->pid, since) == view)
			note_gone(view, others);
	}
}

void vmt_outdir_others(const char *path, pid_t pid, uint64_t since,
		       struct vmt_outdir_others *ret_others)
{
	struct vmt_recordings recordings = { NULL, 0 };

	(void)vmt_load_path(&recordings, path);
	*ret_others = (struct vmt_outdir_others){ .count = 0 };
	find_shown(&recordings, pid, since, ret_others);
	count_others(&recordings, since, ret_others);
	vmt_load_free(&recordings);
}

void vmt_outdir_tell_untraced(const struct vmt_outdir_others *others)
{
	if (*others->gone)
		vmt_message("%s became another program, which was not traced: its LD_PRELOAD "
			    "lacks libvmatrace.so (as after env LD_PRELOAD=...), or it is static "
			    "or setuid, or runs as a user who may not write there; name that "
			    "program itself.",
			    others->gone);
}

static bool records_into(pid_t pid, const char *path)
{
	char *options = vmt_process_variable(pid, "VMATRACE_OPTIONS");
	char *wanted = vmt_must_format("dir=%s", path);
	bool found = options && strstr(options, wanted);

	free(wanted);
	free(options);
	return found;
}

size_t vmt_outdir_running(const char *path, uint64_t since)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	size_t count = 0;

	while (proc && (entry = readdir(proc))) {
		uint32_t pid = (uint32_t)strtoul(entry->d_name, NULL, 10);

		/* With two seconds of tolerance, since clocks may have been set meanwhile. */
		count += pid && vmt_liveness_begin(pid) + 2000000000 >= since &&
			 records_into((pid_t)pid, path);
	}
	if (proc)
		closedir(proc);
	return count;
}
