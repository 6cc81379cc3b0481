/* SPDX-License-Identifier: MIT */
/* Draws the picture on a terminal, in UTF-8 or ASCII, with colours if they are wanted. */
#include "picture/picture.h"
#include "util/lines.h"

#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define WIDEST  80u /* as long as the lines of a report */
#define MARGINS 36u /* columns beside the cells */
#define NARROW  8u /* the fewest cells of a row */

static const char *const colours[VMT_PICTURE_KINDS] = {
	[VMT_PICTURE_GUARD] = "\033[31m",    [VMT_PICTURE_WRITABLE] = "\033[34m",
	[VMT_PICTURE_READABLE] = "\033[36m", [VMT_PICTURE_CODE] = "\033[33m",
	[VMT_PICTURE_SHARED] = "\033[35m",
};
static const char *const kind_words[VMT_PICTURE_KINDS] = {
	[VMT_PICTURE_GUARD] = "no access", [VMT_PICTURE_WRITABLE] = "writable",
	[VMT_PICTURE_READABLE] = "read",   [VMT_PICTURE_CODE] = "code",
	[VMT_PICTURE_SHARED] = "shared",
};

const char *vmt_picture_cell(uint8_t level, bool is_utf8)
{
	static const char *const utf8[VMT_PICTURE_LEVELS] = { " ",      "\u2581", "\u2582",
							      "\u2583", "\u2584", "\u2585",
							      "\u2586", "\u2587", "\u2588" };
	static const char *const ascii[VMT_PICTURE_LEVELS] = { " ", "_", ".", ":", "-",
							       "=", "+", "*", "#" };

	return is_utf8 ? utf8[level] : ascii[level];
}

bool vmt_picture_colour(const char *text, enum vmt_picture_colour *ret_colour)
{
	static const char *const words[] = { "auto", "always", "never" };

	for (size_t i = 0; i < VMT_COUNT(words); i++) {
		if (!strcmp(text, words[i])) {
			*ret_colour = (enum vmt_picture_colour)i;
			return true;
		}
	}
	return false;
}

static bool has_colour(enum vmt_picture_colour colour)
{
	const char *without = getenv("NO_COLOR");
	const char *terminal = getenv("TERM");

	if (colour != VMT_PICTURE_COLOUR_AUTO)
		return colour == VMT_PICTURE_COLOUR_ALWAYS;
	return !(without && *without) && terminal && *terminal && strcmp(terminal, "dumb") != 0;
}

struct vmt_picture_style vmt_picture_style_of(FILE *stream, enum vmt_picture_colour colour)
{
	struct vmt_picture_style style = { .columns = 0 };
	struct winsize size = { .ws_col = 0 };

	if (!isatty(fileno(stream)))
		return style;
	ioctl(fileno(stream), TIOCGWINSZ, &size);
	style.columns = size.ws_col ? size.ws_col : WIDEST;
	setlocale(LC_CTYPE, "");
	style.is_utf8 = !strcmp(nl_langinfo(CODESET), "UTF-8");
	setlocale(LC_CTYPE, "C");
	style.has_colour = has_colour(colour);
	return style;
}

uint32_t vmt_picture_width(uint32_t columns)
{
	columns = columns < WIDEST ? columns : WIDEST;
	return columns > MARGINS + NARROW ? columns - MARGINS : NARROW;
}

void vmt_picture_label(const struct vmt_picture_row *row, char *text, size_t size)
{
	snprintf(text, size, "  %12llx ", (unsigned long long)row->start);
}

void vmt_picture_tail(const struct vmt_picture_row *row, char *text, size_t size)
{
	struct vmt_number maps, bytes;

	snprintf(text, size, " %6s %9s", vmt_lines_number(&maps, row->maps),
		 vmt_lines_number_bytes(&bytes, row->end - row->start));
}

static void put_cells(FILE *stream, const struct vmt_picture_row *row, uint32_t width,
		      const struct vmt_picture_style *style)
{
	int last = -1;

	for (uint32_t i = 0; i < row->cells; i++) {
		int kind = row->level[i] ? row->kind[i] : last;

		if (style->has_colour && kind != last)
			fputs(colours[kind], stream);
		last = kind;
		fputs(vmt_picture_cell(row->level[i], style->is_utf8), stream);
	}
	if (style->has_colour && last >= 0)
		fputs("\033[0m", stream);
	fprintf(stream, "%*s", (int)(width > row->cells ? width - row->cells : 0), "");
}

static void put_legend(FILE *stream, const struct vmt_picture *picture,
		       const struct vmt_picture_style *style)
{
	struct vmt_number number;

	fprintf(stream, "  maps in a column: %s 1", vmt_picture_cell(1, style->is_utf8));
	if (picture->most > 1)
		fprintf(stream, ", %s %s", vmt_picture_cell(picture->highest, style->is_utf8),
			vmt_lines_number(&number, picture->most));
	if (style->has_colour) {
		fputs(style->columns < WIDEST ? "\n " : ";", stream);
		for (size_t i = 0; i < VMT_PICTURE_KINDS; i++)
			fprintf(stream, " %s%s\033[0m", colours[i], kind_words[i]);
	}
	putc('\n', stream);
}

void vmt_picture_print(FILE *stream, const struct vmt_picture *picture,
		       const struct vmt_picture_style *style)
{
	uint32_t width = vmt_picture_width(style->columns);
	char text[64];

	if (!style->columns || !picture->rows)
		return;
	for (size_t i = 0; i < picture->rows; i++) {
		vmt_picture_label(&picture->row[i], text, sizeof(text));
		fputs(text, stream);
		put_cells(stream, &picture->row[i], width, style);
		vmt_picture_tail(&picture->row[i], text, sizeof(text));
		fprintf(stream, "%s\n", text);
	}
	if (picture->left_out)
		fprintf(stream, "  %zu more clusters with fewer maps\n", picture->left_out);
	put_legend(stream, picture, style);
}

void vmt_picture_print_timeline(FILE *stream, const struct vmt_view *view, uint64_t now,
				const struct vmt_picture_style *style)
{
	uint64_t bar[VMT_PICTURE_WIDTH] = { 0 };
	struct vmt_number numbers[2];
	size_t bars;
	uint64_t low = UINT64_MAX, high = 0;

	if (!style->columns)
		return;
	bars = vmt_picture_timeline(view, now, bar, vmt_picture_width(style->columns));
	for (size_t i = 0; i < bars; i++) {
		low = bar[i] < low ? bar[i] : low;
		high = bar[i] > high ? bar[i] : high;
	}
	if (!bars)
		return;
	fprintf(stream, "  %12s ", "count");
	for (size_t i = 0; i < bars; i++)
		fputs(vmt_picture_cell(vmt_picture_height(bar[i], low, high), style->is_utf8),
		      stream);
	fprintf(stream, " %s to %s\n", vmt_lines_number(&numbers[0], low),
		vmt_lines_number(&numbers[1], high));
}
