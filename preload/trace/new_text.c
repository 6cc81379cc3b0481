/* SPDX-License-Identifier: MIT */
/*
 * If a call site cannot be patched, a note says so, since some calls will be unseen. See
 * new_text.h.
 */
#include "trace/new_text.h"

#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "os/sys.h"
#include "patch/patch.h"

/* Returns how many bytes of a mapping lie within its file; reading beyond would raise SIGBUS. */
static uint64_t length_in_file(const struct vmt_done *done)
{
	uint64_t length = (uint64_t)done->args[1];
	uint64_t offset = (uint64_t)done->args[5];
	struct stat st;

	if (vmt_sys_failed(vmt_sys2(SYS_fstat, done->args[4], &st)) ||
	    (uint64_t)st.st_size <= offset)
		return 0;
	return length < (uint64_t)st.st_size - offset ? length : (uint64_t)st.st_size - offset;
}

void vmt_new_text_catch(struct vmt_state *state, const struct vmt_done *done)
{
	const long text = PROT_READ | PROT_EXEC;
	uint64_t start = (uint64_t)done->result;

	if (VMT_LIKELY(done->call != VMT_CALL_MMAP || (done->args[2] & text) != text ||
		       (done->args[3] & MAP_ANONYMOUS) || !(done->args[3] & MAP_PRIVATE)))
		return;
	if (vmt_sys_failed(done->result) || !vmt_patch_are_open())
		return;

	const struct vmt_patch_module module = {
		.text = { start, start + length_in_file(done) },
		.map = { start, vmt_page_up(start + (uint64_t)done->args[1]) },
		.file = (int)done->args[4],
	};

	if (VMT_UNLIKELY(vmt_patch_scan(&module)))
		vmt_note(state, VMT_NOTE_INLINE_CALLS);
}
