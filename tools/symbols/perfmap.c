/* SPDX-License-Identifier: MIT */
/*
 * Reads perf's maps of generated code. Anybody may put a file into /tmp, so only files of this user
 * and of root are read. Used by the symbols. See perfmap.h.
 */
#include "symbols/perfmap.h"
#include "util/sorted.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static FILE *open_map(const char *directory, uint32_t pid, uint64_t since)
{
	struct stat stat;
	char path[4096];
	int fd;

	snprintf(path, sizeof(path), "%s/perf-%u.map", directory, pid);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0)
		return NULL;
	if (fstat(fd, &stat) || !S_ISREG(stat.st_mode) ||
	    (stat.st_uid != getuid() && stat.st_uid != 0 && getuid() != 0) ||
	    (uint64_t)stat.st_mtime + 1 < since / 1000000000) {
		close(fd);
		return NULL;
	}
	return fdopen(fd, "r");
}

static bool parse_line(char *line, struct vmt_perfmap_entry *ret)
{
	char *at;

	ret->start = strtoull(line, &at, 16);
	if (at == line || *at != ' ')
		return false;
	ret->size = strtoull(at, &at, 16);
	if (*at != ' ' || !ret->size || ret->start + ret->size < ret->start)
		return false;
	at[1 + strcspn(at + 1, "\n")] = '\0';
	ret->name = at + 1;
	return *ret->name != '\0';
}

static int by_start(const void *a, const void *b)
{
	const struct vmt_perfmap_entry *one = a;
	const struct vmt_perfmap_entry *two = b;

	if (one->start != two->start)
		return one->start < two->start ? -1 : 1;
	return (one->line > two->line) - (one->line < two->line);
}

static void read_lines(struct vmt_perfmap *map, FILE *file)
{
	struct vmt_perfmap_entry entry;
	struct vmt_perfmap_entry *more;
	char *line = NULL;
	size_t size = 0;
	size_t room = 0;

	while (getline(&line, &size, file) > 0) {
		if (!parse_line(line, &entry))
			continue;
		if (map->count == room) {
			room = room ? 2 * room : 1024;
			more = realloc(map->item, room * sizeof(*more));
			if (!more)
				break;
			map->item = more;
		}
		entry.line = map->count;
		entry.doubtful = NULL;
		entry.name = strdup(entry.name);
		if (!entry.name)
			break;
		map->item[map->count++] = entry;
	}
	free(line);
}

void vmt_perfmap_read(struct vmt_perfmap *ret_map, uint32_t pid, uint64_t since,
		      const char *directory)
{
	FILE *file = directory ? open_map(directory, pid, 0) : NULL;

	*ret_map = (struct vmt_perfmap){ .pid = pid };
	if (!file)
		file = open_map("/tmp", pid, since);
	if (!file)
		return;
	read_lines(ret_map, file);
	fclose(file);
	if (ret_map->count)
		qsort(ret_map->item, ret_map->count, sizeof(*ret_map->item), by_start);
}

void vmt_perfmap_free(struct vmt_perfmap *map)
{
	for (size_t i = 0; i < map->count; i++) {
		free(map->item[i].name);
		free(map->item[i].doubtful);
	}
	free(map->item);
	*map = (struct vmt_perfmap){ .count = 0 };
}

/* V8 names a function once for each way in which it was compiled: "JS:~tick", "JS:*tick". */
static const char *function_of(const char *name)
{
	return strncmp(name, "JS:", 3) ? name : name + 3 + strspn(name + 3, "*^~+'");
}

static const char *doubtful_name(struct vmt_perfmap_entry *entry)
{
	if (!entry->doubtful && asprintf(&entry->doubtful, "%s" VMT_PERFMAP_DOUBT, entry->name) < 0)
		entry->doubtful = NULL;
	return entry->doubtful;
}

/*
 * Code is freed and other code put where it was, and the map does not say when: of different
 * names for an address none is certain. Old code may begin before new code, so some earlier
 * entries are looked at as well.
 */
const char *vmt_perfmap_find(struct vmt_perfmap *map, uint64_t address)
{
	size_t n = vmt_sorted_up_to(map->item, map->count, sizeof(*map->item), address);
	struct vmt_perfmap_entry *best = NULL;
	bool is_doubtful = false;

	for (int tries = 0; n > 0 && tries < 64; tries++, n--) {
		struct vmt_perfmap_entry *entry = &map->item[n - 1];

		if (address - entry->start >= entry->size)
			continue;
		is_doubtful |= best && strcmp(function_of(best->name), function_of(entry->name));
		if (!best || entry->line > best->line)
			best = entry;
	}
	if (!best)
		return NULL;
	return is_doubtful ? doubtful_name(best) : best->name;
}
