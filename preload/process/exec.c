/* SPDX-License-Identifier: MIT */
/*
 * The image ends with execve; see exec.h. The arguments are the program's and may be wrong, so they are
 * read as another process would read them.
 */
#include "process/exec.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "os/peek.h"
#include "process/exit.h"
#include "store/lost.h"
#include "trace/guard.h"

#define ENTRIES 4096u /* of an environment that are looked through */
#define PIECE   128u /* bytes of an entry that are read at a time */

void vmt_exec_after(struct vmt_state *state)
{
	bool locked = vmt_guard_enter(state, true);

	vmt_exit_note(state, VMT_END_RUNNING, 0);
	if (locked)
		vmt_guard_leave(state);
}

static bool begins_with(const char *text, long length, const char *name)
{
	long n = (long)__builtin_strlen(name);

	return length >= n && !__builtin_memcmp(text, name, (size_t)n);
}

/* Does a string of the program's contain the library's name? */
static bool names_library(long pid, uint64_t text)
{
	static const char name[] = "libvmatrace";
	const long length = sizeof(name) - 1;
	char piece[PIECE];

	for (;; text += PIECE - (uint64_t)length) {
		long n = vmt_peek(pid, text, piece, sizeof(piece)), at;

		for (at = 0; at < n && piece[at]; at++) {
			if (begins_with(piece + at, n - at, name))
				return true;
		}
		if (at < (long)sizeof(piece))
			return false;
	}
}

static bool is_preloaded_everywhere(void)
{
	return !vmt_sys_failed(vmt_sys3(SYS_faccessat, AT_FDCWD, "/etc/ld.so.preload", F_OK));
}

struct wanted {
	bool options;
	bool library;
};

/* An entry of the environment begins with these letters. */
static void look_at(long pid, uint64_t entry, uint64_t letters, struct wanted *wanted)
{
	char text[24];
	long n;

	if (__builtin_memcmp(&letters, "VMATRACE", sizeof(letters)) &&
	    __builtin_memcmp(&letters, "LD_PRELO", sizeof(letters)))
		return;
	n = vmt_peek(pid, entry, text, sizeof(text));
	wanted->options |= begins_with(text, n, "VMATRACE_OPTIONS=");
	wanted->library |= begins_with(text, n, "LD_PRELOAD=") && names_library(pid, entry);
}

/* One that is shorter than a word, at the end of what is mapped, is none of those that are wanted. */
static void look_at_some(long pid, const uint64_t *entry, unsigned count, struct wanted *wanted)
{
	uint64_t letters[VMT_PEEK_WORDS];

	for (unsigned at = 0; at < count; at++) {
		unsigned n = vmt_peek_words(pid, entry + at, letters, count - at);

		for (unsigned i = 0; i < n; i++)
			look_at(pid, entry[at + i], letters[i], wanted);
		at += n;
	}
}

/* Will a program with this environment be traced and recorded? True also if that is unknown. */
static bool is_recorded_with(long pid, uint64_t environment)
{
	struct wanted wanted = { false, false };
	uint64_t entry[VMT_PEEK_WORDS];

	for (unsigned i = 0; environment && i < ENTRIES; i += VMT_PEEK_WORDS) {
		long n = vmt_peek(pid, environment + i * sizeof(*entry), entry, sizeof(entry));
		unsigned count = 0;

		while (count < VMT_PEEK_WORDS && (long)((count + 1) * sizeof(*entry)) <= n &&
		       entry[count])
			count++;
		look_at_some(pid, entry, count, &wanted);
		if (wanted.options && wanted.library)
			return true;
		if (n < (long)((count + 1) * sizeof(*entry)) && count < VMT_PEEK_WORDS)
			return true; /* it cannot be read to its end */
		if (count < VMT_PEEK_WORDS)
			return wanted.options && is_preloaded_everywhere();
	}
	return environment;
}

/* Is there a program to execute? Shells and execvp try many paths. */
static bool is_there(long folder, uint64_t path, long flags)
{
	struct stat st;

	return !vmt_sys_failed(vmt_sys4(SYS_newfstatat, folder, path, &st, flags)) &&
	       S_ISREG(st.st_mode) && (st.st_mode & (S_IXUSR | S_IXGRP | S_IXOTH));
}

/*
 * A fork child that has not touched its maps, or a vfork child, which shares our memory, has no recording
 * that would say it.
 */
__attribute__((noinline)) static void leave_if_lost(struct vmt_state *state, long nr,
						    const long args[6])
{
	const long execve[6] = { AT_FDCWD, args[0], args[1], args[2] };
	const long *exec = nr == SYS_execve ? execve : args;
	long flags = nr == SYS_execve ? 0 : args[4] & AT_EMPTY_PATH;
	long pid;

	if (!state->options.dir[0] || !state->options.follow_children)
		return;
	pid = vmt_sys0(SYS_getpid);
	if (vmt_sys_failed(pid) || is_recorded_with(pid, (uint64_t)exec[3]) ||
	    !is_there(exec[0], (uint64_t)exec[1], flags))
		return;
	vmt_lost_leave(state, "a child of it became another program, with an environment without "
			      "vmatrace in LD_PRELOAD, or without VMATRACE_OPTIONS; it can keep "
			      "them, as in LD_PRELOAD=\"OTHER $LD_PRELOAD\"");
}

bool vmt_exec_before(struct vmt_state *state, long nr, const long args[6])
{
	bool locked;

	if (!vmt_state_is_ours(state)) {
		leave_if_lost(state, nr, args);
		return false;
	}
	locked = vmt_guard_enter(state, true);
	vmt_exit_note(state, VMT_END_EXEC, 0);
	if (locked)
		vmt_guard_leave(state);
	return true;
}
