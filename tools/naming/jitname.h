/* SPDX-License-Identifier: MIT */
/* What a name that a runtime wrote into a perf map says: see jitname.c. */
#ifndef VMT_JITNAME_H
#define VMT_JITNAME_H

#include "symbols/symbols.h"

/*
 * Take "JS:*tick /srv/app.js:12:30" apart into function, file and line, and "void Store.open(int)" into the
 * method alone. What comes with the runtime (node:events, java.nio) is the system's. Returns false for any
 * other name.
 */
bool vmt_jitname_parse(struct vmt_symbols *symbols, const char *name,
		       struct vmt_symbol *ret_symbol);

#endif
