#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""way.py LIBRARY TARGETS: which files of the library does a munmap of the middle of a map run
through? Prints a line for each file that preload/README.md does not list, or lists in vain, and
says if they are too many. Counted with callgrind; inline functions count for their header."""
import collections
import os
import re
import subprocess
import sys
import tempfile

MOST = 25
ROUNDS, LOOKED_AT = 40, 21  # the first calls walk their stack; now and then the clock has advanced
# Valgrind hides the vdso, so that here alone the library asks the kernel for the time.
ONLY_HERE = {"filter/filter.c"}


def files_of(dump):
    """The files that a dump of callgrind has costs for."""
    names, files, at, is_call = {}, set(), None, False
    for line in open(dump):
        named = re.match(r"(c?)f[lie]=\((\d+)\)(?: (.*))?", line)
        if named:
            names[named[2]] = named[3] or names[named[2]]
            at = at if named[1] else names[named[2]]
        elif line.startswith("calls="):
            is_call = True  # the next line is the cost of another function
        elif re.match(r"[+*\d-]", line):
            if not is_call:
                files.add(at)
            is_call = False
    return {path.split("/preload/")[1] for path in files if "/preload/" in path}


def measured(library, targets):
    """A dump is written after each call. Files count that most calls run through."""
    with tempfile.TemporaryDirectory() as folder:
        run = subprocess.run(
            ["valgrind", "--tool=callgrind", "--toggle-collect=unmap_middle",
             "--dump-after=unmap_middle", f"--callgrind-out-file={folder}/out",
             f"{targets}/unmaps_middle", str(ROUNDS)],
            env=dict(os.environ, LD_PRELOAD=library, VMATRACE_OPTIONS="report=0"),
            capture_output=True, text=True, check=False)
        dumps = [f"{folder}/out.{i}" for i in range(ROUNDS - LOOKED_AT + 1, ROUNDS + 1)]
        if run.returncode or not all(map(os.path.exists, dumps)):
            sys.exit(f"callgrind failed: {run.stderr[-300:]}")
        seen = collections.Counter(name for dump in dumps for name in files_of(dump))
    return {name for name, times in seen.items() if times > LOOKED_AT / 2} - ONLY_HERE


def listed():
    page = open("preload/README.md").read()
    part = page.split("munmap of the middle")[1].split("\n## ")[0]
    return set(re.findall(r"`(\w+/[\w/]+\.[chS])`", part))


def main():
    runs_through, says = measured(sys.argv[1], sys.argv[2]), listed()
    if "-v" in sys.argv:
        print("\n".join(sorted(runs_through)))
    found = [f"{name} is not in the list" for name in sorted(runs_through - says)]
    found += [f"{name} is in the list only" for name in sorted(says - runs_through)]
    if len(runs_through) > MOST:
        found.append(f"the way has {len(runs_through)} files, more than {MOST}")
    print("\n".join(found), end="\n" if found else "")
    return 1 if found else 0


sys.exit(main())
