/* SPDX-License-Identifier: MIT */
/*
 * Names that runtimes write into perf maps. V8: "JS:*tick /srv/app.js:12:30" or "JS:^emit
 * node:events:513:28", up to node 18 "LazyCompile:~tick /srv/app.js:12:30"; HotSpot: "void Store.open(java.lang.String, int)". See jitname.h.
 */
#include "naming/jitname.h"
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

/* The first n letters of a name, and what is to be said of it. */
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

/* Returns the length of what V8 calls a function of JavaScript; 0: it is none. */
static size_t kind_length(const char *name)
{
	static const char *const kinds[] = { "JS:", "LazyCompile:", "Function:", "Script:",
					     "Eval:" };

	for (size_t i = 0; i < VMT_COUNT(kinds); i++) {
		if (!strncmp(name, kinds[i], strlen(kinds[i])))
			return strlen(kinds[i]);
	}
	return 0;
}

static bool parse_v8(struct vmt_symbols *symbols, const char *name, struct vmt_symbol *ret_symbol)
{
	size_t n, length, kind = kind_length(name);
	const char *doubt, *file, *function = name + kind;
	uint32_t column, line;

	if (!kind)
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
		.is_interpreted = memchr(name + kind, '~', strspn(name + kind, MARKS)) != NULL,
	};
	return true;
}

/* Does the class belong to what comes with java? */
static bool is_javas(const char *name)
{
	static const char *const packages[] = { "java.", "javax.", "jdk.", "sun.", "com.sun." };

	for (size_t i = 0; i < VMT_COUNT(packages); i++) {
		if (!strncmp(name, packages[i], strlen(packages[i])))
			return true;
	}
	return false;
}

/* Is it a letter of "sun.nio.ch.Net$Poll.<init>", or of a type such as "byte[]"? */
static bool is_java_letter(char c)
{
	return isalnum((unsigned char)c) || (c && strchr("_$.<>/[]-", c)) ||
	       (unsigned char)c >= 0x80;
}

static size_t java_length(const char *text)
{
	size_t n = 0;

	while (is_java_letter(text[n]))
		n++;
	return n;
}

/*
 * Write "Store.open" for "void Store.open(java.lang.String, int)", and "Store$$Lambda.run" for the class
 * of a lambda, whose number and address are others in each run. Returns its length; 0: it is no such name.
 */
static size_t read_method(const char *name, char *text, size_t size)
{
	static const char lambda[] = "$$Lambda";
	size_t type = java_length(name), length, of_class;
	const char *method, *cut;

	if (!type || name[type] != ' ')
		return 0;
	name += type + 1;
	length = java_length(name);
	method = memrchr(name, '.', length);
	if (name[length] != '(' || !strchr(name + length, ')') || !method || method == name)
		return 0;
	of_class = (size_t)(method - name);
	cut = memmem(name, of_class, lambda, strlen(lambda));
	if (cut)
		of_class = (size_t)(cut - name) + strlen(lambda);
	length = of_class + (size_t)(name + length - method);
	if (length >= size)
		return 0;
	memcpy(text, name, of_class);
	memcpy(text + of_class, method, length - of_class);
	text[length] = '\0';
	return length;
}

static bool parse_java(struct vmt_symbols *symbols, const char *name, struct vmt_symbol *ret_symbol)
{
	char text[256];
	size_t n = read_method(name, text, sizeof(text));

	if (!n)
		return false;
	*ret_symbol = (struct vmt_symbol){
		.function = keep(symbols, text, n,
				 strstr(name, VMT_PERFMAP_DOUBT) ? VMT_PERFMAP_DOUBT : ""),
		.is_system = is_javas(text),
		.is_script = !is_javas(text),
	};
	return true;
}

bool vmt_jitname_parse(struct vmt_symbols *symbols, const char *name, struct vmt_symbol *ret_symbol)
{
	return parse_v8(symbols, name, ret_symbol) || parse_java(symbols, name, ret_symbol);
}
