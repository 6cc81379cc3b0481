/* SPDX-License-Identifier: MIT */
/* What the unwinder needs of the library's state, for tests of the unwinder alone: no script runs. */
#include "script/python.h"

struct vmt_python vmt_python;
__thread struct vmt_thread vmt_this_thread;
