/* SPDX-License-Identifier: MIT */
/*
 * Files that may be the same as modules of a recording, but with symbols: those of the other run
 * that it is compared with. Used by symbols.c.
 */
#ifndef VMT_TWINS_H
#define VMT_TWINS_H

#include "symbols/module.h"
#include "symbols/modulefile.h"

struct vmt_twin;

/* Add a file, unless it is there already or has no build-id. */
void vmt_twins_add(struct vmt_twin **twins, const struct vmt_symbols_module *module);

/*
 * Returns fd, a descriptor of the module's own file or -1, or that of a twin with more symbols; fd
 * is closed then.
 */
int vmt_twins_better(const struct vmt_twin *twins, const struct vmt_modulefile *module, int fd);

void vmt_twins_free(struct vmt_twin *twins);

#endif
