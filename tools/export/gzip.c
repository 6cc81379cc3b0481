/* SPDX-License-Identifier: MIT */
/* gzip output by zlib; see gzip.h. */
#include "export/gzip.h"

#include <errno.h>

#define WINDOW_OF_GZIP (15 + 16) /* asks zlib for gzip's header instead of its own */

int vmt_gzip_open(struct vmt_gzip *gzip, FILE *stream)
{
	*gzip = (struct vmt_gzip){ .stream = stream };
	if (deflateInit2(&gzip->zlib, Z_DEFAULT_COMPRESSION, Z_DEFLATED, WINDOW_OF_GZIP, 8,
			 Z_DEFAULT_STRATEGY) != Z_OK)
		return -ENOMEM;
	return 0;
}

static void deflate_all(struct vmt_gzip *gzip, int flush)
{
	unsigned char out[16384];
	size_t n;

	do {
		gzip->zlib.next_out = out;
		gzip->zlib.avail_out = sizeof(out);
		deflate(&gzip->zlib, flush);
		n = sizeof(out) - gzip->zlib.avail_out;
		if (!gzip->error && fwrite(out, 1, n, gzip->stream) != n)
			gzip->error = errno ? -errno : -EIO;
	} while (!gzip->zlib.avail_out);
}

void vmt_gzip_write(struct vmt_gzip *gzip, const void *bytes, size_t n)
{
	const unsigned char *at = bytes;

	/* zlib's counters have 32 bits. */
	while (n) {
		size_t part = n < 1u << 30 ? n : 1u << 30;

		gzip->zlib.next_in = at;
		gzip->zlib.avail_in = (uInt)part;
		deflate_all(gzip, Z_NO_FLUSH);
		at += part;
		n -= part;
	}
}

int vmt_gzip_close(struct vmt_gzip *gzip)
{
	gzip->zlib.next_in = NULL;
	gzip->zlib.avail_in = 0;
	deflate_all(gzip, Z_FINISH);
	deflateEnd(&gzip->zlib);
	return gzip->error;
}
