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

void vmt_exec_before(struct vmt_state *state)
{
	bool locked = vmt_guard_enter(state, true);

	vmt_exit_note(state, VMT_END_EXEC, 0);
	if (locked)
		vmt_guard_leave(state);
}

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

/* Will a program with this environment be traced and recorded? True also if that is unknown. */
static bool is_recorded_with(long pid, uint64_t environment)
{
	bool has_options = false, has_library = false;
	char text[24];
	uint64_t entry;

	for (unsigned i = 0; environment && i < ENTRIES; i++) {
		long n;

		if (vmt_peek(pid, environment + i * sizeof(entry), &entry, sizeof(entry)) !=
			    sizeof(entry) ||
		    i + 1 == ENTRIES)
			return true;
		if (!entry)
			break;
		n = vmt_peek(pid, entry, text, sizeof(text));
		has_options |= begins_with(text, n, "VMATRACE_OPTIONS=");
		has_library |= begins_with(text, n, "LD_PRELOAD=") && names_library(pid, entry);
		if (has_options && has_library)
			return true;
	}
	return has_options && is_preloaded_everywhere();
}

/* Is there a program to execute? Shells and execvp try many paths. */
static bool is_there(long folder, uint64_t path, long flags)
{
	struct stat st;

	return !vmt_sys_failed(vmt_sys4(SYS_newfstatat, folder, path, &st, flags)) &&
	       S_ISREG(st.st_mode) && (st.st_mode & (S_IXUSR | S_IXGRP | S_IXOTH));
}

__attribute__((noinline)) void vmt_exec_of_child(struct vmt_state *state, long nr,
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
