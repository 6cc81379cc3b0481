/* SPDX-License-Identifier: MIT */
/*
 * Two versions of a program often have names of their own (alloc_v1, alloc_v2). Where each run has
 * one program, and some call site is in both, these are compared. See compare.h.
 */
#include "diff/compare.h"
#include "util/must.h"

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

/* Returns the key of a site of `program` as it would be in a program `to`. */
static char *renamed_key(const struct vmt_summary_program *program,
			 const struct vmt_summary_site *site, const char *to)
{
	char *frames = with_module(vmt_summary_frames(site), program->name, to);
	char *key = vmt_must_format("%s\n%s", site->call, frames);

	free(frames);
	return key;
}

/* Does a call site that has the program's own name in it match one of the other program? */
static bool is_alike(const struct vmt_summary_program *program,
		     const struct vmt_summary_program *other)
{
	bool found = false;

	for (const struct vmt_summary_site *site = program->sites; site && !found;
	     site = site->hh.next) {
		char *key = renamed_key(program, site, other->name);

		found = strcmp(key, site->key) && vmt_summary_find_site(other, key);
		free(key);
	}
	return found;
}

/* A site that has the key already is left as it is: both would be one. */
static void rename_site(struct vmt_summary_program *program, struct vmt_summary_site *site,
			const char *to)
{
	char *key = renamed_key(program, site, to);

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
	    !is_alike(program, to))
		return NULL;
	HASH_ITER(hh, program->sites, site, next)
	rename_site(program, site, to->name);
	HASH_DEL(before->programs, program);
	was = program->name;
	program->name = vmt_must_copy(to->name);
	HASH_ADD_KEYPTR(hh, before->programs, program->name, strlen(program->name), program);
	vmt_summary_sort(before);
	return was;
}
