/* SPDX-License-Identifier: MIT */
/* One of the few functions of libc that are used once the program runs. See auxv.h. */
#include "os/auxv.h"

#include <sys/auxv.h>

#pragma weak getauxval

unsigned long vmt_auxv(unsigned long type)
{
	return getauxval ? getauxval(type) : 0;
}
