/* SPDX-License-Identifier: MIT */
/* The auxiliary vector, which the kernel passes to each program. */
#ifndef VMT_AUXV_H
#define VMT_AUXV_H

/* Returns the value of an AT_* type; 0 = not there (glibc before 2.16 cannot be asked). */
unsigned long vmt_auxv(unsigned long type);

#endif
