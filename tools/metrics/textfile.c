/* SPDX-License-Identifier: MIT */
/*
 * Each state is written into a temporary file beside the real one, under a name that the collector
 * ignores, and then renamed. See textfile.h.
 */
#include "metrics/textfile.h"
#include "util/message.h"
#include "util/must.h"

#include <errno.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

struct state {
	char *text;
	size_t size;
	size_t written; /* processes */
	int status; /* the tool's exit status, which says whether everything could be read */
};

/* If nothing can be read, nothing is written; the status says so. */
static int write_stream(FILE *stream, const struct state *state)
{
	if (state->status && !state->written)
		return 0;
	fwrite(state->text, 1, state->size, stream);
	return fflush(stream) || ferror(stream) ? errno ? -errno : -EIO : 0;
}

/* ".NAME.PID", in the same folder: a rename does not cross file systems. */
static char *temporary_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	int folder = slash ? (int)(slash + 1 - path) : 0;

	return vmt_must_format("%.*s.%s.%d", folder, path, path + folder, (int)getpid());
}

static int replace(const char *path, const struct state *state)
{
	char *name = temporary_name(path);
	FILE *stream = fopen(name, "wxe");
	int ret = stream ? 0 : -errno;

	if (stream) {
		ret = write_stream(stream, state);
		/* The collector runs as another user. */
		if (!ret && fchmod(fileno(stream), 0644))
			ret = -errno;
		if (fclose(stream) && !ret)
			ret = -errno;
		if (!ret && rename(name, path))
			ret = -errno;
		if (ret)
			unlink(name);
	}
	free(name);
	return ret;
}

/* A device or a pipe cannot be replaced. */
static bool is_special(const char *path)
{
	struct stat st;

	return !stat(path, &st) && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode);
}

static int write_to(const char *path, const struct state *state)
{
	FILE *stream;
	int ret;

	if (!path)
		return write_stream(stdout, state);
	if (!is_special(path))
		return replace(path, state);
	stream = fopen(path, "we");
	if (!stream)
		return -errno;
	ret = write_stream(stream, state);
	return fclose(stream) && !ret ? -errno : ret;
}

static int gather_and_write(struct vmt_gather *gather, const char *path, struct state *ret_state)
{
	struct state state = { .text = NULL };
	FILE *stream = vmt_must(open_memstream(&state.text, &state.size));
	int ret = vmt_gather_write(stream, gather, VMT_METRICS_PROMETHEUS, &state.written);

	if (fclose(stream))
		abort();
	state.status = ret == -ENOMEM ? VMT_EXIT_FAILED : ret ? VMT_EXIT_USAGE : 0;
	ret = write_to(path, &state);
	free(state.text);
	*ret_state = state;
	return ret;
}

static int complain_of_output(const char *path, int error)
{
	vmt_message("cannot write to %s: %s", path ? path : "standard output", strerror(-error));
	return path && error != -ENOSPC ? VMT_EXIT_USAGE : VMT_EXIT_FAILED;
}

/* Returns false when a signal asks us to end. */
static bool wait_for(unsigned seconds, const sigset_t *signals)
{
	const struct timespec time = { .tv_sec = (time_t)seconds };

	for (;;) {
		if (sigtimedwait(signals, NULL, &time) >= 0)
			return false;
		if (errno != EINTR)
			return true;
	}
}

/*
 * Each process or file that cannot be read is reported once. A full disk may have room again later,
 * and processes of a directory may start later; but processes that were named do not come back.
 */
static void repeat(struct vmt_gather *gather, const char *path, unsigned seconds,
		   const sigset_t *signals)
{
	bool is_reported = false;
	struct state state;
	int ret;

	while (wait_for(seconds, signals)) {
		vmt_message_mute(true);
		ret = gather_and_write(gather, path, &state);
		vmt_message_mute(false);
		if (ret && !is_reported)
			complain_of_output(path, ret);
		is_reported = ret != 0;
		if (!state.written && !vmt_gather_may_find_more(gather))
			break;
	}
}

int vmt_textfile_write(struct vmt_gather *gather, const char *path, unsigned seconds)
{
	struct state state;
	sigset_t signals;
	int ret;

	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGHUP);
	if (seconds)
		sigprocmask(SIG_BLOCK, &signals, NULL);
	ret = gather_and_write(gather, path, &state);
	if (ret)
		return complain_of_output(path, ret);
	if (!seconds || (state.status && !vmt_gather_may_find_more(gather)))
		return state.status;
	repeat(gather, path, seconds, &signals);
	vmt_message_give_up(path);
	return 0;
}
