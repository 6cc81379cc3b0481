/* SPDX-License-Identifier: MIT */
/*
 * Reading a recording: the checks of its header, the retry loop around sequence words, and the
 * counts derived from the ranges. It reads nothing outside [data, data + size), allocates nothing,
 * and writes nothing but its results.
 */
#include "core/recording/view.h"

#include <linux/errno.h>

/* The number of sections in the first version 1, and the most that fit into a page. */
#define SECTIONS_LEAST 11
#define SECTIONS_MOST  100

/* A living writer finishes a record within nanoseconds; a dead one never does. */
#define TRIES 200

static const uint32_t element_size[VMT_SECTION_COUNT] = {
	[VMT_SECTION_STRINGS] = 1,
	[VMT_SECTION_MODULES] = sizeof(struct vmt_rec_module),
	[VMT_SECTION_SITES] = sizeof(struct vmt_rec_site),
	[VMT_SECTION_FRAMES] = sizeof(struct vmt_rec_frame),
	[VMT_SECTION_CALLS] = sizeof(struct vmt_rec_counters),
	[VMT_SECTION_RANGES] = sizeof(struct vmt_rec_range),
	[VMT_SECTION_TIMELINE] = sizeof(struct vmt_rec_bucket),
	[VMT_SECTION_FAILURES] = sizeof(struct vmt_rec_failure),
	[VMT_SECTION_MARKS] = sizeof(struct vmt_rec_mark),
	[VMT_SECTION_MARK_VALUES] = sizeof(struct vmt_rec_mark_value),
	[VMT_SECTION_SITE_TIMES] = sizeof(struct vmt_rec_site_time),
	[VMT_SECTION_ALLOCATORS] = sizeof(struct vmt_rec_allocator),
	[VMT_SECTION_SITE_ROWS] = sizeof(struct vmt_rec_site_time),
};

/*
 * Limits on elements, with ample room over what the options allow (0: no limit). Larger numbers
 * would only waste the reader's time.
 */
static const uint64_t elements_max[VMT_SECTION_COUNT] = {
	[VMT_SECTION_STRINGS] = UINT32_MAX,  [VMT_SECTION_MODULES] = 1000000,
	[VMT_SECTION_SITES] = 10000002,      [VMT_SECTION_FRAMES] = 10000002 * UINT64_C(64),
	[VMT_SECTION_CALLS] = 10000,         [VMT_SECTION_RANGES] = 200000000,
	[VMT_SECTION_TIMELINE] = 1000000,    [VMT_SECTION_FAILURES] = 1000000,
	[VMT_SECTION_MARKS] = 1000000,       [VMT_SECTION_MARK_VALUES] = 1000000000,
	[VMT_SECTION_SITE_TIMES] = 10000002, [VMT_SECTION_ALLOCATORS] = 1000,
	[VMT_SECTION_SITE_ROWS] = 10000002,
};

/* Copied word by word, atomically, since a writer may be at work. All records are 8-aligned. */
static void copy_words(void *to, const unsigned char *from, size_t bytes)
{
	for (size_t i = 0; i < bytes; i += sizeof(uint64_t)) {
		uint64_t word = __atomic_load_n((const uint64_t *)(const void *)(from + i),
						__ATOMIC_RELAXED);

		__builtin_memcpy((char *)to + i, &word, sizeof(word));
	}
}

/* Copy what the sequence word at `from + seq_at` guards; false if it stays odd. */
static bool copy_guarded(void *to, const unsigned char *from, size_t bytes, size_t seq_at)
{
	const uint32_t *seq = (const uint32_t *)(const void *)(from + seq_at);

	for (int i = 0; i < TRIES; i++) {
		uint32_t before = __atomic_load_n(seq, __ATOMIC_ACQUIRE);

		if (before & 1)
			continue;
		copy_words(to, from, bytes);
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		if (__atomic_load_n(seq, __ATOMIC_RELAXED) == before)
			return true;
	}
	return false;
}

static int refuse(struct vmt_view *view, uint64_t offset, const char *error)
{
	view->error_offset = offset;
	view->error = error;
	return -EBADMSG;
}

static size_t header_bytes(uint32_t sections)
{
	return offsetof(struct vmt_rec_header, section) + sections * sizeof(struct vmt_rec_section);
}

static bool has_magic(const struct vmt_rec_header *header)
{
	static const char magic[] = VMT_RECORD_MAGIC;

	for (size_t i = 0; i < sizeof(header->magic); i++) {
		if (header->magic[i] != magic[i])
			return false;
	}
	return true;
}

static int check_header(struct vmt_view *view)
{
	const struct vmt_rec_header *header = &view->header;

	if (!has_magic(header))
		return refuse(view, 0, "not a vmatrace recording");
	if (header->endian == __builtin_bswap32(VMT_RECORD_ENDIAN))
		return refuse(view, offsetof(struct vmt_rec_header, endian),
			      "recorded on a machine with the other byte order");
	if (header->endian != VMT_RECORD_ENDIAN)
		return refuse(view, offsetof(struct vmt_rec_header, endian), "bad byte order mark");
	if (header->version != VMT_RECORD_VERSION)
		return refuse(view, offsetof(struct vmt_rec_header, version),
			      "recorded by another version of vmatrace");
	if (header->section_count < SECTIONS_LEAST || header->section_count > SECTIONS_MOST)
		return refuse(view, offsetof(struct vmt_rec_header, section_count),
			      "wrong number of sections");
	if (header->header_size < header_bytes(header->section_count))
		return refuse(view, offsetof(struct vmt_rec_header, header_size),
			      "header too small");
	if (vmt_plausible_header(header))
		return refuse(view, offsetof(struct vmt_rec_header, maps_start),
			      vmt_plausible_header(header));
	return 0;
}

/* Sections that the writer's version did not know are empty; their bytes mean something else. */
static void drop_unknown_sections(struct vmt_rec_header *header)
{
	for (uint32_t id = header->section_count; id < VMT_SECTION_COUNT; id++)
		header->section[id] = (struct vmt_rec_section){ 0 };
}

/* A section must be aligned, lie inside the data as far as it is used, and have known elements. */
static int check_section(struct vmt_view *view, uint32_t id)
{
	const struct vmt_rec_section *section = &view->header.section[id];
	uint64_t at = offsetof(struct vmt_rec_header, section) + id * sizeof(*section);
	uint64_t bytes;

	if (section->used > section->capacity)
		return refuse(view, at, "a section uses more than its capacity");
	if (section->used == 0)
		return 0;
	if (elements_max[id] && section->used > elements_max[id])
		return refuse(view, at, "a section has more elements than vmatrace ever writes");
	/* A section is shorter than we know it when a version with fewer fields wrote it. */
	if (section->size == 0 || (id != VMT_SECTION_STRINGS && section->size % 8))
		return refuse(view, at, "a section has elements of the wrong size");
	if (section->offset % 8 || section->offset < sizeof(struct vmt_rec_header))
		return refuse(view, at, "a section is misplaced");
	if (__builtin_mul_overflow(section->used, section->size, &bytes) ||
	    section->offset > view->size || bytes > view->size - section->offset)
		return refuse(view, at, "a section reaches beyond the end (file cut short?)");
	view->section[id].data = view->data + section->offset;
	view->section[id].used = section->used;
	view->section[id].stride = section->size;
	return 0;
}

int vmt_view_open(const void *data, uint64_t size, struct vmt_view *ret_view)
{
	struct vmt_view *view = ret_view;
	int ret;

	__builtin_memset(view, 0, sizeof(*view));
	view->data = data;
	view->size = size;
	if (size < sizeof(struct vmt_rec_header))
		return refuse(view, size, size ? "too short for a recording" : "empty");
	if ((uintptr_t)data % sizeof(uint64_t))
		return refuse(view, 0, "not 8-aligned in memory");
	if (!copy_guarded(&view->header, view->data, sizeof(view->header),
			  offsetof(struct vmt_rec_header, seq))) {
		copy_words(&view->header, view->data, sizeof(view->header));
		view->is_torn = true;
	}
	ret = check_header(view);
	drop_unknown_sections(&view->header);
	for (uint32_t id = 0; !ret && id < VMT_SECTION_COUNT; id++)
		ret = check_section(view, id);
	return ret;
}

/* Do the elements of this section begin with a sequence word? */
static bool is_guarded(uint32_t id)
{
	return id == VMT_SECTION_SITES || id == VMT_SECTION_RANGES ||
	       id == VMT_SECTION_SITE_TIMES || id == VMT_SECTION_SITE_ROWS ||
	       id == VMT_SECTION_ALLOCATORS;
}

/* An element whose copy has its sequence word was not written since; 0 tells nothing. */
static void copy_element(unsigned char *to, const unsigned char *from, size_t bytes)
{
	uint32_t *had = (uint32_t *)(void *)to;
	uint32_t seq = __atomic_load_n((const uint32_t *)(const void *)from, __ATOMIC_RELAXED);

	if ((seq && *had == seq && !(seq & 1)) || copy_guarded(to, from, bytes, 0))
		return;
	copy_words(to, from, bytes);
	*had |= 1; /* half-written here, even if it has been finished meanwhile */
}

static void copy_section(const struct vmt_view *view, uint32_t id, unsigned char *copy)
{
	const struct vmt_view_section *section = &view->section[id];
	uint64_t bytes = section->used * section->stride;
	unsigned char *to;

	if (!bytes)
		return;
	to = copy + (section->data - view->data);
	if (is_guarded(id)) {
		for (uint64_t at = 0; at < bytes; at += section->stride)
			copy_element(to + at, section->data + at, section->stride);
		return;
	}
	copy_words(to, section->data, bytes - bytes % sizeof(uint64_t));
	for (uint64_t at = bytes - bytes % sizeof(uint64_t); at < bytes; at++)
		to[at] = section->data[at];
}

bool vmt_view_copy(const struct vmt_view *view, void *copy)
{
	const struct vmt_rec_header *now = (const struct vmt_rec_header *)(const void *)view->data;

	copy_words(copy, (const unsigned char *)&view->header, sizeof(view->header));
	for (uint32_t id = 0; id < VMT_SECTION_COUNT; id++)
		copy_section(view, id, copy);
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	return __atomic_load_n(&now->seq, __ATOMIC_RELAXED) == view->header.seq;
}

uint64_t vmt_view_count(const struct vmt_view *view, enum vmt_section_id section)
{
	return view->section[section].used;
}

static const unsigned char *element(const struct vmt_view *view, enum vmt_section_id id,
				    uint64_t index)
{
	const struct vmt_view_section *section = &view->section[id];

	return index < section->used ? section->data + index * section->stride : NULL;
}

/* The number of an element's bytes that both sides know; fields beyond them read as 0. */
static size_t known_bytes(const struct vmt_view *view, enum vmt_section_id id)
{
	uint64_t stride = view->section[id].stride;

	return stride < element_size[id] ? stride : element_size[id];
}

static bool read_plain(const struct vmt_view *view, enum vmt_section_id id, uint64_t index,
		       void *ret)
{
	const unsigned char *from = element(view, id, index);

	if (!from)
		return false;
	__builtin_memset(ret, 0, element_size[id]);
	copy_words(ret, from, known_bytes(view, id));
	return true;
}

static bool read_guarded(const struct vmt_view *view, enum vmt_section_id id, uint64_t index,
			 void *ret)
{
	const unsigned char *from = element(view, id, index);

	if (!from)
		return false;
	__builtin_memset(ret, 0, element_size[id]);
	return copy_guarded(ret, from, known_bytes(view, id), 0);
}

/*
 * A writer that was killed midway leaves the word odd for ever. A site's counters only grow, so
 * they are right to within the one call under way; skipping the site would lose all its calls.
 */
bool vmt_view_site(const struct vmt_view *view, uint64_t index, struct vmt_rec_site *ret_site)
{
	return (read_guarded(view, VMT_SECTION_SITES, index, ret_site) ||
		read_plain(view, VMT_SECTION_SITES, index, ret_site)) &&
	       vmt_plausible_site(&view->header, ret_site);
}

bool vmt_view_range(const struct vmt_view *view, uint64_t index, struct vmt_rec_range *ret_range)
{
	return read_guarded(view, VMT_SECTION_RANGES, index, ret_range) &&
	       ret_range->flags & VMT_MAP_USED && vmt_plausible_range(&view->header, ret_range);
}

bool vmt_view_frame(const struct vmt_view *view, uint64_t index, struct vmt_rec_frame *ret_frame)
{
	return read_plain(view, VMT_SECTION_FRAMES, index, ret_frame) &&
	       vmt_plausible_frame(ret_frame);
}

bool vmt_view_module(const struct vmt_view *view, uint64_t index, struct vmt_rec_module *ret_module)
{
	if (!read_plain(view, VMT_SECTION_MODULES, index, ret_module) ||
	    !vmt_plausible_module(ret_module))
		return false;
	if (ret_module->build_id_length > VMT_BUILD_ID_MAX)
		ret_module->build_id_length = 0;
	return true;
}

bool vmt_view_script(const struct vmt_view *view, const struct vmt_rec_frame *frame,
		     struct vmt_view_string *ret_file, struct vmt_view_string *ret_function,
		     uint32_t *ret_line)
{
	struct vmt_rec_module module;

	if (!vmt_view_module(view, frame->module, &module) || module.kind != VMT_MODULE_SCRIPT)
		return false;
	*ret_file = vmt_view_string(view, module.path);
	*ret_function = vmt_view_string(view, (struct vmt_rec_string){
						      frame->map_page,
						      (uint32_t)(frame->offset >> 32),
					      });
	*ret_line = (uint32_t)frame->offset;
	return true;
}

bool vmt_view_call(const struct vmt_view *view, uint64_t index,
		   struct vmt_rec_counters *ret_counters)
{
	return read_plain(view, VMT_SECTION_CALLS, index, ret_counters) &&
	       vmt_plausible_counters(&view->header, ret_counters);
}

/* Returns the first bucket of the valid half of the section (struct vmt_rec_bucket). */
static uint64_t first_bucket(const struct vmt_view *view)
{
	uint64_t width = view->header.bucket_ns / VMT_TIMELINE_NS;

	return width && __builtin_ctzll(width) & 1 ?
		       view->header.section[VMT_SECTION_TIMELINE].capacity / 2 :
		       0;
}

bool vmt_view_bucket(const struct vmt_view *view, uint64_t index, struct vmt_rec_bucket *ret_bucket)
{
	return index < view->header.section[VMT_SECTION_TIMELINE].capacity / 2 &&
	       read_plain(view, VMT_SECTION_TIMELINE, first_bucket(view) + index, ret_bucket) &&
	       ret_bucket->max && vmt_plausible_bucket(&view->header, ret_bucket);
}

/* The section's own count does not tell how many buckets of the valid half are used. */
uint64_t vmt_view_bucket_count(const struct vmt_view *view)
{
	uint64_t used = view->section[VMT_SECTION_TIMELINE].used;
	uint64_t count = view->header.section[VMT_SECTION_TIMELINE].capacity / 2;
	struct vmt_rec_bucket bucket;

	if (count > used)
		count = used;
	while (count && !vmt_view_bucket(view, count - 1, &bucket))
		count--;
	return count;
}

bool vmt_view_site_time(const struct vmt_view *view, uint64_t index,
			struct vmt_rec_site_time *ret_time)
{
	struct vmt_rec_site site;
	bool ret = true;

	*ret_time = (struct vmt_rec_site_time){ 0 };
	if (!vmt_view_site(view, index, &site))
		return false;
	if (site.time_row)
		ret = read_guarded(view, VMT_SECTION_SITE_ROWS, site.time_row - 1, ret_time);
	else if (!site.only.max &&
		 view->section[VMT_SECTION_SITE_TIMES].used) /* an older library */
		ret = read_guarded(view, VMT_SECTION_SITE_TIMES, index, ret_time);
	else
		vmt_rec_site_time_begin(ret_time, &site);
	return ret && vmt_plausible_site_time(&view->header, ret_time);
}

bool vmt_view_failure(const struct vmt_view *view, uint64_t index,
		      struct vmt_rec_failure *ret_failure)
{
	return read_plain(view, VMT_SECTION_FAILURES, index, ret_failure) &&
	       vmt_plausible_failure(&view->header, ret_failure);
}

bool vmt_view_mark(const struct vmt_view *view, uint64_t index, struct vmt_rec_mark *ret_mark)
{
	return read_plain(view, VMT_SECTION_MARKS, index, ret_mark) &&
	       vmt_plausible_mark(&view->header, ret_mark);
}

bool vmt_view_mark_value(const struct vmt_view *view, uint64_t index,
			 struct vmt_rec_mark_value *ret_value)
{
	return read_plain(view, VMT_SECTION_MARK_VALUES, index, ret_value) &&
	       vmt_plausible_mark_value(ret_value);
}

bool vmt_view_allocator(const struct vmt_view *view, uint64_t index,
			struct vmt_rec_allocator *ret_allocator)
{
	return (read_guarded(view, VMT_SECTION_ALLOCATORS, index, ret_allocator) ||
		read_plain(view, VMT_SECTION_ALLOCATORS, index, ret_allocator)) &&
	       vmt_plausible_allocator(ret_allocator);
}

struct vmt_view_string vmt_view_string(const struct vmt_view *view, struct vmt_rec_string string)
{
	const struct vmt_view_section *strings = &view->section[VMT_SECTION_STRINGS];

	/* A string section with elements wider than a byte is not read. */
	if (string.length == 0 || strings->stride != 1 || string.offset > strings->used ||
	    string.length > strings->used - string.offset)
		return (struct vmt_view_string){ "", 0 };
	return (struct vmt_view_string){ (const char *)strings->data + string.offset,
					 string.length };
}

uint32_t vmt_view_frame_count(const struct vmt_view *view, const struct vmt_rec_site *site)
{
	uint64_t used = view->section[VMT_SECTION_FRAMES].used;
	uint64_t count = site->frame_count;

	if (site->frame_first >= used)
		return 0;
	if (count > used - site->frame_first)
		count = used - site->frame_first;
	return count > VMT_FRAMES_MAX ? VMT_FRAMES_MAX : (uint32_t)count;
}
