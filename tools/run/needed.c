/* SPDX-License-Identifier: MIT */
/* See needed.h. Used by target.c before a program is started. */
#include "run/needed.h"
#include "util/dynamic.h"

#include <elf.h>
#include <string.h>

struct search {
	const char *part;
	bool is_found;
};

static bool look_at(void *context, long tag, const char *text)
{
	struct search *search = context;

	search->is_found = tag == DT_NEEDED && strstr(text, search->part);
	return !search->is_found;
}

bool vmt_needed_has(int fd, const char *part)
{
	struct search search = { part, false };

	vmt_dynamic_read(fd, look_at, &search);
	return search.is_found;
}
