/* SPDX-License-Identifier: MIT */
/*
 * Names that V8 writes into perf maps: "JS:*tick /srv/app.js:12:30" or "JS:^emit
 * node:events:513:28". Pure; used by rows.c.
 */
#include "naming/interpreter_label.h"
#include "symbols/perfmap.h"
#include "util/must.h"

#include <ctype.h>

/* Returns the length of "file.js:12:30" without the column. */
static size_t without_column(const char *place, size_t n)
{
	size_t at = n;

	while (at && isdigit((unsigned char)place[at - 1]))
		at--;
	if (at == n || at < 2 || place[at - 1] != ':' || !isdigit((unsigned char)place[at - 2]))
		return n;
	return at - 1;
}

char *vmt_interpreter_label(const char *name)
{
	const char *place;
	const char *base;
	const char *doubt;
	size_t n;

	if (strncmp(name, "JS:", 3))
		return NULL;
	name += 3;
	name += strspn(name, "*^~+'"); /* these characters tell how it was compiled */
	place = strchr(name, ' ');
	base = place ? strrchr(place, '/') : NULL;
	/* The runtime's own scripts never answer "who?". */
	if (!base || !strncmp(place + 1, "node:", 5))
		return NULL;
	doubt = strstr(base, VMT_PERFMAP_DOUBT);
	n = without_column(base + 1, doubt ? (size_t)(doubt - base - 1) : strlen(base + 1));
	if (place == name)
		return vmt_must_format("(script) %.*s%s", (int)n, base + 1, doubt ? doubt : "");
	return vmt_must_format("%.*s %.*s%s", (int)(place - name), name, (int)n, base + 1,
			       doubt ? doubt : "");
}
