/* SPDX-License-Identifier: MIT */
/* FNV-1a, of 32 bits: a number for bytes that is the same in each run. */
#ifndef VMT_HASH_H
#define VMT_HASH_H

#include <stddef.h>
#include <stdint.h>

#define VMT_HASH_START 2166136261u

/* Goes on from hash, which is VMT_HASH_START at first. */
static inline uint32_t vmt_hash_bytes(uint32_t hash, const char *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		hash = (hash ^ (unsigned char)bytes[i]) * 16777619u;
	return hash;
}

#endif
