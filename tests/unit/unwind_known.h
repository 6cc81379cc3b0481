/* SPDX-License-Identifier: MIT */
/*
 * For the tests of the unwinder: tell it which modules are loaded. The library learns that from its
 * table of maps, which does not exist here. To be called at the start and after each dlopen and
 * dlclose.
 */
#ifndef UNWIND_KNOWN_H
#define UNWIND_KNOWN_H

#include "unwind/unwind_modules.h"

static inline void know_modules(void)
{
	static _Alignas(64) char memory[VMT_UNWIND_MODULES_SIZE];
	static bool is_set;

	if (!is_set)
		vmt_unwind_modules_set(memory);
	is_set = true;
	vmt_unwind_modules_load();
}

#endif
