/* SPDX-License-Identifier: MIT */
/*
 * Gathers lines. Nothing is printed here, and without memory a line is left out rather than an
 * error returned. See lines.h.
 */
#include "core/base/fmt.h"
#include "core/base/line.h"
#include "core/base/printable.h"
#include "util/lines.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void append(struct vmt_lines *lines, const char *text, size_t length, size_t indent)
{
	char **more = realloc(lines->line, (lines->count + 2) * sizeof(*more));
	char *line = malloc(indent + length + 1);

	if (more)
		lines->line = more;
	if (!more || !line) {
		free(line);
		return;
	}
	memset(line, ' ', indent);
	memcpy(line + indent, text, length);
	line[indent + length] = '\0';
	vmt_printable(line + indent, length);
	more[lines->count++] = line;
	more[lines->count] = NULL;
}

/*
 * Returns how many bytes of text fit into so many columns: continuation bytes of UTF-8 take none.
 */
static size_t bytes_within(const char *text, size_t columns)
{
	size_t at = 0;

	for (; text[at]; at++) {
		if (((unsigned char)text[at] & 0xc0) != 0x80 && !columns--)
			break;
	}
	return at;
}

/* Returns how many bytes of text make one line; a word that is too long for it is not broken. */
static size_t part_of(const char *text, size_t columns, size_t first)
{
	size_t n = bytes_within(text, columns);
	size_t at;

	if (!text[n])
		return n;
	for (at = n; at > first && !vmt_fmt_may_break(text, strlen(text), at); at--)
		;
	return at > first ? at : n + strcspn(text + n, " ");
}

static void wrap(struct vmt_lines *lines, uint32_t indent, const char *text)
{
	size_t used = 0;
	size_t n;

	while (*text) {
		n = part_of(text, lines->width - used, used ? 0 : indent);
		append(lines, text, n, used);
		text += n;
		while (*text == ' ')
			text++;
		used = indent;
	}
}

void vmt_lines_add(struct vmt_lines *lines, uint32_t indent, const char *format, ...)
{
	va_list arguments;
	char *text;
	int n;

	va_start(arguments, format);
	n = vasprintf(&text, format, arguments);
	va_end(arguments);
	if (n < 0)
		return;
	if (*text)
		wrap(lines, indent, text);
	else
		append(lines, "", 0, 0);
	free(text);
}

void vmt_lines_cut(struct vmt_lines *lines, size_t count)
{
	while (lines->count > count) {
		free(lines->line[--lines->count]);
		lines->line[lines->count] = NULL;
	}
}

void vmt_lines_end_item(struct vmt_lines *lines, size_t *before, size_t most)
{
	if (lines->count > most)
		vmt_lines_cut(lines, *before);
	*before = lines->count;
}

void vmt_lines_free(struct vmt_lines *lines)
{
	vmt_lines_cut(lines, 0);
	free(lines->line);
	lines->line = NULL;
}

const char *vmt_lines_number(struct vmt_number *buffer, uint64_t value)
{
	struct vmt_line number = vmt_line_in(buffer->text, sizeof(buffer->text));

	vmt_line_add_grouped(&number, value);
	return buffer->text;
}

const char *vmt_lines_number_signed(struct vmt_number *buffer, int64_t value)
{
	struct vmt_line number = vmt_line_in(buffer->text, sizeof(buffer->text));

	vmt_line_add_signed(&number, value);
	return buffer->text;
}

const char *vmt_lines_number_plain(struct vmt_number *buffer, int64_t value)
{
	return value < 0 ? vmt_lines_number_signed(buffer, value) :
			   vmt_lines_number(buffer, (uint64_t)value);
}

const char *vmt_lines_number_bytes(struct vmt_number *buffer, uint64_t bytes)
{
	static const char *const units[] = { "bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };
	double value = (double)bytes;
	size_t unit = 0;

	for (; value >= 1024 && unit < 6; unit++)
		value /= 1024;
	snprintf(buffer->text, sizeof(buffer->text),
		 value < 10 && value != (double)(int)value ? "%.1f %s" : "%.0f %s", value,
		 units[unit]);
	return buffer->text;
}

void vmt_lines_emit(void *stream, const char *bytes, size_t n)
{
	fwrite(bytes, 1, n, stream);
}
