/* SPDX-License-Identifier: MIT */
/*
 * A stream in gzip's format (RFC 1952) without a name or a time, so that the same input gives the
 * same output.
 */
#ifndef VMT_GZIP_H
#define VMT_GZIP_H

#include <stdio.h>
#define ZLIB_CONST /* zlib does not write to its input */
#include <zlib.h>

struct vmt_gzip {
	FILE *stream;
	z_stream zlib;
	int error; /* the first error, -errno */
};

/* Returns 0 or -ENOMEM. Later errors are returned by vmt_gzip_close(). */
int vmt_gzip_open(struct vmt_gzip *gzip, FILE *stream);
void vmt_gzip_write(struct vmt_gzip *gzip, const void *bytes, size_t n);
/* Write what is left; the stream stays open. Returns 0 or -errno. */
int vmt_gzip_close(struct vmt_gzip *gzip);

#endif
