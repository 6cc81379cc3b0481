/* SPDX-License-Identifier: MIT */
/* The full name of a C++ function without a symbol: see qualified.c. */
#ifndef VMT_QUALIFIED_H
#define VMT_QUALIFIED_H

#include <elfutils/libdw.h>

/*
 * Returns for example "Pool<int>::grow", which the caller frees; NULL if it is not C++ or has no
 * name.
 */
char *vmt_qualified_name(Dwarf_Die *function);

#endif
