/* SPDX-License-Identifier: MIT */
/*
 * What gate.S and sites.c share: the stubs that patched call sites jump to,
 * and the two words each stub works with. A stub's words are filled in before
 * its site is patched and stay until the site's module is gone.
 */
#ifndef VMT_GATE_H
#define VMT_GATE_H

#define VMT_GATE_PLAIN_STUBS 120	/* glibc has 28 sites; the rest is for other modules */
#define VMT_GATE_CLONE_STUBS 8
#define VMT_GATE_STUBS	     (VMT_GATE_PLAIN_STUBS + VMT_GATE_CLONE_STUBS)
#define VMT_GATE_STUB_SIZE   32

#ifndef __ASSEMBLER__
#include <stdint.h>

/* VMT_GATE_STUBS stubs, VMT_GATE_STUB_SIZE bytes each; the clone stubs come last. */
extern const uint8_t vmt_gate_stubs[];

/* Jumped to from the first instruction of libc's _exit. */
extern const uint8_t vmt_gate_exit[];

/* Address behind the site's syscall instruction, 0 = the stub is free. */
extern uint64_t vmt_gate_return[VMT_GATE_STUBS];

/* The site's system call number. */
extern uint32_t vmt_gate_nr[VMT_GATE_STUBS];
#endif

#endif
