/* SPDX-License-Identifier: MIT */
/*
 * The stack's bounds for unwind_compare: the library takes them from its table of maps, which does
 * not exist here. So /proc/self/maps is read, without malloc or stdio, since this is called in
 * signal handlers.
 */
#include <fcntl.h>
#include <unistd.h>

#include "os/shim.h"

/* Read a hexadecimal number and the character after it. */
static uint64_t read_hex(const char **at)
{
	uint64_t value = 0;

	for (; (**at >= '0' && **at <= '9') || (**at >= 'a' && **at <= 'f'); (*at)++)
		value = value << 4 | (uint64_t)(**at <= '9' ? **at - '0' : **at - 'a' + 10);
	return value;
}

/* Defined here since the library's own needs its table of maps. */
void vmt_bounds_forget(void);

void vmt_bounds_forget(void)
{
}

bool vmt_bounds_of(uint64_t sp, struct vmt_range *ret_bounds)
{
	static __thread struct vmt_range known;
	static __thread char text[32768];
	const char *at = text;
	ssize_t len = 0;
	ssize_t got;
	int fd;

	*ret_bounds = known;
	if (vmt_range_has(known, sp))
		return true;
	fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
	while ((got = read(fd, text + len, sizeof(text) - 1 - (size_t)len)) > 0)
		len += got;
	close(fd);
	text[len] = '\0';
	while (*at) {
		ret_bounds->start = read_hex(&at);
		at++;
		ret_bounds->end = read_hex(&at);
		if (vmt_range_has(*ret_bounds, sp)) {
			known = *ret_bounds;
			return true;
		}
		while (*at && *at++ != '\n') {
		}
	}
	return false;
}
