/* SPDX-License-Identifier: MIT */
/*
 * The page around its data. embed.py makes it from page.html and the files that page.html names.
 * Part of html.h.
 */
#ifndef VMT_HTML_PAGE_H
#define VMT_HTML_PAGE_H

#include <stddef.h>

extern const char vmt_html_page_head[]; /* everything before the data… */
extern const size_t vmt_html_page_head_size;
extern const char vmt_html_page_tail[]; /* …and everything after them */
extern const size_t vmt_html_page_tail_size;

#endif
