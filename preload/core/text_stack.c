/* SPDX-License-Identifier: MIT */
/*
 * Stacks in the text report, and the choice of the frame that stands for a call
 * site: the innermost one in code of the user's, since everybody's maps are made in
 * libc. Pure like the rest of the report (text.h); called by the site table.
 */
#include "text_parts.h"

/* A frame with everything that can be said of it. */
struct place {
	struct vmt_rec_frame frame;
	struct vmt_rec_module module;
	struct vmt_view_string path;
	struct vmt_text_place names;
	bool has_module;
};

static bool starts_with(struct vmt_view_string text, const char *start)
{
	uint32_t i;

	for (i = 0; start[i]; i++) {
		if (i >= text.length || text.bytes[i] != start[i])
			return false;
	}
	return true;
}

static bool is_same(const char *text, const char *other)
{
	for (; *text && *text == *other; text++)
		other++;
	return *text == *other;
}

static struct vmt_view_string base_name(struct vmt_view_string path)
{
	for (uint32_t i = path.length; i > 0; i--) {
		if (path.bytes[i - 1] == '/')
			return (struct vmt_view_string){ path.bytes + i, path.length - i };
	}
	return path;
}

bool vmt_text_is_runtime(struct vmt_view_string path)
{
	static const char *const names[] = {
		"libc.so", "libc-", "ld-linux", "ld-2", "ld.so", "libpthread", "librt.so",
		"libdl.so", "libstdc++", "libgcc_s", "libc++", "libm.so", "libvmatrace",
		"libjemalloc", "libtcmalloc", "libmimalloc", "libefence", "libduma",
		"libasan", "linux-vdso", "[vdso]",
	};
	struct vmt_view_string base = base_name(path);

	for (size_t i = 0; i < VMT_COUNT(names); i++) {
		if (starts_with(base, names[i]))
			return true;
	}
	return false;
}

static bool find_place(struct vmt_text *text, uint64_t index, bool with_names, struct place *ret)
{
	const struct vmt_text_ops *ops = text->ops;

	if (!vmt_view_frame(text->view, index, &ret->frame))
		return false;
	ret->path = (struct vmt_view_string){ "", 0 };
	ret->names = (struct vmt_text_place){ NULL, NULL, 0 };
	ret->has_module = vmt_view_module(text->view, ret->frame.module, &ret->module);
	if (ret->has_module)
		ret->path = vmt_view_string(text->view, ret->module.path);
	if (with_names && ops->resolve && !ops->resolve(ops->context, index, &ret->names))
		ret->names = (struct vmt_text_place){ NULL, NULL, 0 };
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

/* (libc.so.6+0x1234); whole path and build-id where names must be found from this line later. */
static void put_address(struct vmt_text *text, const struct place *place, bool full)
{
	struct vmt_fmt *fmt = &text->fmt;
	struct vmt_view_string name = full ? place->path : base_name(place->path);

	vmt_fmt_str(fmt, "(");
	if (name.length)
		vmt_fmt_bytes(fmt, name.bytes, name.length);
	else
		vmt_fmt_str(fmt, "unknown module");
	vmt_fmt_str(fmt, "+");
	vmt_fmt_hex(fmt, place->frame.offset);
	vmt_fmt_str(fmt, ")");
	if (full && place->has_module)
		put_build_id(fmt, &place->module);
}

/* Long C++ names are cut so that file and line stay on the screen. */
static void put_name(struct vmt_text *text, const char *name, size_t reserve)
{
	size_t room = vmt_fmt_room(&text->fmt);
	size_t n = vmt_fmt_length(name);

	room = room > reserve + 16 ? room - reserve : 16;
	if (n <= room || text->options->verbose) {
		vmt_fmt_bytes(&text->fmt, name, n);
		return;
	}
	vmt_fmt_bytes(&text->fmt, name, room - 3);
	vmt_fmt_str(&text->fmt, "...");
}

/* Columns that a name must leave for the file, which can be shortened, and the line. */
static size_t source_width(const struct vmt_text_place *names)
{
	size_t base = 0;
	size_t n;

	if (!names->file)
		return 0;
	for (n = 0; names->file[n]; n++) {
		if (names->file[n] == '/')
			base = n + 1;
	}
	return (base ? n - base + 4 : n) + 7;
}

/* A path that does not fit loses directories in front: .../tools/main.c */
static void put_path(struct vmt_fmt *fmt, const char *path, size_t room)
{
	const char *tail = path;
	size_t n = vmt_fmt_length(path);

	for (const char *at = path; n - (size_t)(tail - path) + 3 > room && *at; at++) {
		if (*at == '/')
			tail = at;
	}
	if (n > room && tail > path) {
		vmt_fmt_str(fmt, "...");
		path = tail;
	}
	vmt_fmt_str(fmt, path);
}

static void put_source(struct vmt_text *text, const struct vmt_text_place *names, size_t reserve)
{
	struct vmt_fmt *fmt = &text->fmt;
	char digits[12];
	size_t at = sizeof(digits);
	uint32_t line = names->line;
	size_t room;

	vmt_fmt_str(fmt, " ");
	room = vmt_fmt_room(fmt);
	room = text->options->verbose ? SIZE_MAX : room > reserve + 7 ? room - reserve - 7 : 0;
	put_path(fmt, names->file, room);
	if (!line)
		return;
	/* No separators here: editors and terminals open file:line. */
	for (; line; line /= 10)
		digits[--at] = (char)('0' + line % 10);
	vmt_fmt_str(fmt, ":");
	vmt_fmt_bytes(fmt, digits + at, sizeof(digits) - at);
}

static bool is_jit(const struct place *place)
{
	return place->has_module && place->module.kind == VMT_MODULE_JIT;
}

static void put_place(struct vmt_text *text, const struct place *place, bool with_module)
{
	struct vmt_view_string base = base_name(place->path);

	if (!place->names.function && !place->names.file) {
		if (is_jit(place))
			vmt_fmt_str(&text->fmt, "generated code ");
		put_address(text, place, with_module && (!text->ops->resolve ||
							text->options->verbose));
		return;
	}
	put_name(text, place->names.function ? place->names.function : "??",
		 source_width(&place->names) + (with_module ? base.length + 3 : 0));
	if (place->names.file)
		put_source(text, &place->names, with_module ? base.length + 3 : 0);
	if (!with_module || !base.length)
		return;
	vmt_fmt_str(&text->fmt, " (");
	vmt_fmt_bytes(&text->fmt, base.bytes, base.length);
	vmt_fmt_str(&text->fmt, ")");
}

void vmt_text_headline(struct vmt_text *text, const struct vmt_rec_site *site)
{
	uint32_t count = vmt_view_frame_count(text->view, site);
	struct place place;
	uint32_t user = 0;

	for (uint32_t i = 0; i < count; i++) {
		if (find_place(text, (uint64_t)site->frame_first + i, false, &place) &&
		    place.has_module && !is_jit(&place) && !vmt_text_is_runtime(place.path)) {
			user = i;
			break;
		}
	}
	if (count && find_place(text, (uint64_t)site->frame_first + user, true, &place))
		put_place(text, &place, false);
	else if (site->flags & VMT_SITE_LOST)
		vmt_fmt_str(&text->fmt, "calls recorded without a stack");
	else
		vmt_fmt_str(&text->fmt, "stack unknown");
}

/* What called main tells nobody anything. */
static bool is_main(const struct vmt_text *text, const struct place *place)
{
	return !text->options->verbose && place->names.function &&
	       is_same(place->names.function, "main");
}

/* The same for programs whose main has no name, and for threads. */
static bool is_below_main(const struct vmt_text *text, const struct place *place)
{
	static const char *const names[] = { "__libc_start_call_main", "__libc_start_main",
					     "_start", "clone3", "__clone3" };

	for (size_t i = 0; i < VMT_COUNT(names); i++) {
		if (!text->options->verbose && place->names.function &&
		    is_same(place->names.function, names[i]))
			return true;
	}
	return false;
}

static void put_frame(struct vmt_text *text, const struct place *place, uint32_t number)
{
	vmt_fmt_str(&text->fmt, "              #");
	vmt_fmt_num(&text->fmt, number, 0);
	vmt_fmt_str(&text->fmt, number < 10 ? "  " : " ");
	put_place(text, place, true);
	vmt_fmt_end(&text->fmt);
}

void vmt_text_stack(struct vmt_text *text, const struct vmt_rec_site *site)
{
	uint32_t count = vmt_view_frame_count(text->view, site);
	bool found_user = false;
	struct place place;

	for (uint32_t i = 0; i < count; i++) {
		if (!find_place(text, (uint64_t)site->frame_first + i, true, &place))
			return;
		if (i && is_below_main(text, &place))
			return;
		/* However deep, the user's line is shown. */
		if (i >= text->depth && found_user) {
			vmt_fmt_str(&text->fmt, "              and ");
			vmt_fmt_count(&text->fmt, count - i, "outer frame");
			vmt_fmt_end(&text->fmt);
			return;
		}
		found_user |= place.has_module && !is_jit(&place) && !vmt_text_is_runtime(place.path);
		put_frame(text, &place, i);
		if (is_main(text, &place))
			return;
	}
	if (site->flags & VMT_SITE_TRUNCATED && count) {
		vmt_fmt_str(&text->fmt, "              (the stack ends here: outer frames unknown)");
		vmt_fmt_end(&text->fmt);
	}
}
