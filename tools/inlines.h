/* SPDX-License-Identifier: MIT */
/*
 * What was inlined into what, from DWARF: a single address in a machine's function can lie in a
 * function inlined there, which again is part of another. Used by symbols.c.
 */
#ifndef VMT_INLINES_H
#define VMT_INLINES_H

#include <elfutils/libdw.h>
#include <stddef.h>
#include <stdint.h>

#define VMT_INLINES_MAX 16

struct vmt_inline {
	const char *name;	/* the function's; NULL for the outermost, which was not inlined */
	const char *file;	/* where it calls the function before it; NULL for the first */
	uint32_t line;
};

/*
 * The functions at an address of a unit, innermost first, ending with the one that was not inlined;
 * beyond VMT_INLINES_MAX those in the middle are left out. Returns how many: 0 when nothing was
 * inlined there. Strings live as long as the unit.
 */
size_t vmt_inlines_find(Dwarf_Die *unit, uint64_t address,
			struct vmt_inline ret_inlines[VMT_INLINES_MAX]);

#endif
