/* SPDX-License-Identifier: MIT */
/* What the program's own modules import; it decides whether a setting of the environment has effect. */
#ifndef VMT_IMPORTS_H
#define VMT_IMPORTS_H

#include "core/recording/view.h"

/* Does a module that made calls, other than libc, have the name of this function among its names? */
bool vmt_imports_any(const struct vmt_view *view, const char *function);

/* Is the module at this path libc? */
bool vmt_imports_is_libc(struct vmt_view_string path);

#endif
