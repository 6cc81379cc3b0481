#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Write a C file with page.html, its styles and its scripts: embed.py PAGE STYLE SCRIPT... OUT

Only these styles and scripts may do anything in the page: it names their hashes, and a browser takes
no others (Content-Security-Policy).
"""
import base64
import hashlib
import sys


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def hash_of(text):
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def without_licence(text):
    """It is told once for the page."""
    return "\n".join(line for line in text.split("\n") if "SPDX-License-Identifier" not in line)


def array(name, data):
    numbers = [str(byte if byte < 128 else byte - 256) for byte in data]
    lines = [",".join(numbers[i : i + 500]) + "," for i in range(0, len(numbers), 500)]
    return "const char %s[] = {%s};\nconst size_t %s_size = %d;\n" % (
        name,
        "\n".join(lines),
        name,
        len(data),
    )


def main():
    page, style, *scripts, out = sys.argv[1:]
    style = without_licence(read(style))
    script = '"use strict";\n(() => {\n' + "".join(without_licence(read(s)) for s in scripts) + "})();\n"
    text = read(page).replace("@STYLE_HASH@", hash_of(style)).replace("@SCRIPT_HASH@", hash_of(script))
    text = text.replace("@STYLE@", style).replace("@SCRIPT@", script)
    head, tail = (part.encode() for part in text.split("@DATA@"))
    with open(out, "w", encoding="utf-8") as file:
        file.write('#include "html/html_page.h"\n\n')
        file.write(array("vmt_html_page_head", head))
        file.write(array("vmt_html_page_tail", tail))


main()
