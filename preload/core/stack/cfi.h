/* SPDX-License-Identifier: MIT */
/*
 * A reader of call frame information (.eh_frame_hdr and .eh_frame, x86-64). For a pc it describes
 * in eight bytes, which can be cached, where the caller's frame, rbp and rbx are found.
 *
 * It reads a module's tables in memory, never outside the bounds it is given, and trusts nothing
 * they contain. Its only caller is the unwinder, which follows rbp where a row cannot express the
 * rule.
 */
#ifndef VMT_CFI_H
#define VMT_CFI_H

#include <assert.h>

#include "core/base/base.h"

/* Register numbers of the DWARF x86-64 ABI. */
#define VMT_CFI_BX 3u
#define VMT_CFI_BP 6u
#define VMT_CFI_SP 7u
#define VMT_CFI_RA 16u

/* How to find the CFA, which is the caller's stack pointer. The return address lies at CFA-8. */
enum vmt_cfi_cfa {
	VMT_CFA_NONE, /* no row; a zeroed row means that nothing is known */
	VMT_CFA_END, /* the return address is undefined: outermost frame */
	VMT_CFA_SP, /* rsp + cfa_offset */
	VMT_CFA_BP, /* rbp + cfa_offset */
	VMT_CFA_DEREF_SP, /* [rsp + cfa_offset] + cfa_extra */
	VMT_CFA_DEREF_BP, /* [rbp + cfa_offset] + cfa_extra */
	VMT_CFA_REGISTER, /* register number cfa_extra, + cfa_offset */
	/* the trampoline of rt_sigreturn: the ucontext at rsp holds all registers */
	VMT_CFA_SIGNAL,
};

/* Where to find the caller's rbp. */
enum vmt_cfi_bp {
	VMT_BP_SAME, /* it is still in rbp */
	VMT_BP_AT_CFA, /* [CFA + 8 * bp_words] */
	VMT_BP_AT_BP, /* [rbp + 8 * bp_words], in functions that realign their stack */
	VMT_BP_AT_SP, /* [rsp + 8 * bp_words] */
	VMT_BP_LOST, /* it is undefined, or the rule is not supported */
};

/* rbx is tracked because ld.so's lazy binding needs it (_dl_runtime_resolve: CFA = rbx + 24). */
#define VMT_BX_SAME 0
#define VMT_BX_LOST INT8_MIN

struct vmt_cfi_row {
	int32_t cfa_offset;
	int8_t cfa_extra;
	int8_t bp_words;
	/* the caller's rbx is at [CFA + 8 * bx_words], or VMT_BX_SAME or VMT_BX_LOST */
	int8_t bx_words;
	uint8_t kinds; /* enum vmt_cfi_cfa + 16 * enum vmt_cfi_bp */
};
static_assert(sizeof(struct vmt_cfi_row) == 8, "rows are cached as one word");

static inline enum vmt_cfi_cfa vmt_cfi_row_cfa(const struct vmt_cfi_row *row)
{
	return (enum vmt_cfi_cfa)(row->kinds & 15);
}

static inline enum vmt_cfi_bp vmt_cfi_row_bp(const struct vmt_cfi_row *row)
{
	return (enum vmt_cfi_bp)(row->kinds >> 4);
}

/* A module in memory: the address of its .eh_frame_hdr, and the range that may be read. */
struct vmt_cfi_module {
	uint64_t hdr;
	struct vmt_range bounds;
};

/*
 * Find the row for pc (for a return address, pass the address before it). Returns 0, -ENOENT (no
 * table, or the table does not cover pc), -ENOTSUP (valid, but a row cannot express it) or -EBADMSG
 * (malformed); ret_row is written only on success.
 */
VMT_MUST_CHECK int vmt_cfi_row(const struct vmt_cfi_module *module, uint64_t pc,
			       struct vmt_cfi_row *ret_row);

#endif
