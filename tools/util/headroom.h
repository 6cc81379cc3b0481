/* SPDX-License-Identifier: MIT */
/*
 * Under a limit of addresses or data (ulimit -v, -d), libdw ends the process when it runs out of
 * memory. So files with debug information are read only if there is room for what they need.
 */
#ifndef VMT_HEADROOM_H
#define VMT_HEADROOM_H

#include <stdbool.h>
#include <stdint.h>

/* Is there room to read the debug information of a file of that size? It is true without limits. */
bool vmt_headroom_is_enough(uint64_t bytes);

/* Was there too little for any file so far? */
bool vmt_headroom_was_short(void);

#endif
