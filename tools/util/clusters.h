/* SPDX-License-Identifier: MIT */
/*
 * Where pictures of the address space fold: the 47 bits are nearly empty, and maps lie in a few
 * clusters. The page of report --format=html and the pictures on terminals use the same.
 */
#ifndef VMT_CLUSTERS_H
#define VMT_CLUSTERS_H

#include <stdbool.h>
#include <stdint.h>

#define VMT_CLUSTERS_HOLE (UINT64_C(1) << 30) /* so many bytes without any map divide clusters */

/* Does a map that begins at start begin a new cluster? end_below: of the map below, or 0. */
static inline bool vmt_clusters_begins(uint64_t end_below, uint64_t start)
{
	return !end_below || start - end_below >= VMT_CLUSTERS_HOLE;
}

#endif
