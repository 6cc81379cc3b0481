#!/bin/sh
# SPDX-License-Identifier: MIT
# Lay out all C sources as .clang-format says; --check only names those that differ.
# Version 14 is meant, Debian 12's: others differ in small things.
cd "$(dirname "$0")/.." || exit 2
format=$(command -v clang-format-14 || command -v clang-format) || {
	echo "no clang-format: scripts/setup.sh installs it"
	exit 2
}
files=$(find preload tools tests -name '*.[ch]' ! -name 'gate*')	# those two are the assembler's
[ "${1:-}" = --check ] || exec $format -i $files
found=$($format --dry-run $files 2>&1 | sed -n 's/: warning: .*/: not as clang-format lays it out; scripts\/format.sh does/p')
[ -z "$found" ] || { echo "$found"; exit 1; }
