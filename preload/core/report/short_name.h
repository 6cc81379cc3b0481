/* SPDX-License-Identifier: MIT */
/*
 * Shortens the name of a function so that it still tells functions apart: template arguments go
 * first, then the namespaces and classes that enclose it, and at last its end. Pure; used by the
 * reports.
 */
#ifndef VMT_SHORT_NAME_H
#define VMT_SHORT_NAME_H

#include "core/base/base.h"

#define VMT_SHORT_NAME_MAX 256u /* a longer name is shortened from this many bytes */

/*
 * Write a name of at most `room` bytes (but no less than 6) into buffer, without a terminator.
 * Returns its length. Names that fit stay as they are.
 */
size_t vmt_short_name(const char *name, size_t n, size_t room, char buffer[VMT_SHORT_NAME_MAX]);

#endif
