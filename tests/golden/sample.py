# SPDX-License-Identifier: MIT
# Recorded once under CPython 3.11: the functions and lines of a script are in the recording.
import mmap
import os

kept = []


def keep(size):
    kept.append(mmap.mmap(-1, size))


def keep_some(count):
    for _ in range(count):
        keep(4096)
        keep(8192)


keep_some(5)
os._exit(0)
