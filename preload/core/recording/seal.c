/* SPDX-License-Identifier: MIT */
/*
 * The sums are computed a word at a time: 60,000 maps are 4 MB, which take a millisecond. They are
 * no cryptographic hash: they have to detect bad blocks, partial copies and editors, not forgers.
 */
#include "core/recording/seal.h"

static uint64_t mix(uint64_t sum, uint64_t word)
{
	sum = (sum ^ word) * UINT64_C(0x9e3779b97f4a7c15);
	return sum ^ sum >> 29;
}

static uint64_t add_bytes(uint64_t sum, const void *data, uint64_t bytes)
{
	const unsigned char *at = data;
	uint64_t word;

	for (; bytes >= sizeof(word); bytes -= sizeof(word), at += sizeof(word)) {
		__builtin_memcpy(&word, at, sizeof(word));
		sum = mix(sum, word);
	}
	word = 0;
	for (uint64_t i = 0; i < bytes; i++)
		word |= (uint64_t)at[i] << 8 * i;
	return mix(sum, word);
}

static uint32_t fold(uint64_t sum)
{
	return (uint32_t)(sum >> 32 ^ sum);
}

uint32_t vmt_seal_sum(const void *data, uint64_t bytes)
{
	return fold(add_bytes(bytes, data, bytes));
}

uint32_t vmt_seal_sum_header(const struct vmt_rec_header *header, uint64_t header_size)
{
	/* Other processes may set end_monotonic, doing and seq after the end. */
	static const struct {
		size_t from, to;
	} parts[] = {
		{ 0, offsetof(struct vmt_rec_header, end_monotonic) },
		{ offsetof(struct vmt_rec_header, exe), offsetof(struct vmt_rec_header, doing) },
		{ offsetof(struct vmt_rec_header, end),
		  offsetof(struct vmt_rec_header, sum_header) },
	};
	const size_t rest = offsetof(struct vmt_rec_header, sum);
	const unsigned char *at = (const unsigned char *)header;
	uint64_t sum = header_size;

	for (size_t i = 0; i < VMT_COUNT(parts); i++)
		sum = add_bytes(sum, at + parts[i].from, parts[i].to - parts[i].from);
	return fold(add_bytes(sum, at + rest, header_size - rest));
}

void vmt_seal_set(struct vmt_rec_header *header, const unsigned char *base)
{
	for (uint32_t id = 0; id < VMT_SECTION_COUNT; id++) {
		const struct vmt_rec_section *section = &header->section[id];

		header->sum[id] =
			vmt_seal_sum(base + section->offset, section->used * section->size);
	}
	header->sum_version = VMT_SUM_VERSION;
	header->sum_header = vmt_seal_sum_header(header, header->header_size);
}
