/* SPDX-License-Identifier: MIT */
/*
 * Sums over the sections of a recording, computed once when its process ends. They let a later
 * reader tell whether the bytes are still those that were written. A process that is killed leaves
 * none; the reader then has only the limits of plausible.h.
 */
#ifndef VMT_SEAL_H
#define VMT_SEAL_H

#include "core/recording/record.h"

/* Returns a sum of the bytes. Bytes after the last whole word count as one more word. */
uint32_t vmt_seal_sum(const void *data, uint64_t bytes);

/*
 * Returns the sum of the header at data, which is header_size bytes long. The words that may still
 * change after the end are left out, and so is sum_header itself.
 */
uint32_t vmt_seal_sum_header(const struct vmt_rec_header *header, uint64_t header_size);

/* Store the sums of the sections, which lie at base, in header, which is header_size bytes long. */
void vmt_seal_set(struct vmt_rec_header *header, const unsigned char *base);

#endif
