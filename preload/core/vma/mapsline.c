/* SPDX-License-Identifier: MIT */
/*
 * The format is
 * 	START-END rwxp OFFSET MAJOR:MINOR INODE   NAME
 * with all numbers hexadecimal except for the inode (fs/proc/task_mmu.c, show_map_vma).
 */
#include "core/vma/mapsline.h"

#include <linux/errno.h>

struct cursor {
	const char *at;
	const char *end;
	bool bad;
};

/*
 * A table, since branches on the digits of addresses cannot be predicted; 0 = no digit, otherwise
 * the digit's value plus one.
 */
static const unsigned char digit_plus_one[256] = {
	['0'] = 1,  ['1'] = 2,  ['2'] = 3,  ['3'] = 4,  ['4'] = 5,  ['5'] = 6,
	['6'] = 7,  ['7'] = 8,  ['8'] = 9,  ['9'] = 10, ['a'] = 11, ['b'] = 12,
	['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16,
};

static inline unsigned digit_of(char c)
{
	return digit_plus_one[(unsigned char)c] - 1u;
}

/* Inlined for each base, since 60,000 lines contain half a million numbers. */
static inline __attribute__((always_inline)) uint64_t number(struct cursor *cursor, unsigned base)
{
	uint64_t value = 0;
	const char *at = cursor->at;
	bool bad = false;
	unsigned digit;

	for (; at < cursor->end; at++) {
		digit = digit_of(*at);
		if (digit >= base)
			break;
		if (base != 16)
			bad |= value > (UINT64_MAX - digit) / base;
		value = value * base + digit;
	}
	/* The kernel does not pad hexadecimal numbers to more than 16 digits. */
	cursor->bad |= bad || at == cursor->at || (base == 16 && at - cursor->at > 16);
	cursor->at = at;
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

/*
 * Skip the offset, device and inode of a map without a file. In a long table most lines are such.
 */
static bool skip_no_file(struct cursor *cursor)
{
	static const char none[] = " 00000000 00:00 0 ";
	const size_t length = sizeof(none) - 1;

	if ((size_t)(cursor->end - cursor->at) < length ||
	    __builtin_memcmp(cursor->at, none, length) != 0)
		return false;
	cursor->at += length;
	return true;
}

static void read_file(struct cursor *cursor, struct vmt_vma *vma)
{
	uint32_t major;

	expect(cursor, ' ');
	vma->offset = number(cursor, 16);
	expect(cursor, ' ');
	major = (uint32_t)number(cursor, 16);
	expect(cursor, ':');
	vma->dev = vmt_vma_dev(major, (uint32_t)number(cursor, 16));
	expect(cursor, ' ');
	vma->inode = number(cursor, 10);
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

	line.vma.start = number(&cursor, 16);
	expect(&cursor, '-');
	line.vma.end = number(&cursor, 16);
	expect(&cursor, ' ');
	line.vma.flags = flag(&cursor, 'r', '-', VMT_MAP_READ);
	line.vma.flags |= flag(&cursor, 'w', '-', VMT_MAP_WRITE);
	line.vma.flags |= flag(&cursor, 'x', '-', VMT_MAP_EXEC);
	line.vma.flags |= flag(&cursor, 's', 'p', VMT_MAP_SHARED);
	if (!skip_no_file(&cursor))
		read_file(&cursor, &line.vma);
	while (cursor.at < cursor.end && *cursor.at == ' ')
		cursor.at++;
	line.name = cursor.at;
	line.name_length = (size_t)(cursor.end - cursor.at);
	if (cursor.bad || line.vma.start >= line.vma.end)
		return -EBADMSG;
	if (is_name(&line, "[stack]"))
		line.vma.flags |= VMT_MAP_STACK;
	*ret_line = line;
	return 0;
}

bool vmt_mapsline_is_vsyscall(const struct vmt_mapsline *line)
{
	return is_name(line, "[vsyscall]");
}

uint32_t vmt_mapsline_class(const struct vmt_mapsline *line)
{
	const struct vmt_vma *vma = &line->vma;

	if (vmt_vma_is_file(vma) || !(vma->flags & VMT_MAP_WRITE) || (vma->flags & VMT_MAP_SHARED))
		return VMT_CLASS_UNKNOWN;
	if (is_name(line, "[heap]"))
		return VMT_CLASS_BRK;
	return line->name_length == 0 ? VMT_CLASS_PLAIN : VMT_CLASS_UNKNOWN;
}
