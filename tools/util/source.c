/* SPDX-License-Identifier: MIT */
/*
 * Only names are handled: the file need not exist, since recordings are read on other machines too.
 * A build in a folder of its own may name its sources "/src/build/../pool.c". Used by stack.c and
 * the writers of verdicts.
 */
#include "core/report/report.h"
#include "util/must.h"
#include "util/source.h"

#include <unistd.h>

/* Remove "." and empty parts, and ".." together with the part before it, in place. */
static void resolve(char *path)
{
	bool is_absolute = *path == '/';
	char *out = path + is_absolute;
	char *floor = out; /* a ".." without a part before it stays */
	const char *in = out;

	while (*in) {
		size_t n = strcspn(in, "/");
		const char *next = in + n + (in[n] == '/');
		bool is_last = !*next; /* the separator may be overwritten below */
		bool is_up = n == 2 && !memcmp(in, "..", 2);

		if (is_up && out > floor) {
			out--;
			while (out > floor && out[-1] != '/')
				out--;
		} else if (n && !(n == 1 && *in == '.') && !(is_up && is_absolute)) {
			memmove(out, in, n);
			out += n;
			*out = '/';
			out++;
			if (is_up)
				floor = out;
		}
		if (is_last)
			break;
		in = next;
	}
	out -= out > path + is_absolute;
	*out = '\0';
}

char *vmt_source_below(const char *path, const char *const *roots, int count)
{
	char *copy = vmt_must_copy(path);
	char *below = NULL;

	resolve(copy);
	for (int i = 0; i < count && !below; i++) {
		size_t n = roots[i] ? strlen(roots[i]) : 0;

		while (n && roots[i][n - 1] == '/')
			n--;
		if (n && !strncmp(copy, roots[i], n) && copy[n] == '/')
			below = vmt_must_copy(copy + n + 1);
	}
	if (!below)
		return copy;
	free(copy);
	return below;
}

#define ROOTS 4

/* Looked up once, since there are hundreds of thousands of paths. */
static const char *const *roots_of_here(void)
{
	static const char *roots[ROOTS];
	static char here[4096];
	static bool are_known;

	if (!are_known) {
		roots[0] = getenv("GITHUB_WORKSPACE");
		roots[1] = getenv("CI_PROJECT_DIR");
		roots[2] = getenv("WORKSPACE"); /* Jenkins */
		roots[3] = getcwd(here, sizeof(here));
		are_known = true;
	}
	return roots;
}

/* -ffile-prefix-map makes both relative to the same folder: "./nptl" and "./nptl/allocatestack.c".
 */
static bool has_directory(const char *path, const char *directory)
{
	size_t n = strlen(directory);

	return *directory != '/' && !strncmp(path, directory, n) && path[n] == '/';
}

char *vmt_source_path(const char *directory, const char *path)
{
	bool is_whole = !directory || *path == '/' || has_directory(path, directory);
	char *whole = !is_whole ? vmt_must_format("%s/%s", directory, path) : vmt_must_copy(path);
	char *below = vmt_source_below(whole, roots_of_here(), ROOTS);

	free(whole);
	return below;
}

/* Where rustc says that Rust's own library is, or where rustup has put its source. */
static bool is_rusts(const char *path)
{
	return !strncmp(path, "/rustc/", 7) || strstr(path, "/rustlib/src/rust/library/");
}

bool vmt_source_is_system(const char *path)
{
	return is_rusts(path) ||
	       vmt_report_is_system((struct vmt_view_string){ path, (uint32_t)strlen(path) });
}
