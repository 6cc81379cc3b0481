/* SPDX-License-Identifier: MIT */
/*
 * Counts what a call did a second time and in the simplest way: from two readings of
 * /proc/self/maps, before and after it, page by page. It knows what calls mean (effect.h says what
 * is counted), but nothing of the core's table, windows or outcomes, which it is meant to check.
 */
#include "pieces.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/shm.h>

#define NONE      (-1) /* a page that no call explains */
#define FRESH     1000000 /* plus the map it is a copy of, or alone */
#define DONTUNMAP 4

/* A call in terms of bytes. Empty ranges: nothing of that kind happened. */
struct story {
	const struct text *before;
	const struct text *after;
	struct vmt_range dropped[2];
	struct vmt_range fresh;
	struct vmt_range copied; /* the source of fresh; end == start: one map, of any length */
	bool is_copy;
	struct vmt_range from; /* moved from here */
	uint64_t to;
	struct vmt_range grown;
	int grown_of; /* an index in `before` */
	bool failed;
};

static struct vmt_range range_of(uint64_t start, uint64_t length)
{
	return (struct vmt_range){ start, start + vmt_page_up(length) };
}

static int index_at(const struct text *text, uint64_t addr)
{
	for (size_t i = 0; i < text->count; i++)
		if (addr >= text->vma[i].start && addr < text->vma[i].end)
			return (int)i;
	return NONE;
}

static bool is_in(const struct text *text, const struct vmt_vma *vma)
{
	int i = index_at(text, vma->start);

	return i != NONE && vmt_vma_same(&text->vma[i], vma);
}

static int in_place(const struct story *story, uint64_t page)
{
	if (!story->failed &&
	    (vmt_range_has(story->dropped[0], page) || vmt_range_has(story->dropped[1], page)))
		return NONE;
	return index_at(story->before, page);
}

/* A move of several maps leaves the destination alone where a hole would come. */
static int moved(const struct story *story, uint64_t page, uint64_t was)
{
	int source = index_at(story->before, was);

	if (source == NONE)
		return index_at(story->before, page);
	/* If the move failed midway, whatever is still at its old place has not moved. */
	if (story->failed && index_at(story->after, was) != NONE)
		return in_place(story, page);
	return source;
}

static int copied(const struct story *story, uint64_t page)
{
	int source;

	/* If the copy failed midway, a copied page cannot be told from what was there before. */
	if (story->failed && index_at(story->before, page) != NONE)
		return index_at(story->before, page);
	if (!story->is_copy)
		return FRESH;
	if (vmt_range_is_empty(story->copied))
		return FRESH + index_at(story->before, story->copied.start);
	source = index_at(story->before, page - story->fresh.start + story->copied.start);
	return source == NONE ? index_at(story->before, page) : FRESH + source;
}

static int source_of(const struct story *story, uint64_t page)
{
	uint64_t length = story->from.end - story->from.start;

	if (vmt_range_has(story->fresh, page))
		return copied(story, page);
	if (page >= story->to && page < story->to + length)
		return moved(story, page, page - story->to + story->from.start);
	if (vmt_range_has(story->grown, page))
		return story->grown_of;
	return in_place(story, page);
}

static void tell_mremap(const struct vmt_done *done, struct story *story)
{
	uint64_t addr = (uint64_t)done->args[0], to = (uint64_t)done->result;
	uint64_t old = vmt_page_up((uint64_t)done->args[1]);
	uint64_t new = vmt_page_up((uint64_t)done->args[2]);

	if (story->failed) {
		if (!(done->args[3] & MREMAP_FIXED))
			return;
		if (done->args[3] & DONTUNMAP) {
			story->fresh = range_of((uint64_t)done->args[4], new);
			story->copied = range_of(addr, old);
			story->is_copy = true;
			return;
		}
		story->from = range_of(addr, old < new ? old : new);
		story->to = (uint64_t)done->args[4];
		return;
	}
	if (done->args[3] & MREMAP_FIXED)
		story->dropped[1] = range_of(to, new);
	if (old == 0 || done->args[3] & DONTUNMAP) {
		story->fresh = range_of(to, new);
		story->copied = range_of(addr, old);
		story->is_copy = true;
		return;
	}
	story->from = range_of(addr, old < new ? old : new);
	story->to = to;
	if (new < old)
		story->dropped[0] = range_of(addr + new, old - new);
	if (new > old) {
		story->grown = range_of(to + old, new - old);
		story->grown_of = index_at(story->before, addr + old - PAGE);
	}
}

/* Memory that does not merge with the map below it is a mapping of its own. */
static void tell_brk(const struct vmt_done *done, struct story *story)
{
	uint64_t from = vmt_page_up(done->brk), to = vmt_page_up((uint64_t)done->result);
	int below = index_at(story->before, from - PAGE);

	if (to < from)
		story->dropped[0] = (struct vmt_range){ to, from };
	if (to <= from)
		return;
	story->grown = (struct vmt_range){ from, to };
	story->grown_of = below;
	if (below == NONE || index_at(story->after, from) != index_at(story->after, from - PAGE))
		story->grown_of = FRESH;
}

/* The new map is as long as the kernel made it: such maps never merge with others. */
static void tell_new(struct story *story, uint64_t start)
{
	int i = index_at(story->after, start);

	if (!story->failed && i != NONE)
		story->fresh = (struct vmt_range){ start, story->after->vma[i].end };
}

static void tell(const struct vmt_done *done, struct story *story)
{
	uint64_t first = (uint64_t)done->args[0], second = (uint64_t)done->args[1];

	switch (done->call) {
	case VMT_CALL_MMAP:
		if (!story->failed)
			story->fresh = range_of((uint64_t)done->result, second);
		break;
	case VMT_CALL_MUNMAP: story->dropped[0] = range_of(first, second); break;
	case VMT_CALL_MREMAP: tell_mremap(done, story); break;
	case VMT_CALL_BRK: tell_brk(done, story); break;
	case VMT_CALL_SHMAT: tell_new(story, (uint64_t)done->result); break;
	case VMT_CALL_IO_SETUP: tell_new(story, done->aio); break;
	case VMT_CALL_REMAP_FILE_PAGES:
		if (!story->failed)
			story->fresh =
				(struct vmt_range){ vmt_page_down(first),
						    vmt_page_down(first) + vmt_page_down(second) };
		break;
	default: break;
	}
}

static bool meets(struct vmt_range range, const struct vmt_vma *vma)
{
	return range.start < vma->end && vma->start < range.end;
}

/* Does the story mention this map? All others must be unchanged. */
static bool is_concerned(const struct story *story, const struct vmt_vma *vma)
{
	const struct vmt_range to = { story->to, story->to + story->from.end - story->from.start };

	return meets(story->fresh, vma) || meets(story->grown, vma) || meets(story->from, vma) ||
	       meets(to, vma) || meets(story->dropped[0], vma) || meets(story->dropped[1], vma);
}

static void count_map(const struct story *story, const struct vmt_vma *vma, unsigned *pieces_of,
		      struct vmt_counts *counts, bool *unexplained)
{
	uint64_t pieces = 0;
	int last = NONE;

	for (uint64_t page = vma->start; page < vma->end; page += PAGE) {
		int source = source_of(story, page);

		*unexplained |= source == NONE;
		if (pieces && source == last)
			continue;
		pieces++;
		last = source;
		if (source >= FRESH - 1)
			counts->created++;
		else if (source != NONE)
			pieces_of[source]++;
	}
	counts->merged += pieces - 1;
}

bool pieces_count(const struct text *before, const struct text *after, const struct vmt_done *done,
		  struct vmt_counts *ret_counts)
{
	struct story story = { .before = before,
			       .after = after,
			       .failed = done->result < 0 && done->result >= -4095 };
	static unsigned pieces_of[TEXT_MAX];
	struct vmt_counts counts = { 0 };
	bool unexplained = false;

	memset(pieces_of, 0, sizeof(pieces_of[0]) * before->count);
	tell(done, &story);
	for (size_t i = 0; i < after->count; i++) {
		const struct vmt_vma *vma = &after->vma[i];

		if (is_in(before, vma) && !is_concerned(&story, vma))
			pieces_of[index_at(before, vma->start)] = 1;
		else
			count_map(&story, vma, pieces_of, &counts, &unexplained);
	}
	for (size_t i = 0; i < before->count; i++) {
		counts.removed += pieces_of[i] == 0;
		counts.split += pieces_of[i] ? pieces_of[i] - 1 : 0;
	}
	*ret_counts = counts;
	return !unexplained;
}
