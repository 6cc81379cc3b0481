/* SPDX-License-Identifier: MIT */
/*
 * Traced processes are read from their recordings, others from /proc. Each round begins anew, since
 * processes come and go; only names that were looked up are kept for some rounds. See gather.h.
 */
#include "export/export.h"
#include "input/live.h"
#include "input/liveness.h"
#include "input/process_list.h"
#include "metrics/gather.h"
#include "util/message.h"
#include "util/must.h"

#include <errno.h>
#include <limits.h>
#include <unistd.h>

#define ROUNDS_KEPT 240u /* then names are looked up anew, since files may have been replaced */

/* What one round has read. */
struct round {
	struct vmt_gather *gather;
	struct vmt_recordings recordings;
	uint32_t *pid; /* of each recording; 0 = the one that is recorded */
	struct vmt_process_entry *untraced;
	size_t untraced_count;
	uint64_t left_out;
};

/*
 * Recordings that were added since the last call belong to this process; 0: to the process that
 * each of them names.
 */
static void note_pids(struct round *round, size_t before, uint32_t pid)
{
	size_t count = round->recordings.count;

	if (count == before)
		return;
	round->pid = vmt_must(realloc(round->pid, count * sizeof(*round->pid)));
	for (size_t i = before; i < count; i++)
		round->pid[i] = pid;
}

static void add_untraced(struct round *round, const struct vmt_process_entry *entry)
{
	round->untraced =
		vmt_must_grow(round->untraced, round->untraced_count, sizeof(*round->untraced));
	round->untraced[round->untraced_count++] = *entry;
}

/* A process without a recording that can be read counts as untraced. */
static void add_entry(struct round *round, const struct vmt_process_entry *entry)
{
	size_t before = round->recordings.count;

	if (entry->is_traced)
		vmt_live_find(&round->recordings, (uint32_t)entry->process.pid);
	note_pids(round, before, (uint32_t)entry->process.pid);
	if (round->recordings.count == before)
		add_untraced(round, entry);
}

static int read_all(struct round *round)
{
	uint64_t most = round->gather->most ? round->gather->most : VMT_GATHER_MOST;
	struct vmt_process_list list;
	int ret = vmt_process_list_read(&list);

	if (ret)
		vmt_message("/proc cannot be read: %s", strerror(-ret));
	for (size_t i = 0; i < list.count && i < most; i++)
		add_entry(round, &list.entry[i]);
	round->left_out = list.unreadable + (list.count > most ? list.count - most : 0);
	vmt_process_list_free(&list);
	return ret;
}

static int read_process(struct round *round, const char *name, pid_t pid)
{
	struct vmt_process_entry entry;
	int ret = vmt_process_list_entry(pid, &entry);

	if (ret == -EACCES || ret == -EPERM)
		vmt_message("process %s belongs to somebody else; try as root.", name);
	else if (ret)
		vmt_message("%s: no such file, and no such process.", name);
	else if (!entry.maps)
		vmt_message("process %s has no memory of its own: it has ended, or is a kernel "
			    "thread.",
			    name);
	else
		add_entry(round, &entry);
	return ret ? ret : entry.maps ? 0 : -ESRCH;
}

static int read_named(struct round *round, const char *name)
{
	size_t before = round->recordings.count;
	pid_t pid;
	int ret;

	if (access(name, F_OK) && vmt_process_parse(name, &pid))
		return read_process(round, name, pid);
	ret = vmt_load_path(&round->recordings, name);
	note_pids(round, before, 0);
	return ret;
}

/* Returns 0 if the process is to be left out. */
static uint32_t pid_to_show(const struct round *round, size_t i)
{
	const struct vmt_view *view = &round->recordings.item[i].view;
	pid_t pid;

	if (round->pid[i])
		return round->pid[i];
	pid = view->header.end == VMT_END_RUNNING ? vmt_liveness_pid(view) : 0;
	if (!pid && !round->gather->only_running)
		pid = (pid_t)view->header.pid;
	return (uint32_t)pid;
}

/* The file's name, as a recording would have it; comm may be shorter. */
static char *program_of(const struct vmt_process *process)
{
	static const char deleted[] = " (deleted)";
	char link[64], path[PATH_MAX];
	const char *slash;
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/%d/exe", (int)process->pid);
	n = readlink(link, path, sizeof(path) - 1);
	if (n <= 0)
		return vmt_must_copy(process->name);
	path[n] = '\0';
	if ((size_t)n >= sizeof(deleted) && !strcmp(path + n - (sizeof(deleted) - 1), deleted))
		path[n - (ssize_t)(sizeof(deleted) - 1)] = '\0';
	slash = strrchr(path, '/');
	return vmt_must_copy(slash ? slash + 1 : path);
}

static void add_metrics(const struct round *round, struct vmt_metrics *metrics)
{
	uint64_t limit = vmt_process_map_limit();

	for (size_t i = 0; i < round->recordings.count; i++) {
		uint32_t pid = pid_to_show(round, i);

		if (pid)
			vmt_metrics_add(metrics, &round->recordings.item[i].view, pid);
	}
	for (size_t i = 0; i < round->untraced_count; i++) {
		const struct vmt_process_entry *entry = &round->untraced[i];
		char *program = program_of(&entry->process);

		vmt_metrics_add_untraced(metrics, program, (uint32_t)entry->process.pid,
					 entry->maps, limit);
		free(program);
	}
}

static struct vmt_symbols *symbols_of(struct vmt_gather *gather)
{
	if (++gather->rounds > ROUNDS_KEPT)
		vmt_gather_free(gather);
	if (!gather->known)
		gather->known = vmt_must(vmt_symbols_new(gather->symbols));
	return gather->known;
}

static int read_round(struct round *round)
{
	const struct vmt_gather *gather = round->gather;
	int result = gather->is_all ? read_all(round) : 0;

	for (size_t i = 0; i < gather->names; i++) {
		int ret = read_named(round, gather->name[i]);

		result = ret ? ret : result;
	}
	return result;
}

int vmt_gather_write(FILE *stream, struct vmt_gather *gather, enum vmt_metrics_form form,
		     size_t *ret_written)
{
	struct vmt_metrics metrics = { .form = form,
				       .top = gather->top ? gather->top : VMT_EXPORT_TOP,
				       .counts_processes = true };
	struct round round = { .gather = gather };
	int ret = read_round(&round);

	add_metrics(&round, &metrics);
	metrics.left_out = round.left_out;
	vmt_metrics_write(stream, &metrics, symbols_of(gather));
	*ret_written = metrics.count;
	vmt_metrics_free(&metrics);
	vmt_load_free(&round.recordings);
	free(round.pid);
	free(round.untraced);
	return ret;
}

bool vmt_gather_may_find_more(const struct vmt_gather *gather)
{
	for (size_t i = 0; i < gather->names; i++) {
		if (!access(gather->name[i], F_OK))
			return true;
	}
	return gather->is_all;
}

void vmt_gather_free(struct vmt_gather *gather)
{
	if (gather->known)
		vmt_symbols_free(gather->known);
	gather->known = NULL;
	gather->rounds = 0;
}
