/* SPDX-License-Identifier: MIT */
/* Decides what the picture shows; picture_print.c draws it. See picture.h. */
#include "util/clusters.h"
#include "picture/picture.h"
#include "util/must.h"

#define COURSE_MOST 65536u /* buckets that are looked at */

static enum vmt_picture_kind shown_kind(uint32_t flags)
{
	if (!(flags & (VMT_MAP_READ | VMT_MAP_WRITE | VMT_MAP_EXEC)))
		return VMT_PICTURE_GUARD;
	if (flags & VMT_MAP_SHARED)
		return VMT_PICTURE_SHARED;
	if (flags & VMT_MAP_EXEC)
		return VMT_PICTURE_CODE;
	return flags & VMT_MAP_WRITE ? VMT_PICTURE_WRITABLE : VMT_PICTURE_READABLE;
}

/* The maps of one cell, by kind. */
struct cell {
	uint64_t maps[VMT_PICTURE_KINDS];
};

static uint64_t maps_of_cell(const struct cell *cell)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < VMT_PICTURE_KINDS; i++)
		sum += cell->maps[i];
	return sum;
}

/*
 * If two kinds are equally frequent the first is shown, so that guards count as much as what they
 * guard.
 */
static uint8_t most_of_cell(const struct cell *cell)
{
	uint8_t most = 0;

	for (uint8_t i = 1; i < VMT_PICTURE_KINDS; i++)
		most = cell->maps[i] > cell->maps[most] ? i : most;
	return most;
}

/* Each doubling of the maps is one level higher, up to the highest. */
static uint8_t level_of(uint64_t maps, uint64_t most)
{
	uint32_t bits = 0, most_bits = 0;

	while (maps >> bits > 1)
		bits++;
	while (most >> most_bits > 1)
		most_bits++;
	if (!maps)
		return 0;
	if (most_bits < VMT_PICTURE_LEVELS - 1)
		return (uint8_t)(1 + bits);
	return (uint8_t)(1 + bits * (VMT_PICTURE_LEVELS - 2) / most_bits);
}

static void count_cells(struct vmt_picture_row *row, const struct vmt_picture_map *map,
			struct cell *cells, uint32_t width)
{
	uint64_t length = row->end - row->start;
	uint64_t slice = (length + width - 1) / width;

	slice = (slice + 4095) / 4096 * 4096;
	row->cells = (uint32_t)((length + slice - 1) / slice);
	for (uint64_t i = 0; i < row->maps; i++) {
		uint64_t last = (map[i].end - 1 - row->start) / slice;

		for (uint64_t k = (map[i].start - row->start) / slice; k <= last; k++)
			cells[k].maps[shown_kind(map[i].flags)]++;
	}
}

struct cluster {
	size_t first;
	size_t count;
	bool is_shown;
};

static size_t find_clusters(const struct vmt_picture_map *map, size_t count,
			    struct cluster **ret_cluster)
{
	struct cluster *cluster = NULL;
	size_t clusters = 0;

	for (size_t i = 0; i < count; i++) {
		if (vmt_clusters_begins(i ? map[i - 1].end : 0, map[i].start)) {
			cluster = vmt_must_grow(cluster, clusters, sizeof(*cluster));
			cluster[clusters++] = (struct cluster){ .first = i };
		}
		cluster[clusters - 1].count++;
	}
	*ret_cluster = cluster;
	return clusters;
}

static void choose_clusters(struct cluster *cluster, size_t clusters)
{
	for (size_t n = 0; n < VMT_PICTURE_ROWS && n < clusters; n++) {
		size_t best = clusters;

		for (size_t i = 0; i < clusters; i++) {
			if (!cluster[i].is_shown &&
			    (best == clusters || cluster[i].count > cluster[best].count))
				best = i;
		}
		cluster[best].is_shown = true;
	}
}

void vmt_picture_make(struct vmt_picture *ret_picture, const struct vmt_picture_map *map,
		      size_t count, uint32_t width)
{
	struct cell cells[VMT_PICTURE_ROWS][VMT_PICTURE_WIDTH] = { { { { 0 } } } };
	struct vmt_picture picture = { .rows = 0 };
	struct cluster *cluster;
	size_t clusters = find_clusters(map, count, &cluster);

	width = width < VMT_PICTURE_WIDTH ? width : VMT_PICTURE_WIDTH;
	choose_clusters(cluster, clusters);
	for (size_t i = 0; i < clusters; i++) {
		const struct vmt_picture_map *first = &map[cluster[i].first];
		struct vmt_picture_row *row = &picture.row[picture.rows];

		if (!cluster[i].is_shown)
			continue;
		*row = (struct vmt_picture_row){ .start = first->start,
						 .end = first[cluster[i].count - 1].end,
						 .maps = cluster[i].count };
		count_cells(row, first, cells[picture.rows], width);
		for (uint32_t k = 0; k < row->cells; k++) {
			uint64_t maps = maps_of_cell(&cells[picture.rows][k]);

			picture.most = maps > picture.most ? maps : picture.most;
		}
		picture.rows++;
	}
	picture.left_out = clusters - picture.rows;
	picture.highest = level_of(picture.most, picture.most);
	for (size_t i = 0; i < picture.rows; i++) {
		for (uint32_t k = 0; k < picture.row[i].cells; k++) {
			picture.row[i].level[k] =
				level_of(maps_of_cell(&cells[i][k]), picture.most);
			picture.row[i].kind[k] = most_of_cell(&cells[i][k]);
		}
	}
	free(cluster);
	*ret_picture = picture;
}

static int by_address(const void *a, const void *b)
{
	const struct vmt_picture_map *one = a, *two = b;

	return (one->start > two->start) - (one->start < two->start);
}

/* A range that is just being written may overlap another for a moment, so it is left out. */
static size_t without_overlaps(struct vmt_picture_map *map, size_t count)
{
	size_t kept = 0;

	for (size_t i = 0; i < count; i++) {
		if (map[i].end > map[i].start && (!kept || map[i].start >= map[kept - 1].end))
			map[kept++] = map[i];
	}
	return kept;
}

void vmt_picture_of_view(struct vmt_picture *ret_picture, const struct vmt_view *view,
			 uint32_t width)
{
	uint64_t slots = vmt_view_count(view, VMT_SECTION_RANGES);
	struct vmt_picture_map *map = vmt_must_alloc(slots, sizeof(*map));
	struct vmt_rec_range range;
	size_t count = 0;

	for (uint64_t i = 0; i < slots; i++) {
		if (vmt_view_range(view, i, &range) && !(range.flags & VMT_MAP_OWN))
			map[count++] =
				(struct vmt_picture_map){ range.start, range.end, range.flags };
	}
	qsort(map, count, sizeof(*map), by_address);
	vmt_picture_make(ret_picture, map, without_overlaps(map, count), width);
	free(map);
}

void vmt_picture_of_maps(struct vmt_picture *ret_picture, const struct vmt_explain_map *map,
			 size_t count, uint32_t width)
{
	struct vmt_picture_map *plain = vmt_must_alloc(count, sizeof(*plain));

	for (size_t i = 0; i < count; i++)
		plain[i] = (struct vmt_picture_map){ map[i].start, map[i].end, map[i].flags };
	qsort(plain, count, sizeof(*plain), by_address);
	vmt_picture_make(ret_picture, plain, without_overlaps(plain, count), width);
	free(plain);
}

size_t vmt_picture_timeline(const struct vmt_view *view, uint64_t end, uint64_t *bar, size_t bars)
{
	uint64_t count = vmt_view_bucket_count(view);
	uint64_t width = view->header.bucket_ns;
	uint64_t last = view->header.maps_start;
	struct vmt_rec_bucket bucket;

	if (view->header.end_monotonic)
		end = view->header.end_monotonic;
	if (width && end > view->header.start_monotonic &&
	    (end - view->header.start_monotonic) / width < COURSE_MOST)
		count = (end - view->header.start_monotonic) / width + 1;
	if (count > COURSE_MOST)
		count = COURSE_MOST;
	if (count < bars)
		bars = count;
	for (uint64_t i = 0; i < count; i++) {
		uint64_t *at = &bar[i * bars / count];
		uint64_t max = last;

		if (vmt_view_bucket(view, i, &bucket)) {
			max = bucket.max;
			last = bucket.last;
		}
		*at = max > *at ? max : *at;
	}
	return bars;
}

uint8_t vmt_picture_height(uint64_t value, uint64_t low, uint64_t high)
{
	return high > low ? (uint8_t)(1 + (value - low) * (VMT_PICTURE_LEVELS - 2) / (high - low)) :
			    1;
}
