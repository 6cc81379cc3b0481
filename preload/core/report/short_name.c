/* SPDX-License-Identifier: MIT */
/* Shortens names of functions; see short_name.h. */
#include "core/report/short_name.h"

#define LEAST 6u
#define DOTS  3u

static bool ends_with_operator(const char *text, size_t n)
{
	static const char word[] = "operator";
	const size_t length = sizeof(word) - 1;

	return n >= length && !__builtin_memcmp(text + n - length, word, length);
}

/* "map<int, A<B> >::get" becomes "map<...>::get"; operator< and operator() are no brackets. */
static size_t fold_templates(const char *name, size_t n, char *text, size_t most)
{
	size_t used = 0, depth = 0;

	for (size_t i = 0; i < n && used < most; i++) {
		if (name[i] == '<' && !depth && ends_with_operator(name, i)) {
			for (; i < n && name[i] == '<' && used < most; i++)
				text[used++] = name[i];
			i--;
		} else if (name[i] == '<' && !depth++) {
			for (size_t k = 0; k < 4 && used < most; k++)
				text[used++] = "<..."[k];
		} else if (name[i] == '>' && depth && !--depth) {
			text[used++] = '>';
		} else if (!depth) {
			text[used++] = name[i];
		}
	}
	return used;
}

/*
 * Returns where the longest end begins that is a name by itself and has `room` bytes at most;
 * the last name, if that is longer.
 */
static size_t find_inner(const char *text, size_t n, size_t room)
{
	size_t last = 0;
	int depth = 0;

	for (size_t i = 0; i + 1 < n; i++) {
		depth += text[i] == '(' || text[i] == '{';
		depth -= text[i] == ')' || text[i] == '}';
		if (depth || text[i] != ':' || text[i + 1] != ':' || i + 2 >= n)
			continue;
		last = i + 2;
		if (n - last <= room)
			break;
	}
	return last;
}

/* Cut the end: "long_na..." */
static size_t cut(char *text, size_t n, size_t room)
{
	if (n <= room)
		return n;
	__builtin_memset(text + room - DOTS, '.', DOTS);
	return room;
}

size_t vmt_short_name(const char *name, size_t n, size_t room, char buffer[VMT_SHORT_NAME_MAX])
{
	size_t used, inner;

	room = room < LEAST ? LEAST : room < VMT_SHORT_NAME_MAX ? room : VMT_SHORT_NAME_MAX;
	if (n <= room) {
		__builtin_memcpy(buffer, name, n);
		return n;
	}
	used = fold_templates(name, n, buffer, VMT_SHORT_NAME_MAX);
	if (used <= room)
		return used;
	inner = find_inner(buffer, used, room - DOTS);
	if (!inner)
		return cut(buffer, used, room);
	__builtin_memmove(buffer + DOTS, buffer + inner, used - inner);
	__builtin_memset(buffer, '.', DOTS);
	return cut(buffer, used - inner + DOTS, room);
}
