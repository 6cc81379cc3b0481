/* SPDX-License-Identifier: MIT */
/* Fields are looked for by name, at the beginning of a line. See status.h. */
#include "filter/status.h"

static bool has_prefix(const char *text, const char *end, const char *start)
{
	size_t size = __builtin_strlen(start);

	return (size_t)(end - text) >= size && __builtin_memcmp(text, start, size) == 0;
}

const char *vmt_status_find(const char *text, size_t length, const char *what)
{
	for (const char *at = text; at < text + length; at++)
		if (has_prefix(at, text + length, what))
			return at;
	return NULL;
}

/* Returns the number in the line that begins with name. */
static uint64_t field(const char *text, size_t length, const char *name)
{
	const char *end = text + length;
	const char *at = vmt_status_find(text, length, name);
	uint64_t number = 0;

	if (!at)
		return 0;
	at += __builtin_strlen(name);
	while (at < end && (*at == ' ' || *at == '\t'))
		at++;
	for (; at < end && *at >= '0' && *at <= '9'; at++)
		number = number * 10 + (uint64_t)(*at - '0');
	return number;
}

void vmt_status_read(const char *text, size_t length, struct vmt_status *ret_status)
{
	*ret_status = (struct vmt_status){
		.pid = field(text, length, "\nPid:"),
		.parent = field(text, length, "\nPPid:"),
		.seccomp = field(text, length, "\nSeccomp:"),
		.filters = field(text, length, "\nSeccomp_filters:"),
		.no_new_privileges = field(text, length, "\nNoNewPrivs:") != 0,
	};
}
