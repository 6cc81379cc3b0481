/* SPDX-License-Identifier: MIT */
/* Draws a moment and handles keys; top.c provides the numbers. See top_screen.h. */
#include "core/report/report.h"
#include "picture/picture.h"
#include "top/top_screen.h"
#include "util/lines.h"

#include <curses.h>
#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_ROW 7

static const char *const sort_words[] = {
	"live", "live", "net", "peak", "calls", "created", "split"
};

int vmt_top_screen_open(struct vmt_top_screen *screen)
{
	setlocale(LC_CTYPE, "");
	screen->is_utf8 = !strcmp(nl_langinfo(CODESET), "UTF-8");
	if (!newterm(NULL, stdout, stdin))
		return -ENOTTY;
	cbreak();
	noecho();
	keypad(stdscr, TRUE);
	curs_set(0);
	return 0;
}

void vmt_top_screen_close(void)
{
	endwin();
}

uint32_t vmt_top_screen_width(void)
{
	return COLS > 0 ? (uint32_t)COLS : 80;
}

/* These texts live as long as the block in which they are used. */
#define NUMBER(value) vmt_lines_number(&(struct vmt_number){ .text = "" }, value)
#define SIGNED(value) vmt_lines_number_signed(&(struct vmt_number){ .text = "" }, value)

static void put_screen_line(int row, int column, const char *text)
{
	if (row < LINES && column < COLS)
		mvaddnstr(row, column, text, COLS - column);
}

static void draw_title(const struct vmt_top *top)
{
	const struct vmt_rec_header *header = &vmt_top_view(top)->header;
	struct vmt_view_string command = vmt_view_string(vmt_top_view(top), header->command);
	char text[300];
	int n = snprintf(text, sizeof(text), "vmatrace top  %u  %.1f s  %s", header->pid,
			 (double)top->duration / 1e9, top->is_gone ? "ENDED  " : "");

	for (uint32_t i = 0; i < command.length && n < (int)sizeof(text) - 1; i++) {
		unsigned char c = (unsigned char)command.bytes[i];

		text[n++] = c < ' ' || c > 126 ? ' ' : (char)c;
	}
	text[n] = '\0';
	attron(A_BOLD);
	put_screen_line(0, 0, text);
	attroff(A_BOLD);
}

static void draw_maps(const struct vmt_top *top)
{
	const struct vmt_rec_header *header = &vmt_top_view(top)->header;
	uint64_t all = top->maps + header->maps_own;
	double part = header->maps_limit ? (double)all / (double)header->maps_limit : 0;
	char text[300];

	snprintf(text, sizeof(text), "maps   %s (+%s vmatrace) of %s, %u %%   peak %s   start %s",
		 NUMBER(top->maps), NUMBER(header->maps_own), NUMBER(header->maps_limit),
		 (unsigned)vmt_report_percent(all, header->maps_limit), NUMBER(header->maps_peak),
		 NUMBER(header->maps_start));
	attron(part >= 0.8 ? A_STANDOUT : A_NORMAL);
	put_screen_line(1, 0, text);
	attroff(A_STANDOUT);
	if (top->is_gone)
		snprintf(text, sizeof(text), "rate   none, the process has ended");
	else if (!top->has_rate)
		snprintf(text, sizeof(text), "rate   known from the next look on");
	else if (top->rate > 0 && header->maps_limit > all)
		snprintf(text, sizeof(text), "rate   %s a second, the limit in %s s",
			 SIGNED(top->rate),
			 NUMBER((header->maps_limit - all) / (uint64_t)top->rate));
	else
		snprintf(text, sizeof(text), "rate   %s a second", SIGNED(top->rate));
	put_screen_line(2, 0, text);
}

/* What the first column counts: sorted by peak, these are the maps at the peak. */
static const char *word_of_held(const struct vmt_top *top)
{
	return top->sort == VMT_ROWS_PEAK ? "peak" : "live";
}

/* The count over the run; the lowest value is the base line. */
static void draw_bars(const struct vmt_top_screen *screen, const struct vmt_top *top)
{
	uint64_t low = UINT64_MAX;
	uint64_t high = 0;

	for (size_t i = 0; i < top->bar_count; i++) {
		low = top->bar[i] < low ? top->bar[i] : low;
		high = top->bar[i] > high ? top->bar[i] : high;
	}
	move(4, 0);
	for (size_t i = 0; i < top->bar_count && (int)i < COLS; i++) {
		uint8_t height = vmt_picture_height(top->bar[i], low, high);

		addstr(vmt_picture_cell(height, screen->is_utf8));
	}
}

static void draw_rows(const struct vmt_top_screen *screen, const struct vmt_top *top)
{
	size_t room = LINES > FIRST_ROW + 1 ? (size_t)(LINES - FIRST_ROW - 1) : 0;
	size_t from = screen->selected >= room ? screen->selected - room + 1 : 0;
	const char *held = word_of_held(top);
	char text[600];

	snprintf(text, sizeof(text), "     %s       net   %s/s    calls/s  call            where",
		 held, held);
	attron(A_UNDERLINE);
	put_screen_line(FIRST_ROW - 1, 0, text);
	attroff(A_UNDERLINE);
	for (size_t i = from; i < top->count && i - from < room; i++) {
		const struct vmt_top_row *row = &top->item[i];
		const bool ended = top->is_gone;

		snprintf(text, sizeof(text), "%9s %9s %8s %10s  %-14s  %s", NUMBER(row->row.live),
			 SIGNED(vmt_view_net(&row->row.counters)), SIGNED(ended ? 0 : row->rate),
			 NUMBER(ended ? 0 : row->call_rate), vmt_calls_name(row->row.call),
			 row->where);
		attron(i == screen->selected ? A_REVERSE : A_NORMAL);
		put_screen_line(FIRST_ROW + (int)(i - from), 0, text);
		attroff(A_REVERSE);
	}
}

/* Print the functions of a frame, one a line, from line n on. Returns the next line. */
static int put_frame(int n, const struct vmt_view *view, const struct vmt_rec_site *site,
		     uint64_t index, struct vmt_symbols *symbols)
{
	struct vmt_report_spot spot = { index, 0 };
	char text[600];
	char *frame;

	for (; FIRST_ROW + n < LINES - 1; spot.level++, n++) {
		frame = vmt_top_frame(view, site, spot, symbols);
		if (!frame)
			break;
		snprintf(text, sizeof(text), "  #%-2d %s", n, frame);
		put_screen_line(FIRST_ROW + n, 0, text);
		free(frame);
	}
	return n;
}

static void draw_stack(const struct vmt_top_screen *screen, const struct vmt_top *top,
		       struct vmt_symbols *symbols)
{
	const struct vmt_view *view = vmt_top_view(top);
	const struct vmt_top_row *row = &top->item[screen->selected];
	struct vmt_rec_site site;
	char text[600];
	uint32_t count;
	int n = 0;

	if (!vmt_view_site(view, row->row.site, &site))
		return;
	count = vmt_view_frame_count(view, &site);
	snprintf(text, sizeof(text), "%s: %s %s, %s calls; created %s, split %s",
		 vmt_calls_name(row->row.call), NUMBER(row->row.live), word_of_held(top),
		 NUMBER(row->row.counters.calls), NUMBER(row->row.counters.created),
		 NUMBER(row->row.counters.split));
	put_screen_line(FIRST_ROW - 2, 0, text);
	snprintf(text, sizeof(text), "the first of %s stacks, %s %s", NUMBER(row->row.sites),
		 NUMBER(row->row.part), word_of_held(top));
	put_screen_line(FIRST_ROW - 1, 0, row->row.sites > 1 ? text : "");
	for (uint32_t i = 0; i < count; i++)
		n = put_frame(n, view, &site, (uint64_t)site.frame_first + i, symbols);
}

/* The picture of the address space; in bold where most maps have no access. */
static void draw_picture(const struct vmt_top_screen *screen, const struct vmt_top *top)
{
	struct vmt_picture picture;
	char text[64];

	vmt_picture_of_view(&picture, vmt_top_view(top), vmt_picture_width((uint32_t)COLS));
	put_screen_line(
		FIRST_ROW - 1, 0,
		"The address space: a row for each cluster; more maps are higher, guards are bold");
	for (size_t i = 0; i < picture.rows && FIRST_ROW + (int)i < LINES - 1; i++) {
		const struct vmt_picture_row *row = &picture.row[i];

		vmt_picture_label(row, text, sizeof(text));
		put_screen_line(FIRST_ROW + (int)i, 0, text);
		for (uint32_t k = 0; k < row->cells; k++) {
			attron(row->kind[k] == VMT_PICTURE_GUARD ? A_BOLD : A_NORMAL);
			addstr(vmt_picture_cell(row->level[k], screen->is_utf8));
			attroff(A_BOLD);
		}
		vmt_picture_tail(row, text, sizeof(text));
		put_screen_line(FIRST_ROW + (int)i, 15 + (int)vmt_picture_width((uint32_t)COLS),
				text);
	}
}

static void draw_help(void)
{
	static const char *const lines[] = {
		"l n p c r s   sort by live, net, peak, calls, created, split",
		"Up Down       select a row",
		"Enter         show the stack of the selected row, or the rows again",
		"m             the address space as a picture, or the rows again",
		"Tab           the next process",
		"space         pause, or go on",
		"h ?           this help, or back",
		"q Esc         quit, or back to the rows",
	};

	put_screen_line(FIRST_ROW - 1, 0, "Keys");
	for (size_t i = 0; i < VMT_COUNT(lines) && FIRST_ROW + (int)i < LINES - 1; i++)
		put_screen_line(FIRST_ROW + (int)i, 0, lines[i]);
}

void vmt_top_screen_follow(struct vmt_top_screen *screen, const struct vmt_top *before,
			   const struct vmt_top *top)
{
	if (!screen->shows_stack || screen->selected >= before->count)
		return;
	for (size_t i = 0; i < top->count; i++) {
		if (top->item[i].row.first != before->item[screen->selected].row.first)
			continue;
		screen->selected = i;
		return;
	}
	screen->shows_stack = false;
}

/* Does q quit, rather than go back to the rows? */
static bool is_at_rows(const struct vmt_top_screen *screen)
{
	return !screen->shows_stack && !screen->shows_help && !screen->shows_picture;
}

void vmt_top_screen_draw(const struct vmt_top_screen *screen, const struct vmt_top *top,
			 struct vmt_symbols *symbols)
{
	char text[200];

	erase();
	draw_title(top);
	draw_maps(top);
	draw_bars(screen, top);
	if (screen->shows_help)
		draw_help();
	else if (screen->shows_stack && screen->selected < top->count)
		draw_stack(screen, top, symbols);
	else if (screen->shows_picture)
		draw_picture(screen, top);
	else
		draw_rows(screen, top);
	snprintf(text, sizeof(text),
		 "%sq: %s  h: help  space: %s  Enter: stack  sorted by %s: lnpcrs",
		 screen->is_paused ? "PAUSED  " : "", is_at_rows(screen) ? "quit" : "back",
		 screen->is_paused ? "go on" : "pause", sort_words[screen->sort]);
	attron(A_DIM);
	put_screen_line(LINES - 1, 0, text);
	attroff(A_DIM);
	refresh();
}

static bool set_sort(struct vmt_top_screen *screen, int key)
{
	static const char keys[] = " lnpcrs"; /* in the order of enum vmt_rows_sort */
	const char *found = key > ' ' && key < 127 ? strchr(keys, key) : NULL;

	if (!found)
		return false;
	screen->sort = (enum vmt_rows_sort)(found - keys);
	screen->selected = 0;
	return true;
}

static void next_process(struct vmt_top_screen *screen, const struct vmt_top *top)
{
	size_t next = (top->chosen + 1) % top->recordings.count;

	screen->pid = top->recordings.item[next].view.header.pid;
	screen->selected = 0;
	screen->shows_stack = false;
}

enum vmt_top_key vmt_top_screen_wait(struct vmt_top_screen *screen, const struct vmt_top *top,
				     int milliseconds)
{
	int key;

	timeout(milliseconds);
	key = getch();
	if (key == ERR)
		return VMT_TOP_NOTHING;
	if (key == 27 || key == 'q') {
		if (is_at_rows(screen))
			return VMT_TOP_QUIT;
		screen->shows_stack = screen->shows_help = screen->shows_picture = false;
	} else if (key == 'h' || key == '?') {
		screen->shows_help = !screen->shows_help;
	} else if (key == 'm') {
		screen->shows_picture = !screen->shows_picture;
	} else if (key == '\n' || key == KEY_ENTER) {
		screen->shows_stack = !screen->shows_stack;
	} else if (key == KEY_DOWN && screen->selected + 1 < top->count) {
		screen->selected++;
	} else if (key == KEY_UP && screen->selected > 0) {
		screen->selected--;
	} else if (key == ' ') {
		screen->is_paused = !screen->is_paused;
	} else if (key == '\t') {
		next_process(screen, top);
	} else {
		set_sort(screen, key);
	}
	return VMT_TOP_REDRAW;
}
