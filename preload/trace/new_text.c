/* SPDX-License-Identifier: MIT */
/*
 * If a call site cannot be patched, a note says so, since some calls will be unseen. See
 * new_text.h.
 */
#include "trace/new_text.h"

#include <sys/stat.h>

#include "kernel/file_id.h"
#include "os/sys.h"
#include "patch/patch.h"

#define KNOWN 16u

/* Text in which no call site was found when it was mapped before. */
struct known {
	dev_t dev;
	ino_t inode;
	off_t size;
	struct timespec changed;
	struct vmt_range part; /* of the file */
};

static struct known known[KNOWN] VMT_DATA = { { 0 } };
static unsigned known_count VMT_DATA = 0;

static bool is_same(const struct known *a, const struct known *b)
{
	return a->inode == b->inode && a->dev == b->dev && a->size == b->size &&
	       a->changed.tv_sec == b->changed.tv_sec && a->changed.tv_nsec == b->changed.tv_nsec &&
	       a->part.start == b->part.start && a->part.end == b->part.end;
}

static bool is_known(const struct known *text)
{
	for (unsigned i = 0; i < KNOWN && i < known_count; i++)
		if (is_same(&known[i], text))
			return true;
	return false;
}

/* Reading beyond the end of a file would raise SIGBUS. */
static struct known describe(const struct vmt_done *done, const struct stat *st)
{
	uint64_t start = (uint64_t)done->args[5];
	uint64_t length = (uint64_t)done->args[1];
	uint64_t size = (uint64_t)st->st_size;

	if (size <= start)
		length = 0;
	else if (length > size - start)
		length = size - start;
	return (struct known){
		st->st_dev, st->st_ino, st->st_size, st->st_ctim, { start, start + length }
	};
}

static void scan(struct vmt_state *state, const struct vmt_done *done, const struct known *text)
{
	uint64_t start = (uint64_t)done->result;
	const struct vmt_patch_module module = {
		.text = { start, start + text->part.end - text->part.start },
		.map = { start, vmt_page_up(start + (uint64_t)done->args[1]) },
		.file = (int)done->args[4],
	};
	int ret = vmt_patch_scan(&module);

	if (VMT_UNLIKELY(ret < 0))
		vmt_state_note(state, VMT_NOTE_INLINE_CALLS);
	else if (ret == VMT_PATCH_NONE)
		known[known_count++ % KNOWN] = *text;
}

void vmt_new_text_catch(struct vmt_state *state, const struct vmt_done *done)
{
	struct known text;
	struct stat st;

	if (vmt_sys_failed(done->result) || !vmt_patch_are_open() ||
	    vmt_sys_failed(vmt_file_id_look(state, (int)done->args[4], &st)))
		return;
	/* ld.so has read the file's headers; not so from files of huge pages. */
	if (done->is_loaders && S_ISREG(st.st_mode) && st.st_size > 0 &&
	    !vmt_file_id_has_huge_pages(&st))
		state->code_place.headers_of = (uint64_t)done->result;
	text = describe(done, &st);
	if (!is_known(&text))
		scan(state, done, &text);
}
