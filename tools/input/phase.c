/* SPDX-License-Identifier: MIT */
/*
 * Finds marks by name, and undoes what happened after them: a site's older values were recorded
 * when it first changed after a mark (struct vmt_rec_mark_value).
 */
#include "input/phase.h"
#include "util/must.h"

#include <errno.h>
#include <stdlib.h>

static bool is_named(const struct vmt_view *view, const struct vmt_rec_mark *mark, const char *name)
{
	struct vmt_view_string text = vmt_view_string(view, mark->name);

	return text.length == strlen(name) && !memcmp(text.bytes, name, text.length);
}

static int find_from(const struct vmt_view *view, const struct vmt_phase *phase, uint64_t *index,
		     struct vmt_phase_bounds *bounds)
{
	uint64_t count = vmt_view_count(view, VMT_SECTION_MARKS);
	struct vmt_rec_mark mark;
	uint64_t seen = 0;

	for (; *index < count; ++*index) {
		if (!vmt_view_mark(view, *index, &mark) || !is_named(view, &mark, phase->from) ||
		    seen++ < phase->warmup)
			continue;
		bounds->from = mark.epoch;
		bounds->maps_from = mark.maps;
		++*index;
		return 0;
	}
	return seen ? -ERANGE : -ENOENT;
}

static int find_to(const struct vmt_view *view, const struct vmt_phase *phase, uint64_t index,
		   struct vmt_phase_bounds *bounds)
{
	uint64_t count = vmt_view_count(view, VMT_SECTION_MARKS);
	struct vmt_rec_mark mark;
	int ret = -ENOENT;

	for (uint64_t i = 0; i < count; i++) {
		if (!vmt_view_mark(view, i, &mark) || !is_named(view, &mark, phase->to))
			continue;
		if (ret)
			ret = -ERANGE;
		if (i < index)
			continue;
		bounds->to = mark.epoch;
		bounds->maps_to = mark.maps;
		ret = 0;
	}
	return ret;
}

static bool is_full(const struct vmt_view *view, enum vmt_section_id id)
{
	const struct vmt_rec_section *section = &view->header.section[id];

	return section->used && section->used >= section->capacity;
}

bool vmt_phase_has_lost_values(const struct vmt_view *view)
{
	return is_full(view, VMT_SECTION_MARK_VALUES);
}

static bool has_lost_marks(const struct vmt_view *view)
{
	return is_full(view, VMT_SECTION_MARKS) || vmt_phase_has_lost_values(view);
}

int vmt_phase_find(const struct vmt_view *view, const struct vmt_phase *phase,
		   struct vmt_phase_bounds *ret_bounds)
{
	struct vmt_phase_bounds bounds = {
		.maps_from = view->header.maps_start,
		.maps_to = vmt_view_maps_now(view),
	};
	uint64_t index = 0;
	int ret = 0;

	if ((phase->from || phase->to) && has_lost_marks(view))
		ret = -ENOSPC;
	if (!ret && phase->from)
		ret = find_from(view, phase, &index, &bounds);
	if (!ret && phase->to)
		ret = find_to(view, phase, index, &bounds);
	if (!ret)
		*ret_bounds = bounds;
	return ret;
}

void vmt_phase_rewind(const struct vmt_view *view, uint32_t epoch, uint64_t *live, uint64_t count)
{
	uint64_t values = epoch ? vmt_view_count(view, VMT_SECTION_MARK_VALUES) : 0;
	uint32_t *best = vmt_must_alloc(count, sizeof(*best));
	struct vmt_rec_mark_value value;

	/*
	 * A value holds for its mark and earlier ones, so the first value not before our mark
	 * counts.
	 */
	for (uint64_t i = 0; i < values; i++) {
		if (!vmt_view_mark_value(view, i, &value) || value.site >= count ||
		    value.epoch < epoch || (best[value.site] && best[value.site] <= value.epoch))
			continue;
		best[value.site] = value.epoch;
		live[value.site] = value.live;
	}
	free(best);
}

/* Returns the sum of the mark's name, which is added if it is new. There is room for each mark. */
static struct vmt_phase_sum *sum_of(struct vmt_phase_sum *sums, size_t *used,
				    struct vmt_view_string name)
{
	for (size_t i = 0; i < *used; i++) {
		if (sums[i].name.length == name.length &&
		    !memcmp(sums[i].name.bytes, name.bytes, name.length))
			return &sums[i];
	}
	sums[*used].name = name;
	return &sums[(*used)++];
}

static int by_growth(const void *a, const void *b)
{
	const struct vmt_phase_sum *one = a, *other = b;

	if (one->growth != other->growth)
		return one->growth > other->growth ? -1 : 1;
	return one->name.bytes < other->name.bytes ? -1 : one->name.bytes > other->name.bytes;
}

size_t vmt_phase_sum(const struct vmt_view *view, uint64_t maps_end, struct vmt_phase_sum *ret_sums,
		     size_t most)
{
	uint64_t count = vmt_view_count(view, VMT_SECTION_MARKS), maps = 0;
	struct vmt_phase_sum *sums = calloc((size_t)count + 1, sizeof(*sums)), *last = NULL;
	struct vmt_rec_mark mark;
	size_t used = 0;

	for (uint64_t i = 0; sums && i < count; i++) {
		if (!vmt_view_mark(view, i, &mark))
			continue;
		if (last)
			last->growth += (int64_t)(mark.maps - maps);
		last = sum_of(sums, &used, vmt_view_string(view, mark.name));
		last->times++;
		maps = mark.maps;
	}
	if (last && !is_full(view, VMT_SECTION_MARKS))
		last->growth += (int64_t)(maps_end - maps);
	if (used)
		qsort(sums, used, sizeof(*sums), by_growth);
	for (size_t i = 0; i < used && i < most; i++)
		ret_sums[i] = sums[i];
	free(sums);
	return used;
}
