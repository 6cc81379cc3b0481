/* SPDX-License-Identifier: MIT */
/*
 * Instructions that do the same wherever they stand (x86-64): some C libraries load a system call's
 * arguments between its number and the system call, and what stands between is moved into the stub.
 */
#ifndef VMT_PLAIN_H
#define VMT_PLAIN_H

#include "core/base/base.h"

/*
 * Are the bytes in [start, end) whole instructions that work on registers only, and neither on rax,
 * which holds the call's number, nor on rsp? Others are not moved.
 */
bool vmt_plain_are(const uint8_t *start, const uint8_t *end);

#endif
