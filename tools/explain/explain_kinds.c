/* SPDX-License-Identifier: MIT */
/*
 * Decides what each map is: by its name if it has one, by what is known of its owner, and by shape
 * and neighbours only if nothing else has that shape. Pure; part of explain.h.
 */
#include "explain/explain.h"
#include "input/vmflags.h"
#include "util/sorted.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define GUARD_MAX     (UINT64_C(16) << 10)
#define DEFAULT_STACK (UINT64_C(8) << 20)
#define BSS_MAX       (UINT64_C(16) << 20)
/* maps of one file; 16 namespaces (dlmopen) of a library with five parts have fewer */
#define LIBRARY_MOST 100u
/* with at least this many threads, their number identifies their stacks */
#define THREADS_LEAST 16u

static bool starts_with(const struct vmt_explain_map *map, const char *start)
{
	size_t n = strlen(start);

	return map->name && map->name_length >= n && !memcmp(map->name, start, n);
}

static bool is_named(const struct vmt_explain_map *map, const char *name)
{
	return starts_with(map, name) && map->name_length == strlen(name);
}

static bool is_deleted(const struct vmt_explain_map *map)
{
	return vmt_explain_ends_deleted(map) && map->hint != VMT_HINT_EXISTS;
}

static enum vmt_kind of_brackets(const struct vmt_explain_map *map)
{
	if (is_named(map, "[stack]"))
		return VMT_KIND_STACK;
	if (starts_with(map, "[stack:"))
		return VMT_KIND_THREAD_STACK;
	if (is_named(map, "[heap]"))
		return VMT_KIND_HEAP;
	if (starts_with(map, "[vdso") || starts_with(map, "[vvar") || is_named(map, "[vectors]"))
		return VMT_KIND_VDSO;
	if (starts_with(map, "[anon_shmem"))
		return VMT_KIND_SHARED;
	return starts_with(map, "[anon") ? VMT_KIND_ANONYMOUS : VMT_KIND_KERNEL;
}

/* Files internal to the kernel never had a name; the kernel shows them as (deleted). */
static enum vmt_kind of_nameless(const struct vmt_explain_map *map)
{
	static const struct {
		const char *start;
		enum vmt_kind kind;
	} names[] = {
		{ "/anon_hugepage", VMT_KIND_HUGE }, { "/[aio]", VMT_KIND_KERNEL },
		{ "/secretmem", VMT_KIND_SHARED },   { "/drm mm object", VMT_KIND_DEVICE },
		{ "/i915", VMT_KIND_DEVICE },
	};

	for (size_t i = 0; i < VMT_COUNT(names); i++) {
		if (starts_with(map, names[i].start))
			return names[i].kind;
	}
	return VMT_KIND_DELETED;
}

static bool is_huge(const struct vmt_explain_map *map)
{
	return starts_with(map, "/dev/hugepages/") ||
	       (map->vm_flags && map->vm_flags & vmt_vmflags_parse("ht", 2) & ~VMT_VMFLAGS_KNOWN);
}

static enum vmt_kind of_file(struct vmt_explain_map *map)
{
	if (map->hint == VMT_HINT_LIBRARY)
		return VMT_KIND_LIBRARY;
	if (is_huge(map) || map->hint == VMT_HINT_HUGE)
		return VMT_KIND_HUGE;
	if (map->put_call == VMT_CALL_IO_SETUP && !map->name_length)
		return VMT_KIND_DEVICE;
	if (map->hint == VMT_HINT_ZERO_DEVICE && !(map->flags & VMT_MAP_SHARED))
		return VMT_KIND_ANONYMOUS;
	if (map->hint == VMT_HINT_DEVICE)
		return VMT_KIND_DEVICE;
	if (map->hint == VMT_HINT_SHARED || map->hint == VMT_HINT_ZERO_DEVICE)
		return VMT_KIND_SHARED;
	/* Device 0:1 is the kernel's internal tmpfs: memfd, SysV, shared anonymous memory. */
	if ((map->dev_major == 0 && map->dev_minor == 1) || starts_with(map, "/dev/shm/") ||
	    starts_with(map, "/SYSV") || starts_with(map, "/memfd:"))
		return VMT_KIND_SHARED;
	if (starts_with(map, "/dev/zero")) {
		map->hint = VMT_HINT_ZERO_DEVICE;
		return map->flags & VMT_MAP_SHARED ? VMT_KIND_SHARED : VMT_KIND_ANONYMOUS;
	}
	if (starts_with(map, "/dev/ashmem"))
		return VMT_KIND_SHARED;
	if (starts_with(map, "/dev/") || starts_with(map, "anon_inode:") ||
	    starts_with(map, "/dmabuf:") || starts_with(map, "socket:["))
		return VMT_KIND_DEVICE;
	return is_deleted(map) ? of_nameless(map) : VMT_KIND_FILE;
}

static enum vmt_kind of_memory(const struct vmt_explain_map *map)
{
	switch (map->hint) {
	case VMT_HINT_THREAD_STACK: return VMT_KIND_THREAD_STACK;
	case VMT_HINT_ALLOCATOR: return VMT_KIND_ALLOCATOR;
	case VMT_HINT_HEAP: return VMT_KIND_HEAP;
	case VMT_HINT_VDSO: return VMT_KIND_VDSO;
	case VMT_HINT_LIBRARY: return VMT_KIND_LIBRARY;
	default: break;
	}
	if (map->flags & VMT_MAP_SHARED)
		return VMT_KIND_SHARED;
	return map->flags & VMT_MAP_EXEC ? VMT_KIND_JIT : VMT_KIND_ANONYMOUS;
}

static void by_itself(struct vmt_explain_map *map)
{
	if (map->flags & VMT_MAP_STACK && !map->inode && !vmt_explain_is_grown_down(map))
		map->kind = VMT_KIND_STACK;
	else if (map->name_length && map->name[0] == '[')
		map->kind = (uint8_t)of_brackets(map);
	else if (map->inode || map->name_length)
		map->kind = (uint8_t)of_file(map);
	else
		map->kind = (uint8_t)of_memory(map);
	if (map->kind == VMT_KIND_ANONYMOUS && map->flags & VMT_MAP_EXEC)
		map->kind = VMT_KIND_JIT;
}

struct file {
	uint64_t inode;
	uint64_t dev;
};

static int by_file(const void *a, const void *b)
{
	const struct file *one = a, *two = b;

	if (one->inode != two->inode)
		return one->inode < two->inode ? -1 : 1;
	return (one->dev > two->dev) - (one->dev < two->dev);
}

static struct file file_of(const struct vmt_explain_map *map)
{
	return (struct file){ map->inode, (uint64_t)map->dev_major << 32 | map->dev_minor };
}

static bool is_disk_file(const struct vmt_explain_map *map)
{
	return map->inode && (map->kind == VMT_KIND_FILE || map->kind == VMT_KIND_DELETED);
}

/* Did a call of the program's own map the file? Then nothing was loaded, code or not. */
static bool is_mapped_by_program(const struct vmt_explain_map *map,
				 const struct vmt_explain_facts *facts)
{
	return map->mapped_by < facts->sites && map->mapped_by >= VMT_SITE_FIRST &&
	       map->hint != VMT_HINT_LIBRARY;
}

/* Fill in the files on disk of all maps, or of those with code only, in order. Returns how many. */
static size_t list_files(const struct vmt_explain_map *map, size_t count, bool only_code,
			 struct file *files)
{
	size_t n = 0;

	for (size_t i = 0; i < count; i++) {
		if (is_disk_file(&map[i]) && (!only_code || map[i].flags & VMT_MAP_EXEC))
			files[n++] = file_of(&map[i]);
	}
	qsort(files, n, sizeof(*files), by_file);
	return n;
}

/* Is one of so many maps in files[0, n) of this file that no loader has made them? */
static bool is_mapped_often(const struct file *files, size_t n, const struct file *file)
{
	const struct file *found = bsearch(file, files, n, sizeof(*files), by_file);
	size_t first, last;

	if (!found)
		return false;
	first = last = (size_t)(found - files);
	while (first > 0 && last - first < LIBRARY_MOST && !by_file(&files[first - 1], file))
		first--;
	while (last + 1 < n && last - first < LIBRARY_MOST && !by_file(&files[last + 1], file))
		last++;
	return last - first >= LIBRARY_MOST;
}

/* All maps of a file that is mapped executable belong to a library (or to the program). */
static int mark_libraries(struct vmt_explain_map *map, size_t count,
			  const struct vmt_explain_facts *facts)
{
	struct file *code = malloc((count + 1) * sizeof(*code));
	struct file *all = malloc((count + 1) * sizeof(*all));
	size_t codes = code ? list_files(map, count, true, code) : 0;
	size_t n = all && !facts->sites ? list_files(map, count, false, all) : 0;
	int ret = code && all ? 0 : -ENOMEM;

	for (size_t i = 0; !ret && i < count; i++) {
		struct file file = file_of(&map[i]);

		if (is_disk_file(&map[i]) && !is_mapped_by_program(&map[i], facts) &&
		    bsearch(&file, code, codes, sizeof(*code), by_file) &&
		    !is_mapped_often(all, n, &file))
			map[i].kind = VMT_KIND_LIBRARY;
	}
	free(code);
	free(all);
	return ret;
}

bool vmt_explain_is_memfd(const struct vmt_explain_map *map)
{
	return map->kind == VMT_KIND_SHARED && !(map->flags & VMT_MAP_SHARED);
}

bool vmt_explain_are_memfds(const struct vmt_explain *explain)
{
	uint64_t memfds = 0, all = 0;

	for (size_t i = 0; i < explain->count; i++) {
		all += explain->map[i].kind == VMT_KIND_SHARED;
		memfds += vmt_explain_is_memfd(&explain->map[i]);
	}
	return memfds > all / 2;
}

static bool is_plain_memory(const struct vmt_explain_map *map)
{
	return map->kind == VMT_KIND_ANONYMOUS && vmt_explain_is_anonymous(map) &&
	       !map->name_length;
}

static bool is_without_access(const struct vmt_explain_map *map)
{
	return !(map->flags & VMT_MAP_ACCESS) && vmt_explain_is_anonymous(map);
}

static uint64_t size_of(const struct vmt_explain_map *map)
{
	return map->end - map->start;
}

/*
 * A heap of a glibc arena: [rw-p ######][---p ......], up to 64 MiB long and 64 MiB-aligned. The
 * kernel's own placement has that alignment only by chance, and a call of the program's own makes none.
 */
static void mark_arenas(struct vmt_explain_map *map, size_t count)
{
	for (size_t i = 0; i + 1 < count; i++) {
		struct vmt_explain_map *rest = &map[i + 1];

		if (map[i].start % VMT_EXPLAIN_ARENA || !(map[i].flags & VMT_MAP_WRITE) ||
		    !vmt_explain_touch(&map[i], rest) ||
		    rest->end != map[i].start + VMT_EXPLAIN_ARENA || !is_without_access(rest) ||
		    !vmt_explain_is_anonymous(&map[i]) || map[i].kind == VMT_KIND_THREAD_STACK ||
		    map[i].name_length || (map[i].is_programs && rest->is_programs))
			continue;
		map[i].kind = rest->kind = VMT_KIND_ALLOCATOR;
		map[i].is_arena = rest->is_arena = true;
		if (!map[i].detail)
			map[i].detail = "malloc arenas of glibc";
		rest->detail = map[i].detail;
	}
}

static bool has_stack_pointer(const struct vmt_explain_map *map,
			      const struct vmt_explain_facts *facts)
{
	size_t low = 0, high = facts->stack_pointer_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (facts->stack_pointers[middle] < map->start)
			low = middle + 1;
		else
			high = middle;
	}
	return low < facts->stack_pointer_count && facts->stack_pointers[low] < map->end;
}

static bool has_guard(const struct vmt_explain_map *map, size_t i)
{
	return i > 0 && vmt_explain_touch(&map[i - 1], &map[i]) && is_without_access(&map[i - 1]) &&
	       size_of(&map[i - 1]) <= 4 * GUARD_MAX;
}

/*
 * Returns the most frequent size of maps above a guard, and how many have it; 0 if there is none,
 * or without memory.
 */
static uint64_t usual_size(const struct vmt_explain_map *map, size_t count, uint64_t *ret_maps)
{
	uint64_t *sizes = malloc((count + 1) * sizeof(*sizes));
	uint64_t best = 0, run = 0;
	size_t n = 0;

	*ret_maps = 0;
	for (size_t i = 0; sizes && i < count; i++) {
		if (is_plain_memory(&map[i]) && has_guard(map, i))
			sizes[n++] = size_of(&map[i]);
	}
	if (n)
		qsort(sizes, n, sizeof(*sizes), vmt_sorted_by_number);
	for (size_t i = 0; i < n; i++) {
		run = i && sizes[i] == sizes[i - 1] ? run + 1 : 1;
		if (run > *ret_maps) {
			*ret_maps = run;
			best = sizes[i];
		}
	}
	free(sizes);
	return best;
}

/*
 * Thread registers may be unreadable (Yama's ptrace_scope). Then maps above a guard are taken for
 * stacks if they have one size and there are about as many as threads.
 */
static uint64_t size_by_number(const struct vmt_explain_map *map, size_t count, uint64_t threads)
{
	uint64_t maps, size = usual_size(map, count, &maps);

	if (threads < THREADS_LEAST && size != DEFAULT_STACK)
		return 0;
	return maps >= threads - threads / 4 - 1 && maps <= 2 * threads + 8 ? size : 0;
}

/*
 * Mark stacks that a thread runs on, and then maps of the same size, which glibc keeps for later.
 * If there are far more of these than threads, they must be something else (fibers).
 */
static void mark_stacks(struct vmt_explain_map *map, size_t count,
			const struct vmt_explain_facts *facts)
{
	uint64_t size = facts->threads ? 0 : DEFAULT_STACK;
	uint64_t alike = 0;

	if (facts->threads == 1) {
		if (facts->sites)
			return;
		size = DEFAULT_STACK; /* this many may belong to threads that have ended */
	} else if (facts->threads && !facts->stack_pointer_count)
		size = size_by_number(map, count, facts->threads);
	for (size_t i = 0; i < count; i++) {
		if (!is_plain_memory(&map[i]) || !has_stack_pointer(&map[i], facts))
			continue;
		map[i].kind = VMT_KIND_THREAD_STACK;
		if (has_guard(map, i))
			size = size_of(&map[i]);
	}
	for (size_t i = 0; i < count; i++)
		alike += is_plain_memory(&map[i]) && has_guard(map, i) && size_of(&map[i]) == size;
	if (!size || (facts->threads && alike > 2 * facts->threads + 8 && size != DEFAULT_STACK))
		return;
	for (size_t i = 0; i < count; i++) {
		if (is_plain_memory(&map[i]) && has_guard(map, i) && size_of(&map[i]) == size)
			map[i].kind = VMT_KIND_THREAD_STACK;
	}
}

static bool is_beside_memory(const struct vmt_explain_map *map, size_t count, size_t i)
{
	return (i > 0 && vmt_explain_touch(&map[i - 1], &map[i]) &&
		map[i - 1].flags & VMT_MAP_ACCESS && vmt_explain_is_anonymous(&map[i - 1])) ||
	       (i + 1 < count && vmt_explain_touch(&map[i], &map[i + 1]) &&
		map[i + 1].flags & VMT_MAP_ACCESS && vmt_explain_is_anonymous(&map[i + 1]));
}

/*
 * On other machines (arm64, ppc64) a page may be larger than 4 KiB: then all addresses are
 * multiples of it.
 */
static uint64_t guard_max(const struct vmt_explain_map *map, size_t count)
{
	uint64_t all = 4 * GUARD_MAX;

	for (size_t i = 0; i < count; i++)
		all |= map[i].start | map[i].end;
	all &= -all;
	return all > GUARD_MAX ? all : GUARD_MAX;
}

static void mark_without_access(struct vmt_explain_map *map, size_t count, size_t i, uint64_t most)
{
	bool below_stack = i + 1 < count && vmt_explain_touch(&map[i], &map[i + 1]) &&
			   map[i + 1].kind == VMT_KIND_THREAD_STACK;

	if (below_stack)
		most = 4 * GUARD_MAX;

	map[i].kind = size_of(&map[i]) <= most && is_beside_memory(map, count, i) ?
			      VMT_KIND_GUARD :
			      VMT_KIND_RESERVED;
}

/* The zeroed data of a library begins where the data from its file ends. */
static bool is_bss(const struct vmt_explain_map *map, size_t i)
{
	return i > 0 && is_plain_memory(&map[i]) && vmt_explain_touch(&map[i - 1], &map[i]) &&
	       map[i - 1].kind == VMT_KIND_LIBRARY && map[i - 1].inode &&
	       map[i - 1].flags & VMT_MAP_WRITE && size_of(&map[i]) <= BSS_MAX;
}

int vmt_explain_kinds(struct vmt_explain_map *map, size_t count,
		      const struct vmt_explain_facts *facts)
{
	uint64_t most = guard_max(map, count);
	int ret;

	for (size_t i = 0; i < count; i++)
		by_itself(&map[i]);
	ret = mark_libraries(map, count, facts);
	if (ret)
		return ret;
	mark_arenas(map, count);
	mark_stacks(map, count, facts);
	for (size_t i = 0; i < count; i++) {
		if (is_bss(map, i))
			map[i].kind = VMT_KIND_LIBRARY;
		else if (is_without_access(&map[i]) && map[i].kind != VMT_KIND_LIBRARY &&
			 !map[i].is_arena)
			mark_without_access(map, count, i, most);
		if (map[i].kind != VMT_KIND_ALLOCATOR)
			map[i].detail = NULL;
	}
	return 0;
}
