/* SPDX-License-Identifier: MIT */
/*
 * Sums over the sections of a recording, made once when its process ends: whoever reads it later
 * can tell whether the bytes are still those that were written. A process that is killed makes
 * none; then the reader has only what records can be at all (plausible.h).
 */
#ifndef VMT_SEAL_H
#define VMT_SEAL_H

#include "core/recording/record.h"

/* A sum of the bytes; those behind the last whole word count as one more. */
uint32_t vmt_seal_sum(const void *data, uint64_t bytes);

/*
 * The sum of the header as it lies at data, header_size bytes: without the words that may still
 * change after the end, and without sum_header itself.
 */
uint32_t vmt_seal_sum_header(const struct vmt_rec_header *header, uint64_t header_size);

/* Set the sums in header, which is header_size bytes long, for the sections that lie at base. */
void vmt_seal_set(struct vmt_rec_header *header, const unsigned char *base);

#endif
