/* SPDX-License-Identifier: MIT */
/*
 * A small picture of the address space for terminals, with a row for each cluster. Each cell stands
 * for a slice of the cluster's addresses, and shows how many maps lie there and which kind is most
 * frequent. The count over time is drawn as a row of heights.
 */
#ifndef VMT_PICTURE_H
#define VMT_PICTURE_H

#include "core/recording/view.h"
#include "input/explain_map.h"

#include <stdio.h>

#define VMT_PICTURE_LEVELS 9u /* 0 = no map; then more and more maps */
#define VMT_PICTURE_WIDTH  120u
#define VMT_PICTURE_ROWS   8u

enum vmt_picture_kind {
	VMT_PICTURE_GUARD, /* no access */
	VMT_PICTURE_WRITABLE,
	VMT_PICTURE_READABLE,
	VMT_PICTURE_CODE,
	VMT_PICTURE_SHARED,
	VMT_PICTURE_KINDS,
};

struct vmt_picture_map {
	uint64_t start;
	uint64_t end;
	uint32_t flags; /* VMT_MAP_VISIBLE */
};

struct vmt_picture_row {
	uint64_t start;
	uint64_t end;
	uint64_t maps;
	uint32_t cells;
	uint8_t level[VMT_PICTURE_WIDTH];
	uint8_t kind[VMT_PICTURE_WIDTH]; /* enum vmt_picture_kind */
};

struct vmt_picture {
	struct vmt_picture_row row[VMT_PICTURE_ROWS]; /* in the order of addresses */
	size_t rows;
	size_t left_out; /* clusters with fewer maps */
	uint64_t most; /* the most maps of one cell */
	uint8_t highest; /* the level of that cell */
};

/* map: in the order of addresses. width: cells of a row. */
void vmt_picture_make(struct vmt_picture *ret_picture, const struct vmt_picture_map *map,
		      size_t count, uint32_t width);

/* Likewise, for a recording's ranges, and for maps that have been explained. */
void vmt_picture_of_view(struct vmt_picture *ret_picture, const struct vmt_view *view,
			 uint32_t width);
void vmt_picture_of_maps(struct vmt_picture *ret_picture, const struct vmt_explain_map *map,
			 size_t count, uint32_t width);

/*
 * Fill bar[0, bars) with the highest count in each slice of the run. A process that still runs is
 * shown until `end` (CLOCK_MONOTONIC, ns). Returns how many bars are used.
 */
size_t vmt_picture_timeline(const struct vmt_view *view, uint64_t end, uint64_t *bar, size_t bars);

/* Returns the height of a value between low and high, from 1 to VMT_PICTURE_LEVELS - 1. */
uint8_t vmt_picture_height(uint64_t value, uint64_t low, uint64_t high);

/* Returns what a cell of this level looks like. */
const char *vmt_picture_cell(uint8_t level, bool is_utf8);

/* How a picture is drawn on a terminal. */
struct vmt_picture_style {
	uint32_t columns; /* of the terminal; 0 = no terminal, and no picture */
	bool is_utf8;
	bool has_colour;
};

enum vmt_picture_colour {
	VMT_PICTURE_COLOUR_AUTO, /* on a terminal, unless NO_COLOR is set or TERM is dumb */
	VMT_PICTURE_COLOUR_ALWAYS,
	VMT_PICTURE_COLOUR_NEVER,
};

/* Find "auto", "always" or "never"; false if it is none of them. */
bool vmt_picture_colour(const char *text, enum vmt_picture_colour *ret_colour);

/* Returns the style for a stream, from the environment and the locale. */
struct vmt_picture_style vmt_picture_style_of(FILE *stream, enum vmt_picture_colour colour);

/* Returns how many cells a row has room for. */
uint32_t vmt_picture_width(uint32_t columns);

/* What stands before and behind a row's cells: "  5601a2b3c000  " and "  1,022  3.9 MiB". */
void vmt_picture_label(const struct vmt_picture_row *row, char *text, size_t size);
void vmt_picture_tail(const struct vmt_picture_row *row, char *text, size_t size);

void vmt_picture_print(FILE *stream, const struct vmt_picture *picture,
		       const struct vmt_picture_style *style);
void vmt_picture_print_timeline(FILE *stream, const struct vmt_view *view, uint64_t now,
				const struct vmt_picture_style *style);

#endif
