/* SPDX-License-Identifier: MIT */
/*
 * See html_space.h. What many maps have in common is written once, as their class. Each map is then
 * four numbers, written in base 64. One bit of each digit says whether another digit follows, as in
 * source maps:
 *
 *   the pages between the map below and this one; its own pages; its class;
 *   by how many ms it was put later than the one below (the sign is the lowest bit)
 *
 * Those whose class says so have a fifth: the page of the file at which the map begins.
 */
#include "util/clusters.h"
#include "html/html_mark.h"
#include "html/html_space.h"
#include "util/value.h"
#include "util/must.h"
#include "util/numbered.h"

#define DIGITS_MOST 13 /* for 64 bits, 5 in each digit */

/* Maps with equal keys are of one class. There is no padding, since keys are compared as bytes. */
struct class_key {
	uint64_t shows;
	uint32_t kind;
	uint32_t detail; /* this number and the others stand for texts… */
	uint32_t name;
	uint32_t apart; /* …why the map has not merged with the one below */
	uint32_t put_by;
	uint32_t mapped_by;
	uint32_t flags;
	uint32_t mark; /* see html_mark.h */
	uint32_t has_offset;
	uint32_t unused;
};
static_assert(sizeof(struct class_key) == 48, "no padding");

/* The maps that one touches; NULL = none. */
struct neighbours {
	const struct vmt_explain_map *below;
	const struct vmt_explain_map *above;
};

struct writer {
	struct vmt_numbered *text;
	struct vmt_numbered *class;
	json_t *texts;
	json_t *classes;
	char *maps;
	size_t used;
	uint64_t page;
	uint64_t end; /* of the map below */
	uint64_t time; /* ms, the same */
};

/* Returns the number of a text; 0 stands for no text. */
static uint32_t text_number(struct writer *writer, const char *bytes, size_t n)
{
	bool is_new;
	uint32_t number = vmt_numbered(&writer->text, bytes ? bytes : "", bytes ? n : 0, &is_new);

	if (is_new)
		json_array_append_new(writer->texts, vmt_value_text(bytes ? bytes : "", n));
	return number;
}

/*
 * Returns the number of a text such as "they differ in protection (rw-p, ---p)", as in the page of
 * `maps`.
 */
static uint32_t apart_number(struct writer *writer, const struct vmt_explain_map *below,
			     const struct vmt_explain_map *map)
{
	char detail[160];
	uint64_t differs;
	enum vmt_apart why;
	uint32_t number;
	char *text;

	if (!below)
		return 0;
	why = vmt_explain_apart(below, map, &differs);
	/* What cannot be seen in the two maps may be known from the calls that cut them. */
	if (why == VMT_APART_UNKNOWN && map->apart > 1 && map->apart - 1 != VMT_APART_UNKNOWN) {
		why = (enum vmt_apart)(map->apart - 1);
		differs = 0;
	}
	vmt_explain_detail(why, differs, true, detail, sizeof(detail));
	text = *detail ? vmt_must_format("%s (%s)", vmt_explain_apart_word(why), detail) :
			 vmt_must_copy(vmt_explain_apart_word(why));
	number = text_number(writer, text, strlen(text));
	free(text);
	return number;
}

static json_t *site_or_none(uint32_t index)
{
	return json_integer(index == VMT_NO_INDEX ? -1 : (json_int_t)index);
}

static json_t *class_of(const struct class_key *key)
{
	json_t *shows = json_array();
	json_t *class = json_array();

	for (uint32_t i = 0; i < VMT_PATTERN_COUNT; i++) {
		if (key->shows >> i & 1)
			json_array_append_new(
				shows, json_string(vmt_explain_pattern_id((enum vmt_pattern)i)));
	}
	if (key->shows & VMT_SHOWS_ALONE)
		json_array_append_new(shows, json_string("alone"));
	json_array_append_new(class, json_string(vmt_explain_kind_word((enum vmt_kind)key->kind)));
	json_array_append_new(class, json_integer(key->detail));
	json_array_append_new(class, json_integer(key->name));
	json_array_append_new(class, json_integer(key->apart));
	json_array_append_new(class, site_or_none(key->put_by));
	json_array_append_new(class, site_or_none(key->mapped_by));
	json_array_append_new(class, json_integer(key->flags));
	json_array_append_new(class, shows);
	json_array_append_new(class, json_integer(key->mark));
	json_array_append_new(class, json_integer(key->has_offset));
	return class;
}

static uint32_t mark_number(struct writer *writer, const struct neighbours *beside,
			    const struct vmt_explain_map *map)
{
	char mark[260];

	vmt_html_mark(beside->below, map, beside->above, mark, sizeof(mark));
	return text_number(writer, mark, strlen(mark));
}

static uint32_t class_number(struct writer *writer, const struct neighbours *beside,
			     const struct vmt_explain_map *map, bool has_offset)
{
	const struct class_key key = {
		.shows = map->shows,
		.kind = map->kind,
		.detail = text_number(writer, map->detail, map->detail ? strlen(map->detail) : 0),
		.name = text_number(writer, map->name, map->name_length),
		.apart = apart_number(writer, beside->below, map),
		.put_by = map->put_by,
		.mapped_by = map->mapped_by,
		.flags = map->flags & VMT_MAP_VISIBLE,
		.mark = mark_number(writer, beside, map),
		.has_offset = has_offset,
	};
	bool is_new;
	uint32_t number = vmt_numbered(&writer->class, &key, sizeof(key), &is_new);

	if (is_new)
		json_array_append_new(writer->classes, class_of(&key));
	return number;
}

static void put_digits(struct writer *writer, uint64_t value)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

	for (; value > 31; value >>= 5)
		writer->maps[writer->used++] = digits[32 | (value & 31)];
	writer->maps[writer->used++] = digits[value];
}

/* Is it parted from the map below by its offset in the file that both are of? */
static bool is_parted_by_offset(const struct vmt_explain_map *map)
{
	return map->apart == VMT_APART_OFFSET + 1;
}

static void put_map(struct writer *writer, const struct neighbours *beside,
		    const struct vmt_explain_map *map)
{
	bool has_offset =
		is_parted_by_offset(map) || (beside->above && is_parted_by_offset(beside->above));
	uint64_t time = map->time / 1000000;
	bool is_earlier = time < writer->time;

	put_digits(writer,
		   map->start > writer->end ? (map->start - writer->end) / writer->page : 0);
	put_digits(writer, (map->end - map->start) / writer->page);
	put_digits(writer, class_number(writer, beside, map, has_offset));
	put_digits(writer,
		   (is_earlier ? writer->time - time : time - writer->time) << 1 | is_earlier);
	if (has_offset)
		put_digits(writer, map->offset / writer->page);
	writer->end = map->end;
	writer->time = time;
}

/* map->apart is 0 above a hole. */
static struct neighbours beside(const struct vmt_explain_record *record, size_t i)
{
	const struct vmt_explain_map *map = &record->map[i];

	return (struct neighbours){
		.below = i && map->apart ? map - 1 : NULL,
		.above = i + 1 < record->count && map[1].apart ? map + 1 : NULL,
	};
}

json_t *vmt_html_space(const struct vmt_explain_record *record)
{
	uint32_t page = record->view->header.page_size;
	struct writer writer = { .texts = json_array(), .classes = json_array() };
	json_t *space = json_object();

	writer.page = page ? page : 4096;
	writer.maps = vmt_must_alloc(record->count + 1, 5 * DIGITS_MOST);
	text_number(&writer, NULL, 0);
	for (size_t i = 0; i < record->count; i++) {
		struct neighbours touched = beside(record, i);

		put_map(&writer, &touched, &record->map[i]);
	}
	vmt_value_add_number(space, "page", writer.page);
	vmt_value_add_number(space, "hole", VMT_CLUSTERS_HOLE / writer.page);
	vmt_value_add_number(space, "count", record->count);
	json_object_set_new(space, "texts", writer.texts);
	json_object_set_new(space, "classes", writer.classes);
	json_object_set_new(space, "maps", json_stringn(writer.maps, writer.used));
	vmt_numbered_free(writer.text);
	vmt_numbered_free(writer.class);
	free(writer.maps);
	return space;
}
