/* SPDX-License-Identifier: MIT */
/*
 * Maps as drawings, for tests of what a call does to them: "AAA.BBb|b" is three pages, a hole,
 * and three more maps; a character is a page, the first one at DRAWN_START.
 *
 * Equal letters in a row are one map, '|' stands between two. The letter says who mapped it:
 * letter A is site DRAWN_SITE('A'); N is the site of the call that is drawn. It also says what the
 * map looks like:
 *	A-E, N-P, X  anonymous, rw-p		a-e, n-p, x  the same, r--p
 *	F, G         two files, rw-p; the offset follows the address		f, g  r--p
 *	S            like A, but a stack: it grows downwards
 *	L            like A, but the library's own, which no count includes
 */
#ifndef DRAWING_H
#define DRAWING_H

#include "core/resolve/effect.h"

#define DRAWN_START    UINT64_C(0x10000000)
#define DRAWN_AT(page) ((long)(DRAWN_START + (uint64_t)(page)*VMT_PAGE_SIZE))
#define DRAWN_PAGES(n) ((long)((uint64_t)(n)*VMT_PAGE_SIZE))
#define DRAWN_SITE(c)  ((uint32_t)(VMT_SITE_FIRST + ((c) & ~0x20) - 'A'))

#define RW (PROT_READ | PROT_WRITE)
#define R  PROT_READ

/* A finished call, in pages. A result < 0 is -errno. */
struct vmt_done drawn_mmap(long flags, int at, int pages, long prot, long result);
struct vmt_done drawn_munmap(int at, int pages, long result);
struct vmt_done drawn_mprotect(int at, int pages, long prot, long result);
struct vmt_done drawn_madvise(int at, int pages, long advice, long result);
struct vmt_done drawn_mremap(long flags, int at, int pages, int new_pages, int to, long result);
struct vmt_done drawn_brk(int before, int after);

#define DRAWN_OK 0L /* the result of a successful call with these arguments */

/* What else happened; valid until the next drawing. */
struct drawn {
	struct vmt_effect effect;
	enum vmt_resolved resolved;
	unsigned boundaries; /* questions asked */
	unsigned walks;
};

/*
 * The maps of `before` are in the table, the call is made, and the kernel has what `after` draws.
 * This asserts that the table's maps and who mapped them are those of `after`; that the effect is
 * `counts` ("1020": created 1, split 0, merged 2, removed 0) with nothing unseen; that `put` has
 * the letter of each map's put_by, in order; and that live counts are kept. All of this is done
 * three times: as the call is decoded, with the kernel asked about everything, and in the fast way
 * if there is one. Returns the result of the first.
 */
const struct drawn *drawn(const char *before, struct vmt_done call, const char *after,
			  const char *counts, const char *put);

/* Likewise for maps that changed unseen: `unseen` has those counts. U is site VMT_SITE_UNSEEN. */
const struct drawn *drawn_unseen(const char *before, struct vmt_done call, const char *after,
				 const char *counts, const char *unseen, const char *put);

/* Likewise for a call that is applied late, so that the kernel is asked about everything. */
void drawn_late(const char *before, struct vmt_done call, const char *after, const char *counts,
		const char *unseen, const char *put);

/* The kernel cannot be asked: returns the table as a drawing without '|'. */
const char *drawn_guess(const char *before, struct vmt_done call);

/* Put the maps of a drawing into a table of their own. */
void drawn_space(struct vmt_space *space, struct vmt_arena *arena, const char *picture);

#endif
