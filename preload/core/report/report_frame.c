/* SPDX-License-Identifier: MIT */
/*
 * A frame in the text report: function, file and line, or module and offset. It is shortened so
 * that the most important part stays on the line. Pure like the rest of the report (report.h); used
 * by the table and the stacks.
 */
#include "core/report/report_parts.h"
#include "core/report/short_name.h"

static bool is_jit(const struct vmt_report_frame *frame)
{
	return frame->has_module && frame->module.kind == VMT_MODULE_JIT;
}

bool vmt_report_is_users(const struct vmt_report_frame *frame)
{
	return frame->has_module && !is_jit(frame) && !vmt_report_is_runtime(frame->path);
}

static bool find(const struct vmt_view *view, uint64_t index, struct vmt_report_frame *ret)
{
	if (!vmt_view_frame(view, index, &ret->frame))
		return false;
	ret->path = (struct vmt_view_string){ "", 0 };
	ret->names = (struct vmt_report_place){ .function = NULL };
	ret->is_inlined = false;
	ret->has_module = vmt_view_module(view, ret->frame.module, &ret->module);
	if (ret->has_module)
		ret->path = vmt_view_string(view, ret->module.path);
	return true;
}

/* A function that ended in a jump may be in another module than the call that led to it. */
static void find_other_module(const struct vmt_view *view, struct vmt_report_frame *frame)
{
	uint32_t other = frame->names.other_module;

	if (other && vmt_view_module(view, other - 1, &frame->module))
		frame->path = vmt_view_string(view, frame->module.path);
	if (!frame->names.other_path)
		return;
	frame->path =
		(struct vmt_view_string){ frame->names.other_path,
					  (uint32_t)__builtin_strlen(frame->names.other_path) };
	frame->has_module = false;
}

bool vmt_report_find(struct vmt_report *text, const struct vmt_rec_site *site,
		     struct vmt_report_spot spot, bool with_names,
		     struct vmt_report_frame *ret_frame)
{
	const struct vmt_report_ops *ops = text->ops;
	struct vmt_report_spot next = { spot.frame, spot.level + 1 };
	struct vmt_report_place ignored;

	if (!find(text->view, spot.frame, ret_frame))
		return false;
	if (!with_names || !ops->resolve)
		return true;
	ret_frame->is_inlined = ops->resolve(ops->context, site, next, &ignored);
	if (!ops->resolve(ops->context, site, spot, &ret_frame->names))
		ret_frame->names = (struct vmt_report_place){ .function = NULL };
	find_other_module(text->view, ret_frame);
	return true;
}

static void put_build_id(struct vmt_fmt *fmt, const struct vmt_rec_module *module)
{
	static const char hex[] = "0123456789abcdef";

	if (!module->build_id_length)
		return;
	vmt_fmt_str(fmt, " (BuildId: ");
	for (uint32_t i = 0; i < module->build_id_length; i++) {
		vmt_fmt_bytes(fmt, &hex[module->build_id[i] >> 4], 1);
		vmt_fmt_bytes(fmt, &hex[module->build_id[i] & 15], 1);
	}
	vmt_fmt_str(fmt, ")");
}

/* What does not fit beside `reserve` more columns is cut, but to no less than six columns. */
static void put_short(struct vmt_report *text, const char *name, size_t n, size_t reserve)
{
	size_t room = vmt_fmt_room(&text->fmt);

	room = room > reserve + 6 ? room - reserve : 6;
	if (n <= room || text->options->verbose) {
		vmt_fmt_bytes(&text->fmt, name, n);
		return;
	}
	vmt_fmt_bytes(&text->fmt, name, room - 3);
	vmt_fmt_str(&text->fmt, "...");
}

/* A long C++ name is shortened, so that file and line stay on the screen. */
static void put_name(struct vmt_report *text, const char *name, size_t reserve)
{
	size_t room = vmt_fmt_room(&text->fmt), n = __builtin_strlen(name);
	char buffer[VMT_SHORT_NAME_MAX];

	room = text->options->verbose || room < reserve ? 0 : room - reserve;
	if (text->options->verbose)
		vmt_fmt_bytes(&text->fmt, name, n);
	else
		vmt_fmt_bytes(&text->fmt, buffer, vmt_short_name(name, n, room, buffer));
}

/* Returns the digits of a number in base 16. */
static size_t hex_width(uint64_t value)
{
	size_t digits = 1;

	for (; value >= 16; value /= 16)
		digits++;
	return digits;
}

/*
 * (libc.so.6+0x1234). With full, the whole path and the build-id, so that names can be found from
 * this line later.
 */
static void put_address(struct vmt_report *text, const struct vmt_report_frame *frame, bool full)
{
	struct vmt_fmt *fmt = &text->fmt;
	struct vmt_view_string name = full ? frame->path : vmt_report_base_name(frame->path);

	vmt_fmt_str(fmt, "(");
	if (name.length && full)
		vmt_fmt_bytes(fmt, name.bytes, name.length);
	else if (name.length)
		put_short(text, name.bytes, name.length, hex_width(frame->frame.offset) + 4);
	else
		vmt_fmt_str(fmt, "unknown module");
	vmt_fmt_str(fmt, "+");
	vmt_fmt_hex(fmt, frame->frame.offset);
	vmt_fmt_str(fmt, ")");
	if (full && frame->has_module)
		put_build_id(fmt, &frame->module);
}

/* Returns the columns of " file:line" without the file's directories. */
static size_t source_width(const struct vmt_report_place *names)
{
	size_t base = 0;
	size_t digits = 2; /* one for the colon */
	size_t n;

	if (!names->file)
		return 0;
	for (uint32_t line = names->line; line >= 10; line /= 10)
		digits++;
	for (n = 0; names->file[n]; n++) {
		if (names->file[n] == '/')
			base = n + 1;
	}
	return 1 + n - base + digits;
}

/* A path that is too long loses its first directories: .../tools/main.c, main.c */
static void put_path(struct vmt_fmt *fmt, const char *path, size_t room)
{
	const char *tail = path;
	size_t n = __builtin_strlen(path);

	for (const char *at = path; n - (size_t)(tail - path) + 3 > room && *at; at++) {
		if (*at == '/')
			tail = at;
	}
	if (n <= room || tail == path) {
		vmt_fmt_str(fmt, path);
	} else if (n - (size_t)(tail - path) + 3 > room) {
		vmt_fmt_str(fmt, tail + 1);
	} else {
		vmt_fmt_str(fmt, "...");
		vmt_fmt_str(fmt, tail);
	}
}

/* Line numbers have no separators, since editors and terminals open file:line. */
static void put_line(struct vmt_fmt *fmt, uint32_t line)
{
	char digits[12];
	size_t at = sizeof(digits);

	for (; line; line /= 10)
		digits[--at] = (char)('0' + line % 10);
	vmt_fmt_bytes(fmt, digits + at, sizeof(digits) - at);
}

static void put_source(struct vmt_report *text, const struct vmt_report_place *names,
		       size_t reserve)
{
	struct vmt_fmt *fmt = &text->fmt;
	size_t room;

	vmt_fmt_str(fmt, " ");
	room = vmt_fmt_room(fmt);
	for (uint32_t line = names->line; line; line /= 10)
		reserve++;
	reserve++;
	room = text->options->verbose ? SIZE_MAX : room > reserve ? room - reserve : 0;
	put_path(fmt, names->file, room);
	if (!names->line)
		return;
	vmt_fmt_str(fmt, ":");
	put_line(fmt, names->line);
}

/*
 * The module, as shown behind a frame of `need` columns. If it does not fit, its version is cut; it
 * is left out altogether where the file says enough.
 */
static struct vmt_view_string fitting_module(struct vmt_report *text,
					     const struct vmt_report_frame *frame, size_t need)
{
	struct vmt_view_string base = vmt_report_base_name(frame->path);
	size_t room = vmt_fmt_room(&text->fmt);

	if (text->options->verbose || need + base.length + 3 <= room)
		return base;
	for (uint32_t i = 1; i + 3 < base.length; i++) {
		if (base.bytes[i] == '.' && base.bytes[i + 1] == 's' && base.bytes[i + 2] == 'o') {
			base.length = i;
			break;
		}
	}
	if (frame->names.file && need + base.length + 3 > room)
		base.length = 0;
	return base;
}

const char *vmt_report_mark(bool is_tail, bool is_by_pointer)
{
	if (is_tail)
		return is_by_pointer ? " [jump by pointer]" : " [tail call]";
	return is_by_pointer ? " [by pointer]" : "";
}

static const char *mark_of(const struct vmt_report_place *names)
{
	return vmt_report_mark(names->is_tail, names->is_by_pointer);
}

/* A narrow terminal has room for a function or for its line; the stack has both. */
static bool is_too_narrow(const struct vmt_report *text, size_t width)
{
	return text->fmt.width < VMT_FMT_WIDTH && !text->options->verbose &&
	       vmt_fmt_room(&text->fmt) < width + 8;
}

void vmt_report_put_frame(struct vmt_report *text, const struct vmt_report_frame *frame,
			  bool with_module)
{
	const char *function = frame->names.function ? frame->names.function : "??";
	size_t mark = __builtin_strlen(mark_of(&frame->names));
	size_t source = source_width(&frame->names);
	struct vmt_view_string module = { "", 0 };
	bool has_file = frame->names.file;
	size_t reserve = 0;

	if (!frame->names.function && !frame->names.file) {
		if (is_jit(frame))
			vmt_fmt_str(&text->fmt, "generated code ");
		put_address(text, frame,
			    with_module && (!text->ops->resolve || text->options->verbose));
		return;
	}
	if (with_module)
		module = fitting_module(text, frame, __builtin_strlen(function) + source + mark);
	if (module.length)
		reserve = module.length + 3;
	reserve += mark;
	if (has_file && is_too_narrow(text, source + reserve)) {
		has_file = false;
		source = 0;
	}
	put_name(text, function, source + reserve);
	if (has_file)
		put_source(text, &frame->names, reserve);
	if (module.length) {
		vmt_fmt_str(&text->fmt, " (");
		put_short(text, module.bytes, module.length, 1 + mark);
		vmt_fmt_str(&text->fmt, ")");
	}
	vmt_fmt_str(&text->fmt, mark_of(&frame->names));
}

static bool find_blamed(struct vmt_report *text, const struct vmt_rec_site *site,
			struct vmt_report_spot *ret_spot, struct vmt_report_frame *ret_frame)
{
	const struct vmt_report_ops *ops = text->ops;

	return vmt_report_blame(text->view, site, ops->resolve, ops->context, ret_spot) &&
	       vmt_report_find(text, site, *ret_spot, true, ret_frame);
}

#define LEAST_NAME 14u /* columns of a function's name beside its file and line */

/* The function that the code was inlined into. It distinguishes sites that share a line. */
static const char *outermost_of(struct vmt_report *text, const struct vmt_rec_site *site,
				struct vmt_report_spot spot)
{
	const struct vmt_report_ops *ops = text->ops;
	struct vmt_report_frame frame;

	if (!vmt_report_outer(site, ops->resolve, ops->context, spot, &spot) ||
	    !vmt_report_find(text, site, spot, true, &frame))
		return NULL;
	return frame.names.function;
}

/* Would so little of the function fit beside its file and line that it says nothing? */
static bool needs_two_lines(const struct vmt_report *text, const struct vmt_report_frame *frame)
{
	const struct vmt_report_place *names = &frame->names;
	size_t source = source_width(names), room = vmt_fmt_room(&text->fmt);

	return names->function && names->file && !text->options->verbose &&
	       text->fmt.width >= VMT_FMT_WIDTH && room < source + LEAST_NAME &&
	       __builtin_strlen(names->function) + source > room;
}

/* The function, and its file and line below it. */
static void put_two_lines(struct vmt_report *text, const struct vmt_report_frame *frame)
{
	size_t room = vmt_fmt_room(&text->fmt);
	struct vmt_report_frame function = *frame;

	function.names.file = NULL;
	vmt_report_put_frame(text, &function, false);
	vmt_fmt_end(&text->fmt);
	vmt_fmt_left(&text->fmt, "", (uint32_t)(vmt_fmt_room(&text->fmt) - room + 1));
	put_source(text, &frame->names, 0);
}

void vmt_report_headline(struct vmt_report *text, const struct vmt_rec_site *site)
{
	struct vmt_report_spot spot;
	struct vmt_report_frame frame;
	const char *outer;

	if (!find_blamed(text, site, &spot, &frame)) {
		vmt_fmt_str(&text->fmt, site->flags & VMT_SITE_LOST ?
						"calls recorded without a stack" :
						"stack unknown");
		return;
	}
	if (needs_two_lines(text, &frame))
		put_two_lines(text, &frame);
	else
		vmt_report_put_frame(text, &frame, false);
	outer = frame.is_inlined && !frame.names.is_tail ? outermost_of(text, site, spot) : NULL;
	if (outer && (text->options->verbose || vmt_fmt_room(&text->fmt) > 12)) {
		vmt_fmt_str(&text->fmt, " in ");
		put_name(text, outer, 0);
	}
}

#define NAME_MAX_SHOWN 50u
#define FILE_MAX_SHOWN 45u

static void put_short_name(struct vmt_fmt *fmt, const char *name)
{
	char buffer[VMT_SHORT_NAME_MAX];

	vmt_fmt_bytes(fmt, buffer,
		      vmt_short_name(name, __builtin_strlen(name), NAME_MAX_SHOWN, buffer));
}

/* Print the last letters of a text, with "..." for the rest. */
static void put_end(struct vmt_fmt *fmt, const char *text, size_t most)
{
	size_t n = __builtin_strlen(text);

	if (n > most)
		vmt_fmt_str(fmt, "...");
	vmt_fmt_str(fmt, n > most ? text + n - most : text);
}

/* "libc.so.6+0x1234", within a sentence. */
static void put_whole_address(struct vmt_fmt *fmt, const struct vmt_report_frame *frame)
{
	struct vmt_view_string name = vmt_report_base_name(frame->path);

	if (name.length)
		vmt_fmt_bytes(fmt, name.bytes, name.length);
	else
		vmt_fmt_str(fmt, "unknown module");
	vmt_fmt_str(fmt, "+");
	vmt_fmt_hex(fmt, frame->frame.offset);
}

/* Returns false if there is no further function. */
static bool put_function(struct vmt_report *text, const struct vmt_rec_site *site,
			 struct vmt_report_spot *ret_spot, struct vmt_report_frame *ret_frame)
{
	if (!find_blamed(text, site, ret_spot, ret_frame)) {
		vmt_fmt_str(&text->fmt, "an unknown place");
		return false;
	}
	if (!ret_frame->names.function) {
		put_whole_address(&text->fmt, ret_frame);
		return false;
	}
	put_short_name(&text->fmt, ret_frame->names.function);
	return true;
}

void vmt_report_function(struct vmt_report *text, const struct vmt_rec_site *site)
{
	struct vmt_report_spot spot;
	struct vmt_report_frame frame;

	put_function(text, site, &spot, &frame);
}

static void put_whole_source(struct vmt_report *text, const struct vmt_report_place *names)
{
	vmt_fmt_str(&text->fmt, " ");
	put_end(&text->fmt, names->file, FILE_MAX_SHOWN);
	if (!names->line)
		return;
	vmt_fmt_str(&text->fmt, ":");
	put_line(&text->fmt, names->line);
}

void vmt_report_place(struct vmt_report *text, const struct vmt_rec_site *site)
{
	struct vmt_report_spot spot;
	struct vmt_report_frame frame;
	const char *outer = NULL;

	if (!put_function(text, site, &spot, &frame))
		return;
	if (frame.names.file)
		put_whole_source(text, &frame.names);
	vmt_fmt_str(&text->fmt, mark_of(&frame.names));
	if (frame.is_inlined && !frame.names.is_tail)
		outer = outermost_of(text, site, spot);
	if (!outer)
		return;
	vmt_fmt_str(&text->fmt, " in ");
	put_short_name(&text->fmt, outer);
}
