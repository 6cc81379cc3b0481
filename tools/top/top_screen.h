/* SPDX-License-Identifier: MIT */
/* The screen of `vmatrace top`: curses, drawing and keys. */
#ifndef VMT_TOP_SCREEN_H
#define VMT_TOP_SCREEN_H

#include "top/top.h"

struct vmt_top_screen {
	enum vmt_rows_sort sort;
	size_t selected; /* number of the selected row */
	bool shows_stack; /* show the stack of the selected row */
	bool shows_help;
	bool shows_picture; /* the address space */
	bool is_paused;
	bool is_utf8;
	uint32_t pid; /* the process shown; 0 = the one with most maps */
};

enum vmt_top_key {
	VMT_TOP_NOTHING, /* the time passed without a key */
	VMT_TOP_REDRAW,
	VMT_TOP_QUIT,
};

/* Take over the terminal, and restore it. Returns 0 or -errno. */
int vmt_top_screen_open(struct vmt_top_screen *screen);
void vmt_top_screen_close(void);

uint32_t vmt_top_screen_width(void);
void vmt_top_screen_draw(const struct vmt_top_screen *screen, const struct vmt_top *top,
			 struct vmt_symbols *symbols);
/* After a new reading, select the row again whose stack was shown before. */
void vmt_top_screen_follow(struct vmt_top_screen *screen, const struct vmt_top *before,
			   const struct vmt_top *top);
/* Wait for a key for at most this long, and handle it. */
enum vmt_top_key vmt_top_screen_wait(struct vmt_top_screen *screen, const struct vmt_top *top,
				     int milliseconds);

#endif
