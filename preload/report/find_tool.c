/* SPDX-License-Identifier: MIT */
/* The tool is run as this user, so nobody else may have put it there. See find_tool.h. */
#include "report/find_tool.h"

#include <fcntl.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/base/line.h"
#include "kernel/name.h"
#include "os/auxv.h"
#include "os/sys.h"

/* Cut a path that has a slash to its folder, in place. */
static void cut_to_folder(char *path)
{
	size_t length = __builtin_strlen(path);

	while (length && path[length - 1] != '/')
		length--;
	if (length)
		path[length > 1 ? length - 1 : 1] = '\0';
}

static bool look_at(const char *path, struct stat *ret_status)
{
	return !vmt_sys_failed(vmt_sys4(SYS_newfstatat, AT_FDCWD, path, ret_status, 0));
}

/*
 * May only people write to it who could have changed the library as well? These are the library's
 * owner, root, this user, and the group that may write to the library's folder.
 */
static bool is_trusted(const struct stat *what, const struct stat *library,
		       const struct stat *folder)
{
	bool owner = what->st_uid == 0 || what->st_uid == vmt_auxv(AT_EUID) ||
		     what->st_uid == library->st_uid;
	bool group = !(what->st_mode & S_IWGRP) ||
		     ((folder->st_mode & S_IWGRP) && !(folder->st_mode & S_ISVTX) &&
		      folder->st_gid == what->st_gid);

	return owner && group && !(what->st_mode & S_IWOTH);
}

/* May the tool be run? It is expected beside the library, where somebody else may have put it. */
bool vmt_find_tool_may_run(const struct vmt_state *state)
{
	struct stat library, library_folder, tool, tool_folder;
	char path[sizeof(state->reporting.tool)];
	bool is_known = look_at(state->reporting.library, &library) &&
			look_at(state->reporting.tool, &tool);

	__builtin_memcpy(path, state->reporting.library, sizeof(state->reporting.library));
	cut_to_folder(path);
	is_known = is_known && look_at(path, &library_folder);
	__builtin_memcpy(path, state->reporting.tool, sizeof(path));
	cut_to_folder(path);
	return is_known && look_at(path, &tool_folder) && S_ISREG(tool.st_mode) &&
	       is_trusted(&tool, &library, &library_folder) &&
	       is_trusted(&tool_folder, &library, &library_folder) &&
	       !vmt_sys_failed(vmt_sys3(SYS_faccessat, AT_FDCWD, state->reporting.tool, X_OK));
}

/*
 * In a build tree: preload/libvmatrace.so and tools/vmatrace. Installed:
 * lib/…/vmatrace/libvmatrace.so and bin/vmatrace.
 */
void vmt_find_tool_beside(struct vmt_state *state)
{
	static const char *const places[] = { "/../tools/vmatrace", "/../../bin/vmatrace",
					      "/../../../bin/vmatrace" };
	char folder[sizeof(state->reporting.library)];
	size_t length =
		vmt_name_library(state, state->reporting.library, sizeof(state->reporting.library));

	state->reporting.tool[0] = '\0';
	if (!length || !state->options.tool)
		return;
	__builtin_memcpy(folder, state->reporting.library, sizeof(folder));
	cut_to_folder(folder);
	for (size_t i = 0; i < VMT_COUNT(places); i++) {
		struct vmt_line path =
			vmt_line_in(state->reporting.tool, sizeof(state->reporting.tool));

		vmt_line_add(&path, folder);
		vmt_line_add(&path, places[i]);
		if (!path.is_cut && vmt_find_tool_may_run(state))
			return;
	}
	state->reporting.tool[0] = '\0';
}

/*
 * Leave out variables that would have the tool traced, or make it ask a server for names while the
 * program waits.
 */
static bool is_for_tool(const char *entry)
{
	return !vmt_begins_with(entry, "LD_PRELOAD=") &&
	       !vmt_begins_with(entry, "VMATRACE_OPTIONS=") &&
	       !vmt_begins_with(entry, "LD_AUDIT=") && !vmt_begins_with(entry, "DEBUGINFOD_URLS=");
}

/*
 * Copied at the start, since the program may add strings (putenv) that do not exist any more at its
 * end.
 */
void vmt_find_tool_copy_environment(struct vmt_state *state)
{
	char **to = state->reporting.environment;
	char *end = (char *)to + state->reporting.environment_size;

	for (char **from = state->image.environment; from && *from; from++) {
		size_t length = __builtin_strlen(*from) + 1;

		if (!is_for_tool(*from))
			continue;
		if ((size_t)(end - (char *)(to + 2)) < length)
			break;
		end -= length;
		__builtin_memcpy(end, *from, length);
		*to++ = end;
	}
	*to = NULL;
}
