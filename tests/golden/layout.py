#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""layout.py < doc/format.md: prints a C program that compiles only if record.h has the numbers, offsets
and sizes that the document gives. Its last line is the number of assertions."""
import re
import sys

SIZES = {"u16": 2, "u32": 4, "u64": 8, "i32": 4, "i64": 8, "string": 8}
STRUCTS = {"Header": "header", "Module": "module", "Counters": "counters", "Site": "site",
           "Frame": "frame", "Range": "range", "Bucket": "bucket", "Timeline of a site": "site_time",
           "Failure": "failure", "Mark": "mark", "Mark value": "mark_value", "Allocator": "allocator"}
ROWS = {"site_times": "site_time", "site_rows": "site_time", "timeline": "bucket", "calls": "counters",
        "strings": None}
found = []


def claim(condition):
    found.append(f"static_assert({condition}, \"{condition}\");")


def size_of(kind):
    many = re.fullmatch(r"(\d+) (bytes|u\d+)", kind)
    return int(many[1]) * SIZES.get(many[2], 1) if many else SIZES[kind]


def fields(struct, part):
    """The rows of the part's table are the struct's members, in their order and without gaps."""
    at = 0
    for row in part.split("| field | type | |\n")[1].split("\n\n")[0].splitlines()[1:]:
        names, kind = [cell.strip() for cell in row.split("|")[1:3]]
        for name in names.split(", "):
            claim(f"offsetof(struct vmt_rec_{struct}, {name}) == {at}")
            if name == "section":
                claim(f"sizeof(struct vmt_rec_section) == {kind.split()[0]}")
                return
            at += size_of(kind)
    claim(f"sizeof(struct vmt_rec_{struct}) == {at}")


def sections(page):
    for number, name, size in re.findall(r"^\| (\d+) \| (VMT_SECTION_\w+) \|.*\| (\d+) \|$", page, re.M):
        word = name[len("VMT_SECTION_"):].lower()
        struct = ROWS.get(word, word[:-1])
        claim(f"{name} == {number}")
        claim(f"sizeof({f'struct vmt_rec_{struct}' if struct else 'char'}) == {size}")


def numbers(page):
    """NAME 8, NAME (8), NAME (2^31), NAME (1,024)."""
    for name, number in re.findall(r"\b(VMT_[A-Z_0-9]+) \(?(0x[0-9a-f]+|2\^\d+(?:-1)?|[\d,]*\d)(?![\w-])", page):
        power = re.fullmatch(r"2\^(\d+)(-1)?", number)
        claim(f"{name} == {f'(UINT64_C(1) << {power[1]}){power[2] or str()}' if power else number.replace(',', '')}")
    notes = page.split("notes, bit 0 first: ")[1].split(". `")[0]
    for bit, name in enumerate(re.findall(r"VMT_NOTE_\w+", notes)):
        claim(f"{name} == UINT64_C(1) << {bit}")


def main():
    page = sys.stdin.read()
    parts = dict(re.findall(r"^##+ ([\w ]+)\n(.*?)(?=^##|\Z)", page, re.M | re.S))
    for title, struct in STRUCTS.items():
        fields(struct, parts[title])
    sections(page)
    numbers(page)
    print("#include <stddef.h>\n#include \"core/base/tunables.h\"\n#include \"core/recording/record.h\"\n#include \"core/vma/vma.h\"")
    print("\n".join(found))
    print(f"/* {len(found)} */")


main()
