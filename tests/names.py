#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Are names where they may be looked for? Prints what is not, a line each: public functions that are
not named for their file (or for the family that it belongs to: vmt_view_ in view_totals.c), and names of static functions that too many files define."""
import collections
import os
import re
import sys

MOST = 4  # files that define a static function of one name

DEFINED = re.compile(r"^(?!static|typedef|#|\s|extern)[A-Za-z_][^;{}=/]*?\b(vmt_\w+)\([^;{}]*\)\s*\n\{", re.M)
STATIC = re.compile(r"^(?:\w+ )*static [^;{}=]*?\b(\w+)\([^;{}]*\)\s*\n\{", re.M)


def sources(*ends):
    for top in ("preload", "tools"):
        for folder, _, names in os.walk(top):
            for name in sorted(names):
                if name.endswith(ends):
                    yield os.path.join(folder, name)


def is_named_for(function, path):
    words = os.path.basename(path).rsplit(".", 1)[0].split("_")
    families = ["vmt_" + "_".join(words[:i]) for i in range(1, len(words) + 1)]
    return any(function == f or function.startswith(f + "_") for f in families)


def main():
    found = []
    static = collections.defaultdict(set)
    for path in sources(".c", ".h"):
        text = open(path).read()
        found += [f"{path}: {name}" for name in DEFINED.findall(text) if not is_named_for(name, path)]
        if path.endswith(".c"):
            for name in STATIC.findall(text):
                static[name].add(path)
    for name, paths in sorted(static.items()):
        if len(paths) > MOST:
            found.append(f"{name}: static in {len(paths)} files: {' '.join(sorted(paths))}")
    for line in found:
        print(line)
    return 1 if found else 0


sys.exit(main())
