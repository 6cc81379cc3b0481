/* SPDX-License-Identifier: MIT */
/*
 * A recording from the fuzzer, for the two targets that read one. Magic, version and byte order are
 * corrected, since refusing wrong ones needs no fuzzer; so a corpus made for one version still
 * reaches the code behind these checks.
 */
#ifndef VMT_FUZZ_RECORDING_H
#define VMT_FUZZ_RECORDING_H

#include "core/recording/view.h"
#include "fuzz.h"

#include <string.h>

#define FUZZ_SIZE_MAX (1u << 20)

/* Returns a copy of exactly the size, or NULL; the caller frees it. */
static inline void *fuzz_recording(const uint8_t *data, size_t size)
{
	struct vmt_rec_header *header;
	void *copy;

	if (size < sizeof(*header) || size > FUZZ_SIZE_MAX || posix_memalign(&copy, 64, size))
		return NULL;
	memcpy(copy, data, size);
	header = copy;
	memcpy(header->magic, VMT_RECORD_MAGIC, sizeof(header->magic));
	header->version = VMT_RECORD_VERSION;
	header->endian = VMT_RECORD_ENDIAN;
	return copy;
}

#endif
