#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Compare the counters of fake_room with what strace -f saw of the same run.

compare.py COUNTERS STRACE-LOG: counts each process from its marker to its next
exec. Prints one line per call; status 1 if a call differs.
"""
import re
import struct
import sys

CALLS = {9: "mmap", 10: "mprotect", 11: "munmap", 12: "brk", 25: "mremap", 28: "madvise",
         30: "shmat", 67: "shmdt", 149: "mlock", 150: "munlock", 151: "mlockall",
         152: "munlockall", 157: "prctl", 206: "io_setup", 207: "io_destroy",
         216: "remap_file_pages", 237: "mbind", 325: "mlock2", 329: "pkey_mprotect",
         440: "process_madvise", 59: "execve", 322: "execveat"}
MARKER = "77777777"


def traced(path):
    """Calls in the log made by processes that have the doors open."""
    is_on = {}
    exec_line = {}
    pending = {}
    counts = {}
    children = []
    for line in open(path, errors="replace"):
        match = re.match(r"(\d+) +(?:<\.\.\. )?(\w+)(\(| resumed>)(.*)", line)
        if not match:
            continue
        pid, name, kind, rest = match.groups()
        if pid not in is_on:    # strace shows a child's first call before clone's return, too
            is_on[pid] = children[-1] if children else False
        if name in ("clone", "clone3", "fork", "vfork"):
            if kind == "(":
                children.append(is_on[pid])
            continue
        if kind == "(":
            if "MADV_POPULATE_READ" in rest:    # the library looks at a new module
                continue
            if name == "madvise" and MARKER in rest:
                is_on[pid] = True
                continue
            if is_on[pid]:
                counts[name] = counts.get(name, 0) + 1
        if name == "execve" and re.search(r"= 0$", rest):
            is_on[pid] = False
    return counts


def main():
    words = struct.unpack("512Q", open(sys.argv[1], "rb").read(4096))
    seen = {CALLS[nr]: words[nr] for nr in CALLS if words[nr]}
    want = {name: n for name, n in traced(sys.argv[2]).items() if name in CALLS.values()}
    total = differ = 0
    for name in sorted(set(seen) | set(want)):
        a, b = seen.get(name, 0), want.get(name, 0)
        total += b
        if a != b:
            differ += 1
            print(f"  {name}: seen {a}, strace {b}")
    print(f"  {total} calls, {differ} of {len(want)} kinds differ; last act {words[231]} times")
    return differ != 0


sys.exit(main())
