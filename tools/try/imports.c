/* SPDX-License-Identifier: MIT */
/* See imports.h. A name is looked for in the whole file, as tables of names may be stripped. */
#include "try/imports.h"
#include "core/report/report.h"
#include "util/must.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME_MAX_BYTES 64u

bool vmt_imports_is_libc(struct vmt_view_string path)
{
	struct vmt_view_string base = vmt_report_base_name(path);

	return base.length > 5 &&
	       (!memcmp(base.bytes, "libc.", 5) || !memcmp(base.bytes, "libc-", 5));
}

/* The name as a string of its own, with a zero at either end. */
static bool has_name(const char *bytes, size_t size, const char *function)
{
	char name[NAME_MAX_BYTES] = "";
	size_t length = strlen(function);

	if (length + 2 > sizeof(name))
		return false;
	memcpy(name + 1, function, length + 1);
	return memmem(bytes, size, name, length + 2);
}

static bool imports(const char *path, const char *function)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat status;
	bool found = false;
	char *bytes;

	if (fd < 0)
		return false;
	if (!fstat(fd, &status) && S_ISREG(status.st_mode) && status.st_size) {
		bytes = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
		if (bytes != MAP_FAILED) {
			found = has_name(bytes, (size_t)status.st_size, function);
			munmap(bytes, (size_t)status.st_size);
		}
	}
	close(fd);
	return found;
}

bool vmt_imports_any(const struct vmt_view *view, const char *function)
{
	uint64_t count = vmt_view_count(view, VMT_SECTION_MODULES);
	struct vmt_rec_module module;
	bool found = false;

	for (uint64_t i = 0; i < count && !found; i++) {
		struct vmt_view_string path;
		char *text;

		if (!vmt_view_module(view, i, &module) || module.kind != VMT_MODULE_FILE)
			continue;
		path = vmt_view_string(view, module.path);
		if (vmt_imports_is_libc(path))
			continue;
		text = vmt_must_format("%.*s", (int)path.length, path.bytes);
		found = imports(text, function);
		free(text);
	}
	return found;
}
