/* SPDX-License-Identifier: MIT */
/*
 * Fuzz target: the reader of .eh_frame. The input is the distance from the table to the
 * first pc asked for (8 bytes, little-endian), then an .eh_frame_hdr and what follows it.
 */
#include "core/stack/cfi.h"
#include "fuzz.h"

#include <errno.h>
#include <string.h>

#define PCS 64u

static void ask(const struct vmt_cfi_module *module, uint64_t pc)
{
	static const struct vmt_cfi_row none = { 0, 0x55, 0x55, 0x55, 0x55 };
	struct vmt_cfi_row row = none;
	int ret = vmt_cfi_row(module, pc, &row);

	if (ret) {
		fuzz_must(ret == -ENOENT || ret == -ENOTSUP || ret == -EBADMSG, "a known error");
		fuzz_must(!memcmp(&row, &none, sizeof(row)), "a row is only written on success");
		return;
	}
	fuzz_must(vmt_cfi_row_cfa(&row) != VMT_CFA_NONE && vmt_cfi_row_cfa(&row) <= VMT_CFA_SIGNAL,
		  "a way to the CFA that there is");
	fuzz_must(vmt_cfi_row_bp(&row) <= VMT_BP_LOST, "a way to rbp that there is");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct vmt_cfi_module module;
	uint64_t distance;
	uint8_t *bytes;

	if (size <= sizeof(distance))
		return 0;
	memcpy(&distance, data, sizeof(distance));
	data += sizeof(distance);
	size -= sizeof(distance);
	bytes = malloc(size);
	if (!bytes)
		return 0;
	memcpy(bytes, data, size);
	module.hdr = (uint64_t)(uintptr_t)bytes;
	module.bounds = (struct vmt_range){ module.hdr, module.hdr + size };
	for (uint64_t i = 0; i < PCS; i++)
		ask(&module, module.hdr + distance + i);
	free(bytes);
	return 0;
}
