#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Do the source files keep to tests/rooms.txt, are there no cycles of includes, between folders or
between files, and are the folders small? Prints a line for each thing that is not so."""
import os
import re
import sys

LARGEST = 22  # files in a folder, of whatever kind


def rooms_of(path):
    """Each room, with all that it may include, itself too."""
    lines = [line.split("#")[0].strip() for line in open(path)]
    named = dict(line.split(":", 1) for line in lines if line)
    return {
        room: {room}.union(*(expanded(word, named) for word in rest.split()))
        for room, rest in named.items()
    }


def sizes():
    """How many files each folder has."""
    for top in ("preload", "tools"):
        for folder, _, names in os.walk(top):
            yield folder, len([name for name in names if not name.startswith(".")])


def expanded(word, named):
    if not word.endswith("/"):
        return {word}
    return {room for room in named if room.startswith(word)}


def sources():
    for top in ("preload", "tools"):
        for folder, _, names in os.walk(top):
            for name in names:
                if re.search(r"\.(c|h|S)$", name):
                    yield os.path.join(folder, name)


def target_of(path, include):
    """Includes are spelt from preload/ or tools/, wherever they stand."""
    for top in ("tools", "preload") if path.startswith("tools/") else ("preload",):
        if os.path.exists(os.path.join(top, include)):
            return os.path.join(top, include)
    return None


def complaints(allowed):
    for path in sorted(sources()):
        room = os.path.dirname(path)
        if room not in allowed:
            yield f"{path}: {room} is no room of tests/rooms.txt"
            continue
        for include in re.findall(r'^#\s*include\s*"([^"]+)"', open(path).read(), re.M):
            target = target_of(path, include)
            if target is None:
                yield f"{path}: {include} is not spelt from preload/ or tools/"
            elif os.path.dirname(target) not in allowed[room]:
                yield f"{path}: {room} may not include {target}"
    for room, size in sizes():
        if size > LARGEST:
            yield f"{room}: {size} files"


def unit_of(path):
    """A file with its header. A header without a file of its own belongs to the one whose name it
    continues: report_parts.h to report.c."""
    stem = path.rsplit(".", 1)[0]
    longer = stem
    while not any(os.path.exists(longer + end) for end in (".c", ".S")):
        if "_" not in os.path.basename(longer):
            return stem
        longer = longer.rsplit("_", 1)[0]
    return longer


def units():
    """Each unit, with those that it includes."""
    found = {}
    for path in sources():
        own = found.setdefault(unit_of(path), set())
        for include in re.findall(r'^#\s*include\s*"([^"]+)"', open(path).read(), re.M):
            target = target_of(path, include)
            if target:
                own.add(unit_of(target))
    return found


def cycles(graph, what):
    """What may reach itself by way of others."""
    for start in sorted(graph):
        seen, todo = set(), [other for other in graph[start] if other != start]
        while todo:
            at = todo.pop()
            if at == start:
                yield f"{start}: {what}"
                break
            if at not in seen:
                seen.add(at)
                todo += [other for other in graph.get(at, ()) if other != at]


def main():
    allowed = rooms_of("tests/rooms.txt")
    found = list(complaints(allowed)) + list(cycles(allowed, "tests/rooms.txt allows a cycle"))
    found += cycles(units(), "includes a file that includes it, or by way of others")
    for line in found:
        print(line)
    return 1 if found else 0


sys.exit(main())
