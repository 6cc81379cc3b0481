/* SPDX-License-Identifier: MIT */
/* All maps of a process in few bytes, for the page's picture. Part of html.h. */
#ifndef VMT_HTML_SPACE_H
#define VMT_HTML_SPACE_H

#include "explain/explain_record.h"

#include <jansson.h>

json_t *vmt_html_space(const struct vmt_explain_record *record);

#endif
