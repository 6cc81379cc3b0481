/* SPDX-License-Identifier: MIT */
/*
 * The text is kept, and names point into it: most of the time for 60,000 maps is spent in the
 * kernel, and copying would double ours. See procmaps.h.
 */
#include "core/vma/mapsline.h"
#include "input/procmaps.h"
#include "input/vmflags.h"
#include "util/slurp.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE_LEAST 48u /* the shortest line that the kernel writes */

/* Is this a field of smaps, below the line of its map: "Rss:   4 kB", "VmFlags: rd ex"? */
static bool is_field(const char *line, size_t length)
{
	if (line[0] < 'A' || line[0] > 'Z')
		return false;
	for (size_t i = 0; i < length; i++) {
		if (line[i] == ':')
			return i > 0;
		if (!((line[i] >= 'A' && line[i] <= 'Z') || (line[i] >= 'a' && line[i] <= 'z') ||
		      line[i] == '_'))
			return false;
	}
	return false;
}

static void take_field(struct vmt_procmaps *maps, const char *line, size_t length)
{
	static const char flags[] = "VmFlags:", key[] = "ProtectionKey:";
	struct vmt_explain_map *map = &maps->map[maps->count - 1];
	size_t n = sizeof(flags) - 1;

	if (length >= n && !memcmp(line, flags, n))
		map->vm_flags = vmt_vmflags_parse(line + n, length - n);
	n = sizeof(key) - 1;
	if (length >= n && !memcmp(line, key, n))
		map->key = (uint8_t)strtoul(line + n, NULL, 10);
}

static int add_map(struct vmt_procmaps *maps, size_t *room, const struct vmt_mapsline *line)
{
	struct vmt_explain_map *more;

	if (maps->count == *room) {
		*room = 2 * *room + 16;
		more = realloc(maps->map, *room * sizeof(*more));
		if (!more)
			return -ENOMEM;
		maps->map = more;
	}
	maps->map[maps->count++] = (struct vmt_explain_map){
		.start = line->vma.start,
		.end = line->vma.end,
		.offset = line->vma.offset,
		.inode = line->vma.inode,
		.dev_major = vmt_vma_dev_major(line->vma.dev),
		.dev_minor = vmt_vma_dev_minor(line->vma.dev),
		.flags = line->vma.flags,
		.name = line->name,
		.name_length = (uint32_t)line->name_length,
		.put_by = VMT_NO_INDEX,
	};
	return 0;
}

/* The text is not read in one atomic step, so a map may occur twice: the first one counts. */
static bool is_behind(const struct vmt_procmaps *maps, uint64_t start)
{
	return !maps->count || maps->map[maps->count - 1].end <= start;
}

/* Is this the only line of smaps_rollup, from the first map's start to the last one's end? */
static bool is_sum(const struct vmt_mapsline *line)
{
	return line->name_length == 8 && !memcmp(line->name, "[rollup]", 8);
}

static int take_line(struct vmt_procmaps *maps, size_t *room, const char *line, size_t length)
{
	struct vmt_mapsline parsed;

	if (!length)
		return 0;
	if (vmt_mapsline_parse(line, length, &parsed)) {
		if (!maps->count || !is_field(line, length))
			return -EBADMSG;
		take_field(maps, line, length);
		return 0;
	}
	if (is_sum(&parsed))
		return -EBADMSG;
	if (vmt_mapsline_is_vsyscall(&parsed) || !is_behind(maps, parsed.vma.start))
		return 0;
	return add_map(maps, room, &parsed);
}

int vmt_procmaps_parse(char *text, size_t size, struct vmt_procmaps *ret_maps)
{
	struct vmt_procmaps maps = { .text = text };
	size_t line = 0, room = size / LINE_LEAST + 1;
	const char *at = text, *end;
	int ret = 0;

	maps.map = vmt_slurp_allocate(room * sizeof(*maps.map));
	if (!maps.map)
		ret = -ENOMEM;
	while (!ret && at < text + size) {
		end = memchr(at, '\n', (size_t)(text + size - at));
		if (!end)
			end = text + size;
		line++;
		ret = take_line(&maps, &room, at, (size_t)(end - at));
		/*
		 * The kernel ends each line with a newline, so this line was cut when the text was
		 * saved.
		 */
		if (ret == -EBADMSG && maps.count && end == text + size) {
			maps.is_cut = true;
			ret = 0;
		}
		at = end + 1;
	}
	maps.bad_line = ret ? line : 0;
	*ret_maps = maps;
	return ret;
}

/*
 * Remove what editors and other systems add: a byte order mark, and "\r
 * " at the ends of all lines. Only for saved texts, since a file's name may end in "\r". Returns
 * the new size.
 */
static size_t make_plain(char *text, size_t size)
{
	const char *first = memchr(text, '\n', size);
	size_t n = 0, at = vmt_slurp_mark(text, size);

	if (!at && (!first || first == text || first[-1] != '\r'))
		return size;
	for (; at < size; at++) {
		if (text[at] != '\r' || (at + 1 < size && text[at + 1] != '\n'))
			text[n++] = text[at];
	}
	text[n] = '\0';
	return n;
}

static int read_text(const char *path, bool is_saved, struct vmt_procmaps *ret_maps)
{
	char *text;
	size_t size;
	int ret;

	*ret_maps = (struct vmt_procmaps){ .count = 0 };
	ret = vmt_slurp(path, &text, &size);
	if (ret)
		return ret;
	if (is_saved)
		size = make_plain(text, size);
	return vmt_procmaps_parse(text, size, ret_maps);
}

int vmt_procmaps_read(const char *path, struct vmt_procmaps *ret_maps)
{
	return read_text(path, true, ret_maps);
}

void vmt_procmaps_free(struct vmt_procmaps *maps)
{
	free(maps->text);
	free(maps->map);
	*maps = (struct vmt_procmaps){ .count = 0 };
}

#define POLICIES_MAX 64

struct policies {
	const char *text[POLICIES_MAX];
	size_t length[POLICIES_MAX];
	uint32_t count;
};

/*
 * Returns the number of a policy; equal texts have equal numbers. Policies beyond the table are
 * unknown.
 */
static uint32_t policy_of(struct policies *policies, const char *text, size_t length)
{
	if (length == 7 && !memcmp(text, "default", 7))
		return 1;
	for (uint32_t i = 0; i < policies->count; i++) {
		if (policies->length[i] == length && !memcmp(policies->text[i], text, length))
			return i + 2;
	}
	if (policies->count == POLICIES_MAX)
		return 0;
	policies->text[policies->count] = text;
	policies->length[policies->count++] = length;
	return policies->count + 1;
}

static void take_policies(struct vmt_procmaps *maps, char *text)
{
	struct policies policies = { .count = 0 };
	size_t i = 0;
	uint64_t start;
	char *at = text;
	char *word;

	while (*at && i < maps->count) {
		start = strtoull(at, &word, 16);
		while (i < maps->count && maps->map[i].start < start)
			i++;
		if (*word == ' ' && i < maps->count && maps->map[i].start == start)
			maps->map[i].policy =
				policy_of(&policies, word + 1, strcspn(word + 1, " \n"));
		at += strcspn(at, "\n");
		at += *at == '\n';
	}
}

int vmt_procmaps_read_policies(struct vmt_procmaps *maps, const char *path)
{
	char *text;
	size_t size;
	int ret = vmt_slurp(path, &text, &size);

	if (ret)
		return ret;
	take_policies(maps, text);
	free(text);
	return 0;
}

int vmt_procmaps_read_process(pid_t pid, bool with_flags, struct vmt_procmaps *ret_maps)
{
	char path[64];
	int ret;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, with_flags ? "smaps" : "maps");
	ret = read_text(path, false, ret_maps);
	if (ret || !with_flags || !ret_maps->count)
		return ret;
	snprintf(path, sizeof(path), "/proc/%d/numa_maps", (int)pid);
	(void)vmt_procmaps_read_policies(ret_maps, path);
	return 0;
}
