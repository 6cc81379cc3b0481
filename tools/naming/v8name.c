/* SPDX-License-Identifier: MIT */
/*
 * Names that V8 writes into perf maps: "JS:*tick /srv/app.js:12:30" or "JS:^emit
 * node:events:513:28". See v8name.h.
 */
#include "naming/v8name.h"
#include "symbols/perfmap.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define MARKS "*^~+'" /* these characters tell how a function was compiled */

/* Returns the last number of "file.js:12:30", and takes it off; 0 if there is none. */
static uint32_t take_number(const char *text, size_t *length)
{
	size_t at = *length;

	while (at && isdigit((unsigned char)text[at - 1]))
		at--;
	if (at == *length || at < 2 || text[at - 1] != ':')
		return 0;
	*length = at - 1;
	return (uint32_t)strtoul(text + at, NULL, 10);
}

/* Returns where the file begins, behind a space: a function's name has spaces as well ("get size"). */
static const char *find_file(const char *name)
{
	static const char *const begins[] = { " /", " file://", " node:" };
	const char *file = NULL;

	for (size_t i = 0; i < VMT_COUNT(begins) && !file; i++)
		file = strstr(name, begins[i]);
	if (!file)
		file = strchr(name, ' ');
	return file;
}

static const char *keep(struct vmt_symbols *symbols, const char *function, size_t n,
			const char *doubt)
{
	char text[512];
	size_t room = sizeof(text) - sizeof(VMT_PERFMAP_DOUBT);

	n = n < room ? n : room;
	memcpy(text, function, n);
	strcpy(text + n, doubt);
	return vmt_symbols_text(symbols, text, strlen(text));
}

/* The user's own code may also be in an argument of node or of a worker. */
static bool is_own(const char *file, size_t length)
{
	static const char *const evaluated[] = { "[eval]", "[worker eval]" };

	for (size_t i = 0; i < VMT_COUNT(evaluated); i++) {
		if (length == strlen(evaluated[i]) && !strncmp(file, evaluated[i], length))
			return true;
	}
	return *file == '/';
}

bool vmt_v8name_parse(struct vmt_symbols *symbols, const char *name, struct vmt_symbol *ret_symbol)
{
	const char *doubt, *file, *function = name + 3;
	uint32_t column, line;
	size_t n, length;

	if (strncmp(name, "JS:", 3))
		return false;
	function += strspn(function, MARKS);
	file = find_file(function);
	if (!file)
		return false;
	n = (size_t)(file++ - function);
	file += strncmp(file, "file:///", 8) ? 0 : 7;
	doubt = strstr(file, VMT_PERFMAP_DOUBT);
	length = doubt ? (size_t)(doubt - file) : strlen(file);
	column = take_number(file, &length);
	line = take_number(file, &length);
	*ret_symbol = (struct vmt_symbol){
		.function = keep(symbols, n ? function : "(script)", n ? n : 8, doubt ? doubt : ""),
		.file = vmt_symbols_text(symbols, file, length),
		.line = line ? line : column,
		.is_system = !is_own(file, length),
		.is_script = is_own(file, length),
		.is_interpreted = memchr(name + 3, '~', strspn(name + 3, MARKS)) != NULL,
	};
	return true;
}
