/* SPDX-License-Identifier: MIT */
/* The whole name of a C++ function that has no symbol: see qualified.c. */
#ifndef VMT_QUALIFIED_H
#define VMT_QUALIFIED_H

#include <elfutils/libdw.h>

/* "Pool<int>::grow", which the caller frees; NULL for what is not C++ or has no name. */
char *vmt_qualified_name(Dwarf_Die *function);

#endif
