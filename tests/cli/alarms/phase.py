# SPDX-License-Identifier: MIT
"""phase.py MAPS: a phase between the marks "warm" and "done" that adds so many maps. Marks are made
only under vmatrace; without it there is no such function."""
import ctypes
import mmap
import sys

mark = getattr(ctypes.CDLL(None), "vmatrace_mark", lambda name: None)
kept = []


def work(count):
    # Shared, so that no two become one map.
    kept.extend(mmap.mmap(-1, mmap.PAGESIZE) for _ in range(count))


work(2)
mark(b"warm")
work(int(sys.argv[1]))
mark(b"done")
