/* SPDX-License-Identifier: MIT */
/* What a name that V8 wrote into a perf map says: see v8name.c. */
#ifndef VMT_V8NAME_H
#define VMT_V8NAME_H

#include "symbols/symbols.h"

/*
 * Take "JS:*tick /srv/app.js:12:30" apart into function, file and line. The scripts that come with
 * the runtime (node:events) are the system's. Returns false for any other name.
 */
bool vmt_v8name_parse(struct vmt_symbols *symbols, const char *name, struct vmt_symbol *ret_symbol);

#endif
