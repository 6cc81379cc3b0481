#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Do the source files keep to tests/rooms.txt? Prints a line for each that does not."""
import os
import re
import sys

LARGEST = 22  # files in a folder, its sources and headers


def rooms_of(path):
    """Each room, with all that it may include, itself too."""
    lines = [line.split("#")[0].strip() for line in open(path)]
    named = dict(line.split(":", 1) for line in lines if line)
    return {
        room: {room}.union(*(expanded(word, named) for word in rest.split()))
        for room, rest in named.items()
    }


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
    sizes = {}
    for path in sorted(sources()):
        room = os.path.dirname(path)
        sizes[room] = sizes.get(room, 0) + 1
        if room not in allowed:
            yield f"{path}: {room} is no room of tests/rooms.txt"
            continue
        for include in re.findall(r'^#\s*include\s*"([^"]+)"', open(path).read(), re.M):
            target = target_of(path, include)
            if target is None:
                yield f"{path}: {include} is not spelt from preload/ or tools/"
            elif os.path.dirname(target) not in allowed[room]:
                yield f"{path}: {room} may not include {target}"
    for room, size in sizes.items():
        if size > LARGEST:
            yield f"{room}: {size} files"


def cycles(allowed):
    """Rooms that may reach themselves by way of others."""
    for room in allowed:
        seen, todo = set(), [other for other in allowed[room] if other != room]
        while todo:
            at = todo.pop()
            if at == room:
                yield f"{room}: tests/rooms.txt allows a cycle"
                break
            if at not in seen:
                seen.add(at)
                todo += [other for other in allowed.get(at, ()) if other != at]


def main():
    allowed = rooms_of("tests/rooms.txt")
    found = list(complaints(allowed)) + list(cycles(allowed))
    for line in found:
        print(line)
    return 1 if found else 0


sys.exit(main())
