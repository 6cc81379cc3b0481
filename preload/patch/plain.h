/* SPDX-License-Identifier: MIT */
/*
 * Instructions that have the same effect at any address (x86-64). Some C libraries load a system
 * call's arguments between its number and the system call; these instructions are moved into the
 * stub.
 */
#ifndef VMT_PLAIN_H
#define VMT_PLAIN_H

#include "core/base/base.h"

/*
 * Do the bytes in [start, end) consist of whole instructions that use only registers, and neither
 * rax, nor rsp, nor the register that holds the call's number? Others are not moved.
 */
bool vmt_plain_are(const uint8_t *start, const uint8_t *end, unsigned int number);

#endif
