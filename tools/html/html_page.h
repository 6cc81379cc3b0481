/* SPDX-License-Identifier: MIT */
/* The page around its data: made of page.html and what it names by embed.py. Part of html.h. */
#ifndef VMT_HTML_PAGE_H
#define VMT_HTML_PAGE_H

#include <stddef.h>

extern const char vmt_html_page_head[]; /* all before the data… */
extern const size_t vmt_html_page_head_size;
extern const char vmt_html_page_tail[]; /* …and all behind them */
extern const size_t vmt_html_page_tail_size;

#endif
