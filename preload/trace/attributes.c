/* SPDX-License-Identifier: MIT */
/* Reading smaps walks the page tables, which takes 18 ms for a GiB in use. See attributes.h. */
#include "trace/attributes.h"

#include <fcntl.h>
#include <sys/syscall.h>

#include "core/base/scan.h"
#include "os/fd.h"
#include "os/sys.h"
#include "store/publish.h"

#define UNSEEN_LEAST  16u /* smaps is not read for fewer unseen maps */
#define ALIKE_LEAST   64u /* nor for fewer pairs that look alike */
#define MAPS_MOST     100000u
#define RESIDENT_MOST (UINT64_C(4) << 30)

static const char letters[] = VMT_MAP_ATTRIBUTE_LETTERS;

/* Did one call site make both, with what only smaps shows differing? */
static bool is_alike(const struct vmt_map *a, const struct vmt_map *b)
{
	return a->vma.end == b->vma.start && !a->vma.inode && !b->vma.inode &&
	       !((a->vma.flags ^ b->vma.flags) & VMT_MAP_VISIBLE) && a->put_by == b->put_by &&
	       a->put_by == a->mapped_by && b->put_by == b->mapped_by &&
	       a->vma.vma_class != b->vma.vma_class;
}

/*
 * Are there many neighbours, put there by one call site, that look alike? It may ask for one flag now
 * and for another then, such as MAP_NORESERVE, of which the recording holds only the first.
 */
static bool has_many_alike(const struct vmt_state *state)
{
	const struct vmt_map *before = NULL;
	uint32_t pairs = 0;

	for (struct vmt_map *map = vmt_space_first(&state->space); map; map = vmt_space_next(map)) {
		pairs += before && is_alike(before, map);
		before = map;
	}
	return pairs >= ALIKE_LEAST;
}

static bool is_cheap(const struct vmt_state *state)
{
	char text[64];
	long length = vmt_fd_read_file("/proc/self/statm", text, sizeof(text));

	return state->space.count <= MAPS_MOST && length > 0 &&
	       vmt_scan_field(text, (size_t)length, 1) <= RESIDENT_MOST / 4096;
}

static uint32_t flags_of(const char *line, size_t length)
{
	uint32_t set = VMT_MAP_HAS_ATTRIBUTES;

	for (size_t at = 0; at + 1 < length; at++) {
		if (line[at] == ' ' || (at && line[at - 1] != ' '))
			continue;
		for (uint32_t i = 0; i + 1 < sizeof(letters) - 1; i += 2) {
			if (line[at] == letters[i] && line[at + 1] == letters[i + 1])
				set |= VMT_MAP_ATTRIBUTE(i / 2);
		}
	}
	return set;
}

static bool is_digit(char byte)
{
	return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'f');
}

/* The first line of a map begins with its address, all others with a word. */
static void read_line(struct vmt_state *state, const char *line, size_t length, uint64_t *start)
{
	static const char key[] = "VmFlags:";
	struct vmt_map *map;

	if (length && is_digit(line[0])) {
		*start = 0;
		for (size_t i = 0; i < length && is_digit(line[i]); i++)
			*start = *start * 16 +
				 (uint64_t)(line[i] <= '9' ? line[i] - '0' : line[i] - 'a' + 10);
		return;
	}
	if (length < sizeof(key) || __builtin_memcmp(line, key, sizeof(key) - 1))
		return;
	map = vmt_space_at(&state->space, *start);
	if (map)
		vmt_publish_attributes(state, map,
				       flags_of(line + sizeof(key) - 1, length - sizeof(key) + 1));
}

/* Read the complete lines; returns how many bytes they take. */
static size_t read_lines(struct vmt_state *state, const char *text, size_t length, uint64_t *start)
{
	size_t begin = 0;

	for (size_t i = 0; i < length; i++) {
		if (text[i] != '\n')
			continue;
		read_line(state, text + begin, i - begin, start);
		begin = i + 1;
	}
	return begin;
}

void vmt_attributes_record(struct vmt_state *state)
{
	char *text = state->text;
	size_t filled = 0, done;
	uint64_t start = 0;
	long got;
	int fd;

	if ((state->counters.unseen < UNSEEN_LEAST && !has_many_alike(state)) ||
	    !state->recording.base || !is_cheap(state))
		return;
	fd = vmt_fd_open("/proc/self/smaps", O_RDONLY | O_CLOEXEC, 0);
	if (fd < 0)
		return;
	while ((got = vmt_sys3(SYS_read, fd, text + filled, sizeof(state->text) - filled)) > 0) {
		filled += (size_t)got;
		done = read_lines(state, text, filled, &start);
		if (!done && filled == sizeof(state->text))
			break; /* no line is that long */
		filled -= done;
		for (size_t i = 0; i < filled; i++)
			text[i] = text[done + i];
	}
	vmt_sys1(SYS_close, fd);
}
