#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Are names where they may be looked for? Prints what is not, a line each: public functions that are
not named for their file, or for the family that it belongs to (vmt_view_ in view_totals.c); inline
functions of headers that are named neither for the header nor for a struct in it; names of static
functions that too many files define; first words of public functions that stand for two folders;
structs of one name; and words that this project once used for what has a name in the field (merge,
vma class, anon_vma, outcome, resolve)."""
import collections
import os
import re
import sys

PRIVATE = re.compile(r"(?<![A-Za-z])(carv(?:e|ed|es|ing)|lessons?|kin|ties|seams?|sketch(?:es)?|"
                     r"tally|census|rejoined|never_joins|vmt_joins?|stirred)(?![A-Za-z])")
MOST = 4  # files that define a static function of one name

DEFINED = re.compile(r"^(?!static|typedef|#|\s|extern)[A-Za-z_][^;{}=/]*?\b(vmt_\w+)\([^;{}]*\)\s*\n\{", re.M)
INLINE = re.compile(r"^static inline [^;{}=/]*?\b(vmt_\w+)\([^;{}]*\)\s*\n\{", re.M)
STRUCT = re.compile(r"^struct (vmt_\w+) \{", re.M)
STATIC = re.compile(r"^(?:\w+ )*static [^;{}=]*?\b(\w+)\([^;{}]*\)\s*\n\{", re.M)


def sources(*ends):
    for top in ("preload", "tools"):
        for folder, _, names in os.walk(top):
            for name in sorted(names):
                if name.endswith(ends):
                    yield os.path.join(folder, name)


# preload/core/vma has the merge rules, by which preload/core/resolve finds what has merged.
SHARED = {"merge"}


def first_words(paths_of):
    """Words that begin the names of public functions in two folders of the library, or of the tool."""
    for (top, word), folders in sorted(paths_of.items()):
        if len(folders) > 1 and word not in SHARED:
            yield f"vmt_{word}_: in {' '.join(sorted(folders))}"


def is_named_for(function, path):
    words = os.path.basename(path).rsplit(".", 1)[0].split("_")
    families = ["vmt_" + "_".join(words[:i]) for i in range(1, len(words) + 1)]
    return any(re.match(f + r"(_|\d*$)", function) for f in families)


def inline_functions(path, text):
    """Those of base.h are used everywhere under names of their own."""
    structs = re.findall(r"^struct (vmt_\w+) \{", text, re.M)
    for name in INLINE.findall(text):
        named = [s for s in structs if name == s or name.startswith(s + "_")]
        if not named and not is_named_for(name, path):
            yield f"{path}: {name}"


def main():
    found = []
    static, folders = collections.defaultdict(set), collections.defaultdict(set)
    structs = collections.defaultdict(list)
    for path in sources(".c", ".h"):
        text = open(path).read()
        found += [f"{path}: {word}" for word in PRIVATE.findall(text)]
        found += [f"{path}: {name}" for name in DEFINED.findall(text) if not is_named_for(name, path)]
        for name in DEFINED.findall(text):
            folders[path.split("/")[0], name.split("_")[1]].add(os.path.dirname(path))
        for name in STRUCT.findall(text):
            structs[name].append(path)
        if path.endswith(".h") and os.path.basename(path) != "base.h":
            found += inline_functions(path, text)
        if path.endswith(".c"):
            for name in STATIC.findall(text):
                static[name].add(path)
    found += first_words(folders)
    found += [f"struct {name}: {' '.join(paths)}" for name, paths in structs.items() if len(paths) > 1]
    for name, paths in sorted(static.items()):
        if len(paths) > MOST:
            found.append(f"{name}: static in {len(paths)} files: {' '.join(sorted(paths))}")
    for line in found:
        print(line)
    return 1 if found else 0


sys.exit(main())
