/* SPDX-License-Identifier: MIT */
/*
 * Turns ranges into maps in address order, and what is known of their sites into owners. The
 * library's own maps are left out. See explain_record.h.
 */
#include "core/report/short_name.h"
#include "core/report/report.h"
#include "explain/explain_owner.h"
#include "explain/explain_record.h"
#include "input/filesystems.h"
#include "input/liveness.h"
#include "input/process.h"
#include "input/vmflags.h"
#include "naming/place.h"
#include "naming/names.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define VDSO_MAX        (UINT64_C(16) << 10)
#define FLAGS_MAPS_MAX  100000u
#define FLAGS_BYTES_MAX (UINT64_C(8) << 30)
#define FUNCTION_MAX    50 /* letters of a function's name; templates have longer ones */

/* The owner of each site, looked up when the site's first map is met. */
struct owners {
	struct vmt_explain_owner *of;
	bool *is_known;
	const char **detail;
	uint64_t count;
};

static int by_start(const void *a, const void *b)
{
	const struct vmt_explain_map *one = a, *two = b;

	return (one->start > two->start) - (one->start < two->start);
}

static uint64_t attributes_of(const struct vmt_rec_range *range)
{
	static const char letters[] = VMT_MAP_ATTRIBUTE_LETTERS;
	uint64_t flags = 0;

	if (!(range->flags & VMT_MAP_HAS_ATTRIBUTES))
		return 0;
	for (uint32_t i = 0; i + 1 < sizeof(letters) - 1; i += 2) {
		if (range->flags & VMT_MAP_ATTRIBUTE(i / 2))
			flags |= vmt_vmflags_parse(letters + i, 2);
	}
	return flags | VMT_VMFLAGS_KNOWN;
}

static struct vmt_explain_map map_of(const struct vmt_rec_range *range)
{
	return (struct vmt_explain_map){
		.start = range->start,
		.end = range->end,
		.offset = range->offset,
		.inode = range->inode,
		.dev_major = range->dev_major,
		.dev_minor = range->dev_minor,
		.flags = range->flags & (VMT_MAP_VISIBLE | VMT_MAP_STACK),
		.put_by = range->put_by,
		.mapped_by = range->mapped_by,
		.time = range->time,
		.vm_flags = attributes_of(range),
	};
}

static int read_ranges(struct vmt_explain_record *record)
{
	uint64_t slots = vmt_view_count(record->view, VMT_SECTION_RANGES);
	struct vmt_rec_range range;

	record->map = malloc((slots + 1) * sizeof(*record->map));
	if (!record->map)
		return -ENOMEM;
	for (uint64_t i = 0; i < slots; i++) {
		if (vmt_view_range(record->view, i, &range) && !(range.flags & VMT_MAP_OWN))
			record->map[record->count++] = map_of(&range);
	}
	qsort(record->map, record->count, sizeof(*record->map), by_start);
	return 0;
}

/* Returns a copy that lives as long as the record; equal texts share one copy. */
static const char *keep(struct vmt_explain_record *record, struct vmt_view_string text)
{
	char **more;

	for (size_t i = 0; i < record->string_count; i++) {
		if (strlen(record->strings[i]) == text.length &&
		    !memcmp(record->strings[i], text.bytes, text.length))
			return record->strings[i];
	}
	more = realloc(record->strings, (record->string_count + 1) * sizeof(*more));
	if (!more)
		return NULL;
	record->strings = more;
	more[record->string_count] = strndup(text.bytes, text.length);
	return more[record->string_count] ? more[record->string_count++] : NULL;
}

static void learn_owner(struct vmt_explain_record *record, struct owners *owners, uint32_t index)
{
	struct vmt_rec_site site;

	owners->is_known[index] = true;
	if (index < VMT_SITE_FIRST || !vmt_view_site(record->view, index, &site))
		return;
	owners->of[index] = vmt_explain_owner(record->view, &site, record->symbols);
	if (owners->of[index].module.length)
		owners->detail[index] = keep(record, owners->of[index].module);
}

/* Has this call given the map the access that it has, rather than closed what lies below it? */
static bool is_opened_by(const struct vmt_explain_map *map, const struct vmt_explain_owner *owner)
{
	return owner->call == VMT_CALL_MPROTECT && owner->asked & VMT_ASKED_KNOWN &&
	       map->flags & VMT_MAP_ACCESS &&
	       (owner->asked & VMT_MAP_ACCESS) == (map->flags & VMT_MAP_ACCESS);
}

static void add_owner(struct vmt_explain_record *record, struct owners *owners,
		      struct vmt_explain_map *map)
{
	uint32_t mapped_by = map->mapped_by;

	if (mapped_by >= owners->count) {
		map->mapped_by = VMT_NO_INDEX;
	} else {
		if (!owners->is_known[mapped_by])
			learn_owner(record, owners, mapped_by);
		map->hint = (uint8_t)owners->of[mapped_by].hint;
		map->is_programs = owners->of[mapped_by].is_programs;
		if (!map->inode)
			map->detail = owners->detail[mapped_by];
	}
	if (map->put_by >= owners->count) {
		map->put_by = VMT_NO_INDEX;
		return;
	}
	if (!owners->is_known[map->put_by])
		learn_owner(record, owners, map->put_by);
	/* If its addresses have merged with a neighbour's, the call that made it usable tells. */
	map->is_threads = owners->of[map->put_by].hint == VMT_HINT_THREAD_STACK;
	if (!map->hint && map->is_threads)
		map->hint = VMT_HINT_THREAD_STACK;
	else if (map->hint == VMT_HINT_THREAD_STACK && !map->is_threads &&
		 is_opened_by(map, &owners->of[map->put_by]))
		map->hint = VMT_HINT_NONE;
	map->is_loaders = owners->of[map->put_by].hint == VMT_HINT_LIBRARY;
	map->put_call = (uint8_t)owners->of[map->put_by].call;
	map->put_asked = owners->of[map->put_by].asked;
	/* small executable memory without a file, present from the start, is the kernel's */
	if (mapped_by == VMT_SITE_STARTUP && !map->inode && map->flags & VMT_MAP_EXEC &&
	    map->end - map->start <= VDSO_MAX)
		map->hint = VMT_HINT_VDSO;
}

/* [vvar] and the like lie below [vdso] and are read-only. */
static void mark_vvar(struct vmt_explain_map *map, size_t count)
{
	for (size_t i = count; i-- > 1;) {
		if (map[i].hint == VMT_HINT_VDSO && vmt_explain_touch(&map[i - 1], &map[i]) &&
		    map[i - 1].put_by == VMT_SITE_STARTUP && !map[i - 1].inode &&
		    (map[i - 1].flags & VMT_MAP_ACCESS) == VMT_MAP_READ)
			map[i - 1].hint = VMT_HINT_VDSO;
	}
}

struct named {
	struct vmt_rec_module module;
	uint64_t order;
};

static int by_file(const void *a, const void *b)
{
	const struct vmt_rec_module *one = &((const struct named *)a)->module;
	const struct vmt_rec_module *two = &((const struct named *)b)->module;

	if (one->inode != two->inode)
		return one->inode < two->inode ? -1 : 1;
	if (one->dev_major != two->dev_major)
		return one->dev_major < two->dev_major ? -1 : 1;
	return (one->dev_minor > two->dev_minor) - (one->dev_minor < two->dev_minor);
}

/* Sort by file; of one file, the path that was seen last comes last. */
static int by_file_and_order(const void *a, const void *b)
{
	uint64_t one = ((const struct named *)a)->order;
	uint64_t two = ((const struct named *)b)->order;
	int order = by_file(a, b);

	return order ? order : (one > two) - (one < two);
}

static size_t read_modules(const struct vmt_view *view, struct named *named, uint64_t count)
{
	size_t n = 0;

	for (uint64_t i = 0; i < count; i++) {
		if (!vmt_view_module(view, i, &named[n].module) || !named[n].module.inode ||
		    !vmt_view_string(view, named[n].module.path).length)
			continue;
		named[n++].order = i;
	}
	qsort(named, n, sizeof(*named), by_file_and_order);
	return n;
}

/* Name files by the modules in the stacks; for other files no name is recorded. */
static void add_names(struct vmt_explain_record *record)
{
	uint64_t count = vmt_view_count(record->view, VMT_SECTION_MODULES);
	struct named *named = calloc(count + 1, sizeof(*named));
	size_t n = named ? read_modules(record->view, named, count) : 0;

	for (size_t i = 0; n && i < record->count; i++) {
		struct vmt_explain_map *map = &record->map[i];
		struct named key = { .module = { .inode = map->inode,
						 .dev_major = map->dev_major,
						 .dev_minor = map->dev_minor } };
		const struct named *found =
			map->inode ? bsearch(&key, named, n, sizeof(*named), by_file) : NULL;
		struct vmt_view_string path;

		if (!found)
			continue;
		while (found + 1 < named + n && !by_file(found, found + 1))
			found++;
		path = vmt_view_string(record->view, found->module.path);
		map->name = path.bytes;
		map->name_length = path.length;
	}
	free(named);
}

/* Find out what files without a name are. Libraries have names and are not affected. */
static void add_filesystems(struct vmt_explain_record *record)
{
	static const enum vmt_hint hints[] = {
		[VMT_FILESYSTEM_OTHER] = VMT_HINT_NONE,
		[VMT_FILESYSTEM_DEVICES] = VMT_HINT_DEVICE,
		[VMT_FILESYSTEM_HUGE] = VMT_HINT_HUGE,
		[VMT_FILESYSTEM_SHARED] = VMT_HINT_SHARED,
	};
	struct vmt_filesystems filesystems;
	struct stat zero = { .st_ino = 0 };

	(void)stat("/dev/zero", &zero); /* without it, none of the maps is of it */
	vmt_filesystems_read(record->view, &filesystems);
	for (size_t i = 0; i < record->count; i++) {
		struct vmt_explain_map *map = &record->map[i];
		enum vmt_filesystem kind;

		if (!map->inode || map->name_length || map->hint == VMT_HINT_LIBRARY)
			continue;
		kind = vmt_filesystems_find(&filesystems, map->dev_major, map->dev_minor);
		if (kind)
			map->hint = (uint8_t)hints[kind];
		if (kind == VMT_FILESYSTEM_DEVICES && map->inode == zero.st_ino)
			map->hint = VMT_HINT_ZERO_DEVICE;
	}
}

/* The map may have changed since it was recorded. */
static bool is_same_map(const struct vmt_explain_map *a, const struct vmt_explain_map *b)
{
	return a->start == b->start && a->end == b->end && a->inode == b->inode &&
	       a->dev_major == b->dev_major && a->dev_minor == b->dev_minor &&
	       !((a->flags ^ b->flags) & VMT_MAP_VISIBLE);
}

/* Reading smaps walks the page tables: 1.2 ms for 1,000 maps, 18 ms for a GiB in use. */
static bool are_flags_cheap(const struct vmt_explain_record *record)
{
	return record->count <= FLAGS_MAPS_MAX &&
	       vmt_process_resident(vmt_liveness_pid(record->view)) <= FLAGS_BYTES_MAX;
}

/*
 * While the process exists (as it does at its exit), /proc has the names of its files, and flags
 * that no call shows. It is fine if they cannot be read.
 */
static void add_live_facts(struct vmt_explain_record *record)
{
	struct vmt_explain_map *map = record->map;
	pid_t pid = vmt_liveness_pid(record->view);
	size_t i = 0;

	if (!pid || vmt_procmaps_read_process(vmt_process_with_memory(pid), are_flags_cheap(record),
					      &record->live))
		return;
	for (size_t j = 0; j < record->live.count; j++) {
		const struct vmt_explain_map *live = &record->live.map[j];

		while (i < record->count && map[i].start < live->start)
			i++;
		if (i == record->count || !is_same_map(&map[i], live))
			continue;
		if (live->inode || vmt_explain_has_own_name(live)) {
			map[i].name = live->name;
			map[i].name_length = live->name_length;
		}
		if (live->vm_flags)
			map[i].vm_flags = live->vm_flags;
		map[i].policy = live->policy;
		map[i].key = live->key;
	}
}

static int add_owners(struct vmt_explain_record *record)
{
	struct owners owners = { .count = vmt_view_count(record->view, VMT_SECTION_SITES) };
	int ret = 0;

	owners.of = calloc(owners.count + 1, sizeof(*owners.of));
	owners.is_known = calloc(owners.count + 1, sizeof(*owners.is_known));
	owners.detail = calloc(owners.count + 1, sizeof(*owners.detail));
	if (!owners.of || !owners.is_known || !owners.detail)
		ret = -ENOMEM;
	for (size_t i = 0; !ret && i < record->count; i++)
		add_owner(record, &owners, &record->map[i]);
	free(owners.of);
	free(owners.is_known);
	free(owners.detail);
	return ret;
}

int vmt_explain_record(const struct vmt_view *view, struct vmt_symbols *symbols,
		       struct vmt_explain_record *ret_record)
{
	struct vmt_explain_facts facts;
	int ret;

	*ret_record = (struct vmt_explain_record){ .view = view, .symbols = symbols };
	ret = read_ranges(ret_record);
	if (!ret)
		ret = add_owners(ret_record);
	if (ret)
		return ret;
	mark_vvar(ret_record->map, ret_record->count);
	add_names(ret_record);
	add_live_facts(ret_record);
	add_filesystems(ret_record);
	vmt_explain_facts_of(ret_record, &facts);
	facts.place = ret_record->place = vmt_explain_places(view, symbols, facts.sites);
	vmt_explain_places_by_line(ret_record, facts.sites);
	facts.own_calls = ret_record->own_calls = vmt_explain_own_calls(view, facts.sites);
	facts.calls = ret_record->calls =
		vmt_explain_calls(facts.own_calls, facts.place, facts.sites);
	facts.closer = ret_record->closer = vmt_explain_closers(ret_record, facts.sites);
	return vmt_explain(ret_record->map, ret_record->count, &facts, &ret_record->explain);
}

void vmt_explain_record_free(struct vmt_explain_record *record)
{
	vmt_explain_free(&record->explain);
	for (size_t i = 0; i < record->string_count; i++)
		free(record->strings[i]);
	free(record->strings);
	free(record->place);
	free(record->calls);
	free(record->own_calls);
	free(record->closer);
	free(record->map);
	vmt_procmaps_free(&record->live);
	record->strings = NULL;
	record->place = NULL;
	record->calls = NULL;
	record->own_calls = NULL;
	record->closer = NULL;
	record->map = NULL;
}

bool vmt_explain_record_lacks_maps(const struct vmt_explain_record *record)
{
	return record->view->header.notes & (VMT_NOTE_DISK_FULL | VMT_NOTE_NOT_LONGER) &&
	       record->count < vmt_view_maps_now(record->view);
}

static bool find_place(const struct vmt_explain_record *record, uint32_t index,
		       struct vmt_rec_site *ret_site, struct vmt_place *ret_place)
{
	if (index < VMT_SITE_FIRST || !vmt_view_site(record->view, index, ret_site))
		return false;
	vmt_place_find(record->symbols, record->view, ret_site, ret_place);
	return true;
}

/* "mmap in libfoo.so+0x1234", which can be looked up later. */
static void put_address(const struct vmt_explain_record *record, const struct vmt_rec_site *site,
			uint64_t index, char *text, size_t size)
{
	struct vmt_rec_module module;
	struct vmt_rec_frame frame;
	struct vmt_view_string name;

	if (index == UINT64_MAX || !vmt_view_frame(record->view, index, &frame) ||
	    !vmt_view_module(record->view, frame.module, &module)) {
		snprintf(text, size, "%s", vmt_calls_name(site->call));
		return;
	}
	name = vmt_report_base_name(vmt_view_string(record->view, module.path));
	snprintf(text, size, "%s in %.*s+0x%llx", vmt_calls_name(site->call), (int)name.length,
		 name.bytes, (unsigned long long)frame.offset);
}

/* "grow src/pool.c:12", with both names shortened for reading. */
static void put_place(const struct vmt_rec_site *site, const struct vmt_place *place, char *text,
		      size_t size)
{
	const struct vmt_symbol *symbol = &place->symbol;
	char inner[VMT_SHORT_NAME_MAX], outer[VMT_SHORT_NAME_MAX];
	char source[VMT_PLACE_SOURCE_MAX];
	const char *last = place->outermost ? place->outermost : "";
	int outer_length = (int)vmt_short_name(last, strlen(last), FUNCTION_MAX, outer);
	int length = (int)vmt_short_name(symbol->function, strlen(symbol->function), FUNCTION_MAX,
					 inner);

	vmt_place_put_source(symbol->short_file, symbol->line, source);
	snprintf(text, size, "%s in %.*s%s%s%.*s%s", vmt_calls_name(site->call), length, inner,
		 source, outer_length ? " in " : "", outer_length, outer, vmt_symbol_mark(symbol));
}

const char *vmt_explain_record_site(void *context, uint32_t index, char *text, size_t size)
{
	const struct vmt_explain_record *record = context;
	struct vmt_place place;
	struct vmt_rec_site site;

	text[0] = '\0';
	if (index == VMT_SITE_STARTUP)
		snprintf(text, size, "start-up");
	if (!find_place(record, index, &site, &place))
		return text;
	if (place.symbol.function)
		put_place(&site, &place, text, size);
	else
		put_address(record, &site, place.spot.frame, text, size);
	return text;
}

bool vmt_explain_record_line(struct vmt_explain_record *record, uint32_t index, char *text,
			     size_t size)
{
	struct vmt_place place;
	struct vmt_rec_site site;

	if (!find_place(record, index, &site, &place) || !place.symbol.function ||
	    !place.symbol.line)
		return false;
	vmt_explain_record_site(record, index, text, size);
	return true;
}
