/* SPDX-License-Identifier: MIT */
/*
 * START-END rwxp OFFSET MAJOR:MINOR INODE   NAME, all numbers hexadecimal but
 * the inode (fs/proc/task_mmu.c, show_map_vma).
 */
#include "mapsline.h"

#include <linux/errno.h>

struct cursor {
	const char *at;
	const char *end;
	bool bad;
};

static int digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return 99;
}

static uint64_t number(struct cursor *cursor, int base)
{
	uint64_t value = 0;
	const char *first = cursor->at;

	while (cursor->at < cursor->end && digit_of(*cursor->at) < base) {
		if (__builtin_mul_overflow(value, (uint64_t)base, &value) ||
		    __builtin_add_overflow(value, (uint64_t)digit_of(*cursor->at), &value))
			cursor->bad = true;
		cursor->at++;
	}
	if (cursor->at == first)
		cursor->bad = true;
	return value;
}

static void expect(struct cursor *cursor, char c)
{
	if (cursor->at < cursor->end && *cursor->at == c)
		cursor->at++;
	else
		cursor->bad = true;
}

static uint32_t flag(struct cursor *cursor, char set, char clear, uint32_t value)
{
	char c = cursor->at < cursor->end ? *cursor->at++ : '?';

	if (c != set && c != clear)
		cursor->bad = true;
	return c == set ? value : 0;
}

static bool is_name(const struct vmt_mapsline *line, const char *name)
{
	size_t i = 0;

	while (i < line->name_length && name[i] && line->name[i] == name[i])
		i++;
	return i == line->name_length && !name[i];
}

int vmt_mapsline_parse(const char *text, size_t length, struct vmt_mapsline *ret_line)
{
	struct cursor cursor = { .at = text, .end = text + length };
	struct vmt_mapsline line = { .name = NULL };

	line.look.start = number(&cursor, 16);
	expect(&cursor, '-');
	line.look.end = number(&cursor, 16);
	expect(&cursor, ' ');
	line.look.flags = flag(&cursor, 'r', '-', VMT_MAP_READ);
	line.look.flags |= flag(&cursor, 'w', '-', VMT_MAP_WRITE);
	line.look.flags |= flag(&cursor, 'x', '-', VMT_MAP_EXEC);
	line.look.flags |= flag(&cursor, 's', 'p', VMT_MAP_SHARED);
	expect(&cursor, ' ');
	line.look.offset = number(&cursor, 16);
	expect(&cursor, ' ');
	line.look.dev_major = (uint32_t)number(&cursor, 16);
	expect(&cursor, ':');
	line.look.dev_minor = (uint32_t)number(&cursor, 16);
	expect(&cursor, ' ');
	line.look.inode = number(&cursor, 10);
	while (cursor.at < cursor.end && *cursor.at == ' ')
		cursor.at++;
	line.name = cursor.at;
	line.name_length = (size_t)(cursor.end - cursor.at);
	if (cursor.bad || line.look.start >= line.look.end)
		return -EBADMSG;
	if (is_name(&line, "[stack]"))
		line.look.flags |= VMT_MAP_STACK;
	*ret_line = line;
	return 0;
}

bool vmt_mapsline_is_vsyscall(const struct vmt_mapsline *line)
{
	return is_name(line, "[vsyscall]");
}
