/* SPDX-License-Identifier: MIT */
/*
 * Lines of text (see fmt.h). A line is gathered before any of it is emitted, so that lines of
 * several processes which write to one terminal stay whole. A line longer than the buffer (a long
 * path) is emitted in parts and is not wrapped.
 */
#include "core/base/fmt.h"
#include "core/base/line.h"
#include "core/base/printable.h"

#define BOLD  "\033[1m"
#define PLAIN "\033[0m"

void vmt_fmt_init(struct vmt_fmt *fmt, void (*emit)(void *context, const char *bytes, size_t n),
		  void *context, uint32_t pid)
{
	char digits[32];
	struct vmt_line number = vmt_line_in(digits, sizeof(digits));

	vmt_line_add_number(&number, pid);
	fmt->emit = emit;
	fmt->context = context;
	fmt->pid = pid;
	fmt->prefix = (uint32_t)(sizeof("==== ") - 1 + number.length);
	fmt->width = VMT_FMT_WIDTH;
	fmt->colour = false;
	fmt->is_partial = false;
	fmt->used = 0;
}

/* The prefix of an empty line ends without a space. */
static void emit_prefix(struct vmt_fmt *fmt, bool is_empty)
{
	char text[40];
	struct vmt_line prefix = vmt_line_in(text, sizeof(text));

	vmt_line_add(&prefix, "==");
	vmt_line_add_number(&prefix, fmt->pid);
	vmt_line_add(&prefix, is_empty ? "==" : "== ");
	fmt->emit(fmt->context, text, prefix.length);
}

static void flush_part(struct vmt_fmt *fmt)
{
	if (!fmt->is_partial)
		emit_prefix(fmt, false);
	vmt_printable(fmt->line, fmt->used);
	fmt->emit(fmt->context, fmt->line, fmt->used);
	fmt->used = 0;
	fmt->is_partial = true;
}

void vmt_fmt_bytes(struct vmt_fmt *fmt, const char *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		/* The last byte is kept for the newline. */
		if (fmt->used == sizeof(fmt->line) - 1)
			flush_part(fmt);
		fmt->line[fmt->used++] = bytes[i];
	}
}

void vmt_fmt_str(struct vmt_fmt *fmt, const char *text)
{
	vmt_fmt_bytes(fmt, text, __builtin_strlen(text));
}

static void pad(struct vmt_fmt *fmt, size_t have, size_t width)
{
	for (; have < width; have++)
		vmt_fmt_bytes(fmt, " ", 1);
}

void vmt_fmt_left(struct vmt_fmt *fmt, const char *text, uint32_t width)
{
	vmt_fmt_str(fmt, text);
	pad(fmt, __builtin_strlen(text), width);
}

static void put_right(struct vmt_fmt *fmt, const struct vmt_line *number, uint32_t width)
{
	pad(fmt, number->length, width);
	vmt_fmt_bytes(fmt, number->bytes, number->length);
}

void vmt_fmt_num(struct vmt_fmt *fmt, uint64_t value, uint32_t width)
{
	char text[32];
	struct vmt_line number = vmt_line_in(text, sizeof(text));

	vmt_line_add_grouped(&number, value);
	put_right(fmt, &number, width);
}

void vmt_fmt_signed(struct vmt_fmt *fmt, int64_t value, uint32_t width)
{
	char text[32];
	struct vmt_line number = vmt_line_in(text, sizeof(text));

	vmt_line_add_signed(&number, value);
	put_right(fmt, &number, width);
}

void vmt_fmt_hex(struct vmt_fmt *fmt, uint64_t value)
{
	char text[32];
	struct vmt_line number = vmt_line_in(text, sizeof(text));

	vmt_line_add(&number, "0x");
	vmt_line_add_hex(&number, value);
	put_right(fmt, &number, 0);
}

void vmt_fmt_count(struct vmt_fmt *fmt, uint64_t value, const char *noun)
{
	vmt_fmt_num(fmt, value, 0);
	vmt_fmt_str(fmt, " ");
	vmt_fmt_str(fmt, noun);
	if (value != 1)
		vmt_fmt_str(fmt, "s");
}

void vmt_fmt_seconds(struct vmt_fmt *fmt, uint64_t ns)
{
	uint64_t tenths = ns / 100000000;

	vmt_fmt_num(fmt, tenths / 10, 0);
	vmt_fmt_str(fmt, ".");
	vmt_fmt_num(fmt, tenths % 10, 0);
	vmt_fmt_str(fmt, " s");
}

size_t vmt_fmt_room(const struct vmt_fmt *fmt)
{
	size_t have = fmt->prefix + fmt->used;

	return fmt->is_partial || have >= fmt->width ? 0 : fmt->width - have;
}

static void end_line(struct vmt_fmt *fmt, const char *text, size_t n)
{
	while (n && text[n - 1] == ' ')
		n--;
	fmt->emit(fmt->context, text, n);
	fmt->emit(fmt->context, "\n", 1);
}

void vmt_fmt_end(struct vmt_fmt *fmt)
{
	vmt_printable(fmt->line, fmt->used);
	if (!fmt->is_partial)
		emit_prefix(fmt, !fmt->used);
	end_line(fmt, fmt->line, fmt->used);
	fmt->used = 0;
	fmt->is_partial = false;
}

bool vmt_fmt_may_break(const char *text, size_t n, size_t at)
{
	char unit = at + 1 < n ? text[at + 1] : ' ';
	char next = at + 2 < n ? text[at + 2] : ' ';

	if (text[at] != ' ')
		return false;
	return !at || text[at - 1] < '0' || text[at - 1] > '9' || (unit != '%' && unit != 's') ||
	       (next >= 'a' && next <= 'z');
}

/*
 * Returns where to break text of n bytes to fit into room columns, or n if it fits or cannot be
 * broken.
 */
static size_t break_at(const char *text, size_t n, size_t room, size_t first)
{
	size_t at;

	if (n <= room)
		return n;
	for (at = room; at > first; at--) {
		if (vmt_fmt_may_break(text, n, at))
			return at;
	}
	for (at = room; at < n && text[at] != ' '; at++)
		;
	return at;
}

void vmt_fmt_wrap(struct vmt_fmt *fmt, uint32_t indent)
{
	static const char spaces[] = "                                        ";
	size_t room = fmt->prefix < fmt->width ? fmt->width - fmt->prefix : 1;
	const char *text = fmt->line;
	size_t n = fmt->used;
	size_t first = indent; /* the indentation of the first line is no place to break */

	if (fmt->is_partial || indent >= sizeof(spaces) || indent >= room) {
		vmt_fmt_end(fmt);
		return;
	}
	vmt_printable(fmt->line, n);
	for (;;) {
		size_t at = break_at(text, n, room, first);

		emit_prefix(fmt, false);
		if (text != fmt->line)
			fmt->emit(fmt->context, spaces, indent);
		else
			room -= indent;
		end_line(fmt, text, at);
		for (first = 0; at < n && text[at] == ' '; at++)
			;
		if (at == n)
			break;
		text += at;
		n -= at;
	}
	fmt->used = 0;
}

void vmt_fmt_end_bare(struct vmt_fmt *fmt)
{
	vmt_printable(fmt->line, fmt->used);
	if (fmt->colour)
		fmt->emit(fmt->context, BOLD, sizeof(BOLD) - 1);
	fmt->emit(fmt->context, fmt->line, fmt->used);
	if (fmt->colour)
		fmt->emit(fmt->context, PLAIN, sizeof(PLAIN) - 1);
	fmt->emit(fmt->context, "\n", 1);
	fmt->used = 0;
	fmt->is_partial = false;
}
