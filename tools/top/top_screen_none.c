/* SPDX-License-Identifier: MIT */
/*
 * Replaces the screen of `vmatrace top` in a build without curses: it cannot be opened, so the
 * command prints lines.
 */
#include "top/top_screen.h"

#include <errno.h>

int vmt_top_screen_open(struct vmt_top_screen *screen)
{
	(void)screen;
	return -ENOSYS;
}

void vmt_top_screen_close(void)
{
}

uint32_t vmt_top_screen_width(void)
{
	return 80;
}

void vmt_top_screen_draw(const struct vmt_top_screen *screen, const struct vmt_top *top,
			 struct vmt_symbols *symbols)
{
	(void)screen;
	(void)top;
	(void)symbols;
}

enum vmt_top_key vmt_top_screen_wait(struct vmt_top_screen *screen, const struct vmt_top *top,
				     int milliseconds)
{
	(void)screen;
	(void)top;
	(void)milliseconds;
	return VMT_TOP_QUIT;
}

void vmt_top_screen_follow(struct vmt_top_screen *screen, const struct vmt_top *before,
			   const struct vmt_top *top)
{
	(void)screen;
	(void)before;
	(void)top;
}
