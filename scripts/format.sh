#!/bin/sh
# SPDX-License-Identifier: MIT
# Format all C sources according to .clang-format; --check only names those that differ. Use version
# 14, which is Debian 12's: other versions differ in details.
. "$(dirname "$0")/usage.sh"
[ "${1:-}" = --check ] || no_options "$@"
cd "$(dirname "$0")/.." || exit 2
format=$(command -v clang-format-14 || command -v clang-format) || {
	echo "no clang-format: scripts/setup.sh installs it"
	exit 2
}
files=$(find preload tools tests -name '*.[ch]' ! -name 'gate*')	# those two are the assembler's
[ "${1:-}" = --check ] || exec $format -i $files
said=$($format --dry-run $files 2>&1) || { echo "$format failed: $said"; exit 2; }
found=$(echo "$said" | sed -n 's/: warning: .*/: not as clang-format lays it out; scripts\/format.sh does/p')
[ -z "$found" ] || { echo "$found"; exit 1; }
