/* SPDX-License-Identifier: MIT */
/*
 * A reader of call frame information (.eh_frame_hdr and .eh_frame, x86-64): for
 * one pc it tells where the caller's frame, rbp and rbx are found, in eight
 * bytes that can be cached.
 *
 * It reads the tables of a module as they lie in memory, never outside the bounds
 * it is given, and believes nothing they say. The unwinder is its only caller;
 * what it cannot express, the unwinder bridges by following rbp.
 */
#ifndef VMT_CFI_H
#define VMT_CFI_H

#include <assert.h>

#include "core/base/base.h"

/* Numbers of the DWARF x86-64 ABI. */
#define VMT_CFI_BX 3u
#define VMT_CFI_BP 6u
#define VMT_CFI_SP 7u
#define VMT_CFI_RA 16u

/* How the CFA, the caller's stack pointer, is found. The return address lies at CFA-8. */
enum vmt_cfi_cfa {
	VMT_CFA_NONE, /* no row; a zeroed row means "nothing known" */
	VMT_CFA_END, /* the return address is undefined: outermost frame */
	VMT_CFA_SP, /* rsp + cfa_offset */
	VMT_CFA_BP, /* rbp + cfa_offset */
	VMT_CFA_DEREF_SP, /* [rsp + cfa_offset] + cfa_extra */
	VMT_CFA_DEREF_BP, /* [rbp + cfa_offset] + cfa_extra */
	VMT_CFA_REGISTER, /* register number cfa_extra, + cfa_offset */
	VMT_CFA_SIGNAL, /* rt_sigreturn's trampoline: all registers are in the ucontext at rsp */
};

/* Where the caller's rbp is. */
enum vmt_cfi_bp {
	VMT_BP_SAME, /* still in rbp */
	VMT_BP_AT_CFA, /* [CFA + 8 * bp_words] */
	VMT_BP_AT_BP, /* [rbp + 8 * bp_words], in functions that realign their stack */
	VMT_BP_AT_SP, /* [rsp + 8 * bp_words] */
	VMT_BP_LOST, /* undefined, or found in a way that is not supported */
};

/* rbx is followed since ld.so's lazy binding stands on it (_dl_runtime_resolve: CFA = rbx + 24). */
#define VMT_BX_SAME 0
#define VMT_BX_LOST INT8_MIN

struct vmt_cfi_row {
	int32_t cfa_offset;
	int8_t cfa_extra;
	int8_t bp_words;
	int8_t bx_words; /* the caller's rbx is at [CFA + 8 * bx_words], or one of the above */
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

/* A module in memory: the address of its .eh_frame_hdr, and the bytes that may be read. */
struct vmt_cfi_module {
	uint64_t hdr;
	struct vmt_range bounds;
};

/*
 * The row that holds at pc (for a return address, pass the address before it).
 * Returns 0, -ENOENT (no table, or nothing in it about pc), -ENOTSUP (correct, but
 * more than a row can say) or -EBADMSG (malformed); the row is only written on 0.
 */
VMT_MUST_CHECK int vmt_cfi_row(const struct vmt_cfi_module *module, uint64_t pc,
			       struct vmt_cfi_row *ret_row);

#endif
