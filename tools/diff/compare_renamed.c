/* SPDX-License-Identifier: MIT */
/*
 * Two versions of a program often have names of their own (alloc_v1, alloc_v2), and so have two allocators that
 * one program is run with. Where some call site is in both, these are compared. See compare.h.
 */
#include "diff/compare.h"
#include "util/must.h"

#include <string.h>

static const struct vmt_summary_program *only_program(const struct vmt_summary *summary)
{
	return summary->programs && !summary->programs->hh.next ? summary->programs : NULL;
}

/* Is a frame, which is a line of a key, in the module of this name? */
static bool is_in(const char *line, const char *module, size_t n)
{
	return !strncmp(line, module, n) && (line[n] == '!' || line[n] == '\n' || !line[n]);
}

/* Returns the frames with those of the module `from` in the module `to`. */
static char *with_module(const char *frames, const char *from, const char *to)
{
	size_t n = strlen(from);
	char *key = vmt_must_copy("");

	for (const char *line = frames; *line;) {
		bool is_renamed = is_in(line, from, n);
		const char *rest = is_renamed ? line + n : line;
		size_t length = strcspn(rest, "\n") + (rest[strcspn(rest, "\n")] == '\n');
		char *longer =
			vmt_must_format("%s%s%.*s", key, is_renamed ? to : "", (int)length, rest);

		free(key);
		key = longer;
		line = rest + length;
	}
	return key;
}

/* Returns the key of a site as it would be with the module `to` in place of `from`. */
static char *renamed_key(const struct vmt_summary_site *site, const char *from, const char *to)
{
	char *frames = with_module(vmt_summary_frames(site), from, to);
	char *key = vmt_must_format("%s\n%s", site->call, frames);

	free(frames);
	return key;
}

/* Does a site that has the module `from` in it match one of the other program with `to` in its place? */
static bool is_site_alike(const struct vmt_summary_site *site,
			  const struct vmt_summary_program *other, const char *from, const char *to)
{
	char *key = renamed_key(site, from, to);
	bool found = strcmp(key, site->key) && vmt_summary_find_site(other, key);

	free(key);
	return found;
}

static size_t count_alike(const struct vmt_summary_program *program,
			  const struct vmt_summary_program *other, const char *from, const char *to)
{
	size_t count = 0;

	for (const struct vmt_summary_site *site = program->sites; site; site = site->hh.next)
		count += is_site_alike(site, other, from, to);
	return count;
}

/* A site that has the key already is left as it is: both would be one. */
static void rename_site(struct vmt_summary_program *program, struct vmt_summary_site *site,
			const char *from, const char *to)
{
	char *key = renamed_key(site, from, to);

	if (vmt_summary_find_site(program, key)) {
		free(key);
		return;
	}
	HASH_DEL(program->sites, site);
	free(site->key);
	site->key = key;
	HASH_ADD_KEYPTR(hh, program->sites, site->key, strlen(site->key), site);
}

char *vmt_compare_rename(struct vmt_summary *before, const struct vmt_summary *after)
{
	const struct vmt_summary_program *to = only_program(after);
	struct vmt_summary_program *program = before->programs;
	struct vmt_summary_site *site, *next;
	char *was;

	if (!only_program(before) || !to || !strcmp(program->name, to->name) ||
	    !count_alike(program, to, program->name, to->name))
		return NULL;
	HASH_ITER(hh, program->sites, site, next)
	rename_site(program, site, program->name, to->name);
	HASH_DEL(before->programs, program);
	was = program->name;
	program->name = vmt_must_copy(to->name);
	HASH_ADD_KEYPTR(hh, before->programs, program->name, strlen(program->name), program);
	vmt_summary_sort(before);
	return was;
}

/* The modules that frames of a program's call sites are in. */
struct modules {
	char **name;
	size_t count;
};

static bool has_module(const struct modules *modules, const char *name, size_t n)
{
	for (size_t i = 0; i < modules->count; i++) {
		if (!strncmp(modules->name[i], name, n) && !modules->name[i][n])
			return true;
	}
	return false;
}

static void read_modules(const struct vmt_summary_program *program, struct modules *ret)
{
	*ret = (struct modules){ NULL, 0 };
	for (const struct vmt_summary_site *site = program->sites; site; site = site->hh.next) {
		const char *line = vmt_summary_frames(site);

		for (; *line; line += strcspn(line, "\n"), line += *line == '\n') {
			size_t n = strcspn(line, "!\n");

			/* Of several modules that are not known, no name is the other's. */
			if (has_module(ret, line, n) || (n == 1 && *line == '?'))
				continue;
			ret->name = vmt_must_grow(ret->name, ret->count, sizeof(*ret->name));
			ret->name[ret->count++] = vmt_must(strndup(line, n));
		}
	}
}

static void free_modules(struct modules *modules)
{
	for (size_t i = 0; i < modules->count; i++)
		free(modules->name[i]);
	free(modules->name);
}

/* Returns the module that only the other program has and that most call sites match with; NULL: there is none. */
static const char *find_successor(const struct vmt_summary_program *program,
				  const struct vmt_summary_program *other, const char *from,
				  const struct modules *had, const struct modules *has)
{
	const char *best = NULL;
	size_t most = 0;

	for (size_t i = 0; i < has->count; i++) {
		const char *to = has->name[i];
		size_t count =
			has_module(had, to, strlen(to)) ? 0 : count_alike(program, other, from, to);

		best = count > most ? to : best;
		most = count > most ? count : most;
	}
	return best;
}

static void rename_modules(struct vmt_summary_program *program,
			   const struct vmt_summary_program *other, vmt_compare_tell *tell)
{
	struct vmt_summary_site *site, *next;
	struct modules had, has;

	read_modules(program, &had);
	read_modules(other, &has);
	for (size_t i = 0; i < had.count; i++) {
		const char *from = had.name[i], *to = NULL;

		if (!has_module(&has, from, strlen(from)))
			to = find_successor(program, other, from, &had, &has);
		if (!to)
			continue;
		HASH_ITER(hh, program->sites, site, next)
		{
			if (is_site_alike(site, other, from, to))
				rename_site(program, site, from, to);
		}
		tell(from, to);
	}
	free_modules(&had);
	free_modules(&has);
}

void vmt_compare_rename_modules(struct vmt_summary *before, const struct vmt_summary *after,
				vmt_compare_tell *tell)
{
	struct vmt_summary_program *program;

	for (program = before->programs; program; program = program->hh.next) {
		const struct vmt_summary_program *other =
			vmt_summary_find_program(after, program->name);

		if (other)
			rename_modules(program, other, tell);
	}
	vmt_summary_sort(before);
}
