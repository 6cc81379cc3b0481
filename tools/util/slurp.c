/* SPDX-License-Identifier: MIT */
/* The buffer is sized for /proc/PID/maps with tens of thousands of lines. See slurp.h. */
#include "util/slurp.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define FIRST_READ  ((size_t)16 << 20)
#define LITTLE_READ ((size_t)256 << 10)
#define TEXT_MAX    ((size_t)1 << 30)
#define HUGE_PAGE   ((size_t)2 << 20)

void *vmt_slurp_allocate(size_t bytes)
{
	void *piece;

	if (bytes < HUGE_PAGE)
		return malloc(bytes);
	bytes = (bytes + HUGE_PAGE - 1) & ~(HUGE_PAGE - 1);
	piece = aligned_alloc(HUGE_PAGE, bytes);
	if (piece)
		(void)madvise(piece, bytes, MADV_HUGEPAGE);
	return piece;
}

static char *grow(char *text, size_t used, size_t room)
{
	char *more = room <= TEXT_MAX ? vmt_slurp_allocate(room + 1) : NULL;

	if (more)
		memcpy(more, text, used);
	free(text);
	return more;
}

/*
 * Allocate room for most texts (memory that is not written to costs nothing), or as much as there
 * is.
 */
static char *allocate_first(size_t *room)
{
	char *text;

	*room = FIRST_READ;
	text = malloc(*room + 1);
	if (text)
		return text;
	*room = LITTLE_READ;
	return malloc(*room + 1);
}

/* Is it worth reading again? A pipe may be empty while its writer is still running. */
static bool is_worth_another(int fd, int error)
{
	struct pollfd readable = { .fd = fd, .events = POLLIN };

	if (error == EAGAIN)
		return poll(&readable, 1, -1) > 0 || errno == EINTR;
	return error == EINTR;
}

static int read_all(int fd, char **ret_text, size_t *ret_size)
{
	size_t n = 0, room;
	char *text = allocate_first(&room);
	ssize_t got;
	int ret;

	while (text) {
		got = read(fd, text + n, room - n);
		if (got < 0 && is_worth_another(fd, errno))
			continue;
		if (got < 0) {
			ret = -errno;
			free(text);
			return ret;
		}
		n += (size_t)got;
		if (got == 0) {
			text[n] = '\0';
			*ret_text = text;
			*ret_size = n;
			return 0;
		}
		if (n < room)
			continue;
		room *= 4;
		text = grow(text, n, room);
	}
	return room > TEXT_MAX ? -EFBIG : -ENOMEM;
}

int vmt_slurp(const char *path, char **ret_text, size_t *ret_size)
{
	int fd, ret;

	if (!strcmp(path, "-"))
		return read_all(STDIN_FILENO, ret_text, ret_size);
	/* Opening a FIFO that nobody writes to must not block. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return -errno;
	ret = read_all(fd, ret_text, ret_size);
	close(fd);
	return ret;
}
