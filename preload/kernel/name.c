/* SPDX-License-Identifier: MIT */
/* Composes file names; see name.h. */
#include "kernel/name.h"

#include <sys/auxv.h>
#include <sys/syscall.h>

#include "kernel/ask.h"
#include "core/base/line.h"
#include "os/auxv.h"
#include "os/sys.h"

/*
 * The base name of the executable, as /proc shows it, or else as it was called. A fork child has its
 * parent's.
 */
static void find_program(struct vmt_state *state)
{
	char *name = state->recording_file.program;
	struct vmt_line text = vmt_line_in(name, sizeof(state->recording_file.program));
	const char *called = (const char *)vmt_auxv(AT_EXECFN);
	char path[512];
	long length =
		vmt_sys4(SYS_readlinkat, -100 /* AT_FDCWD */, "/proc/self/exe", path, sizeof(path));
	const char *from = length > 0 ? path : called;
	size_t end = length > 0 ? (size_t)length : called ? __builtin_strlen(called) : 0;
	size_t start = end;

	while (start > 0 && from[start - 1] != '/')
		start--;
	if (start == end)
		vmt_line_add(&text, "program");
	else
		vmt_line_add_bytes(&text, from + start, end - start);
}

/* DIR/FOLDER/EXE. */
static struct vmt_line start_in(struct vmt_state *state, const char *folder, char *path,
				size_t size)
{
	struct vmt_line text = vmt_line_in(path, size);

	if (state->options.dir[0] != '/') {
		vmt_line_add(&text, state->image.start_folder);
		vmt_line_add(&text, "/");
	}
	vmt_line_add(&text, state->options.dir);
	vmt_line_add(&text, "/");
	vmt_line_add(&text, folder);
	if (!state->recording_file.program[0])
		find_program(state);
	vmt_line_add(&text, state->recording_file.program);
	vmt_line_add(&text, ".");
	return text;
}

/* DIR/EXE.PID */
static struct vmt_line start_of_name(struct vmt_state *state, char *path, size_t size)
{
	struct vmt_line text = start_in(state, "", path, size);

	vmt_line_add_number(&text, state->process.pid);
	return text;
}

bool vmt_name_recording(struct vmt_state *state, uint64_t image, char *path, size_t size)
{
	struct vmt_line text = start_of_name(state, path, size);

	if (image > 1) {
		vmt_line_add(&text, "-");
		vmt_line_add_number(&text, image);
	}
	vmt_line_add(&text, ".vmt");
	return !text.is_cut;
}

/*
 * Processes in different pid namespaces may have the same pid, and processes from one fork have the
 * same AT_RANDOM. The clock and an address make the names differ, and O_EXCL decides.
 */
bool vmt_name_temporary(struct vmt_state *state, unsigned try, char *path, size_t size)
{
	struct vmt_line text = start_of_name(state, path, size);

	vmt_line_add(&text, ".");
	vmt_line_add_hex(&text, vmt_clock_wall() ^ (uint64_t)(uintptr_t)&text << 20);
	vmt_line_add(&text, "-");
	vmt_line_add_number(&text, try);
	vmt_line_add(&text, ".tmp");
	return !text.is_cut;
}

bool vmt_name_lost(struct vmt_state *state, const char *folder, char *path, size_t size)
{
	struct vmt_line text = start_in(state, folder, path, size);

	vmt_line_add(&text, "lost");
	return !text.is_cut;
}

size_t vmt_name_library(struct vmt_state *state, char *path, size_t size)
{
	uint8_t build_id[VMT_BUILD_ID_MAX];
	uint32_t build_id_length;
	size_t length = vmt_ask_name(state, (uint64_t)(uintptr_t)&vmt_name_library, path, size,
				     build_id, &build_id_length);

	if (length >= size || length == 0 || path[0] != '/')
		return 0;
	path[length] = '\0';
	return length;
}
