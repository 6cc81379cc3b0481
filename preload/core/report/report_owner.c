/* SPDX-License-Identifier: MIT */
/*
 * Whose code a file is, by its path: the C library's and others that are never to blame, the
 * system's, or the project's own. Pure like the rest of the report (report.h).
 */
#include "core/report/report.h"

bool vmt_report_starts_with(struct vmt_view_string text, const char *start)
{
	uint32_t i;

	for (i = 0; start[i]; i++) {
		if (i >= text.length || text.bytes[i] != start[i])
			return false;
	}
	return true;
}

struct vmt_view_string vmt_report_base_name(struct vmt_view_string path)
{
	for (uint32_t i = path.length; i > 0; i--) {
		if (path.bytes[i - 1] == '/')
			return (struct vmt_view_string){ path.bytes + i, path.length - i };
	}
	return path;
}

static bool has_name(struct vmt_view_string path, const char *const *names, size_t count)
{
	struct vmt_view_string base = vmt_report_base_name(path);

	for (size_t i = 0; i < count; i++) {
		if (vmt_report_starts_with(base, names[i]))
			return true;
	}
	return false;
}

/* That of musl is its libc as well, through which every call goes. */
bool vmt_report_is_loader(struct vmt_view_string path)
{
	static const char *const names[] = { "ld-linux", "ld-2", "ld.so" };

	return has_name(path, names, VMT_COUNT(names));
}

bool vmt_report_is_runtime(struct vmt_view_string path)
{
	static const char *const names[] = {
		"libc.so",     "libc-",       "libpthread",  "librt.so",  "libdl.so",
		"libstdc++",   "libgcc_s",    "libc++",      "libm.so",   "libvmatrace",
		"libjemalloc", "libtcmalloc", "libmimalloc", "libefence", "libduma",
		"libasan",     "linux-vdso",  "[vdso]",
	};

	return vmt_report_is_loader(path) || has_name(path, names, VMT_COUNT(names));
}

static bool has(struct vmt_view_string text, const char *part)
{
	for (; text.length; text.bytes++, text.length--) {
		if (vmt_report_starts_with(text, part))
			return true;
	}
	return false;
}

/* The interpreter of python and its libraries, wherever they were installed. */
static bool is_python(struct vmt_view_string path)
{
	struct vmt_view_string base = vmt_report_base_name(path);

	return vmt_report_starts_with(path, "<frozen ") ||
	       vmt_report_starts_with(base, "libpython3.") ||
	       vmt_report_starts_with(base, "python3") || has(path, "/lib/python3.") ||
	       has(path, "/site-packages/") || has(path, "/dist-packages/");
}

bool vmt_report_is_system(struct vmt_view_string path)
{
	static const char *const prefixes[] = { "/usr/", "/lib/", "/lib64/", "/bin/", "/sbin/" };
	static const char *const others[] = { "/usr/local/", "/usr/src/", "/usr/home/" };

	for (size_t i = 0; i < VMT_COUNT(others); i++) {
		if (vmt_report_starts_with(path, others[i]))
			return is_python(path);
	}
	for (size_t i = 0; i < VMT_COUNT(prefixes); i++) {
		if (vmt_report_starts_with(path, prefixes[i]))
			return true;
	}
	return is_python(path);
}
