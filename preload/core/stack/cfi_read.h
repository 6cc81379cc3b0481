/* SPDX-License-Identifier: MIT */
/*
 * Shared by the two halves of the CFI reader, and included by nothing else: cfi.c finds the tables
 * for a pc, cfi_rules.c runs their programs.
 *
 * Every byte passes through vmt_cfi_take(), which checks the bounds. A read that fails returns 0
 * and marks the reader as bad, so callers check the mark once, at the end.
 */
#ifndef VMT_CFI_READ_H
#define VMT_CFI_READ_H

#include "core/stack/cfi.h"

/* Pointer encodings (DW_EH_PE_*): format in the low, base in the high half. */
#define VMT_PE_OMIT    0xffu
#define VMT_PE_PCREL   0x10u
#define VMT_PE_DATAREL 0x30u
#define VMT_PE_SDATA4  0x0bu

/* Bytes [at, end), all of them readable. */
struct vmt_cfi_reader {
	uint64_t at;
	uint64_t end;
	bool bad;
};

/* The instructions for a pc: those of the CIE, then those of the FDE. */
struct vmt_cfi_program {
	struct vmt_cfi_reader cie;
	struct vmt_cfi_reader fde;
	uint64_t start; /* the first pc that the FDE covers */
	uint64_t code_align;
	int64_t data_align;
	uint8_t encoding; /* the encoding of addresses in the FDE */
	bool has_augmentation;
};

/* Where to find a value of the caller. */
enum vmt_cfi_where {
	VMT_RULE_SAME, /* the rule of every register before any instruction */
	VMT_RULE_UNDEFINED,
	VMT_RULE_AT_CFA, /* [CFA + offset] */
	VMT_RULE_AT_REGISTER, /* [base + offset]; for the CFA: base + offset */
	VMT_RULE_AT_DEREF, /* for the CFA only: [base + offset] + extra */
	VMT_RULE_OTHER, /* a rule that cannot be expressed here */
};

struct vmt_cfi_rule {
	int32_t offset;
	int8_t extra;
	uint8_t base; /* register number */
	uint8_t where; /* enum vmt_cfi_where */
};

static inline struct vmt_cfi_rule vmt_cfi_make_rule(enum vmt_cfi_where where, uint64_t base,
						    int64_t offset)
{
	if (offset != (int32_t)offset || base > UINT8_MAX)
		where = VMT_RULE_OTHER;
	return (struct vmt_cfi_rule){ .where = (uint8_t)where,
				      .base = (uint8_t)base,
				      .offset = (int32_t)offset };
}

/*
 * The expressions that compilers, linkers and glibc write: breg; breg deref; breg deref plus; and
 * the lazily bound PLT. Any other gives VMT_RULE_OTHER, as does one with bytes left over.
 */
struct vmt_cfi_rule vmt_cfi_read_expression(struct vmt_cfi_reader expr, uint64_t pc);

/* Run the program up to pc. Returns what vmt_cfi_row() returns. */
VMT_MUST_CHECK int vmt_cfi_run(const struct vmt_cfi_program *program, uint64_t pc,
			       struct vmt_cfi_row *ret_row);

/* Split off a reader of the next len bytes. Past the end, the result is empty and marked bad. */
static inline struct vmt_cfi_reader vmt_cfi_take(struct vmt_cfi_reader *from, uint64_t len)
{
	struct vmt_cfi_reader part = { .at = from->at, .end = from->at + len };

	if (from->bad || len > from->end - from->at) {
		from->bad = true;
		return (struct vmt_cfi_reader){ .bad = true };
	}
	from->at += len;
	return part;
}

static inline uint64_t vmt_cfi_read_unsigned(struct vmt_cfi_reader *from, unsigned int size)
{
	struct vmt_cfi_reader part = vmt_cfi_take(from, size);
	uint64_t value = 0;

	if (part.bad)
		return 0;
	/* Little-endian, since this is x86-64; with a constant size it compiles to one load. */
	__builtin_memcpy(&value, (const void *)(uintptr_t)part.at, size);
	return value;
}

static inline int64_t vmt_cfi_read_signed(struct vmt_cfi_reader *from, unsigned int size)
{
	unsigned int shift = 64 - 8 * size;

	return (int64_t)(vmt_cfi_read_unsigned(from, size) << shift) >> shift;
}

static inline uint64_t vmt_cfi_read_leb(struct vmt_cfi_reader *from, bool is_signed)
{
	uint64_t value = 0;
	unsigned int shift = 0;
	uint8_t byte;

	do {
		byte = (uint8_t)vmt_cfi_read_unsigned(from, 1);
		if (shift < 64)
			value |= (uint64_t)(byte & 0x7f) << shift;
		shift += 7;
	} while ((byte & 0x80) && !from->bad);
	if (is_signed && shift < 64 && (byte & 0x40))
		value |= ~UINT64_C(0) << shift;
	return value;
}

static inline uint64_t vmt_cfi_read_uleb(struct vmt_cfi_reader *from)
{
	return vmt_cfi_read_leb(from, false);
}

static inline int64_t vmt_cfi_read_sleb(struct vmt_cfi_reader *from)
{
	return (int64_t)vmt_cfi_read_leb(from, true);
}

/* Read a value in the format of a pointer encoding (its low half). */
static inline uint64_t vmt_cfi_read_format(struct vmt_cfi_reader *from, uint8_t encoding)
{
	switch (encoding & 0x0f) {
	case 0x00: /* absptr */
	case 0x04:
	case 0x0c: return vmt_cfi_read_unsigned(from, 8);
	case 0x01: return vmt_cfi_read_uleb(from);
	case 0x02: return vmt_cfi_read_unsigned(from, 2);
	case 0x03: return vmt_cfi_read_unsigned(from, 4);
	case 0x09: return (uint64_t)vmt_cfi_read_sleb(from);
	case 0x0a: return (uint64_t)vmt_cfi_read_signed(from, 2);
	case VMT_PE_SDATA4: return (uint64_t)vmt_cfi_read_signed(from, 4);
	default: from->bad = true; return 0;
	}
}

/* Read an encoded pointer. Indirect ones are skipped. */
static inline uint64_t vmt_cfi_read_pointer(struct vmt_cfi_reader *from, uint8_t encoding,
					    uint64_t data_base)
{
	uint64_t here = from->at;
	uint64_t value = vmt_cfi_read_format(from, encoding);

	switch (encoding & 0x70) {
	case VMT_PE_PCREL: return value + here;
	case VMT_PE_DATAREL: return value + data_base;
	default: return value;
	}
}

#endif
