#!/bin/bash
# SPDX-License-Identifier: MIT
# Make vmatrace-VERSION-x86_64.tar.xz: the library, and a tool that needs no shared library, so that
# copying it into a container is enough. The same sources give the same file; its date is that of the
# last commit, or SOURCE_DATE_EPOCH.
#
#   scripts/dist.sh [DIRECTORY]		where it goes (the build folder); BUILD=DIR is the build folder
[ -n "${BASH_VERSION:-}" ] || exec bash "$0" "$@"
set -eu
. "$(dirname "$0")/usage.sh"
no_options "$@"
ROOT=$(cd "$(dirname "$0")/.." && pwd)
BUILD=${BUILD:-$ROOT/build}
OUT=$(mkdir -p "${1:-$BUILD}" && cd "${1:-$BUILD}" && pwd)
"$ROOT/scripts/setup.sh" dist
[ -e "$BUILD/build.ninja" ] || meson setup "$BUILD" "$ROOT" >/dev/null
ninja -C "$BUILD" tools/vmatrace-static preload/libvmatrace.so >/dev/null
# The tool itself writes the manual pages.
TOOL=$BUILD/tools/vmatrace-static
VERSION=$("$TOOL" --version | cut -d' ' -f2)
NAME=vmatrace-$VERSION-x86_64
if [ -z "${SOURCE_DATE_EPOCH:-}" ]; then
	SOURCE_DATE_EPOCH=$(git -C "$ROOT" log -1 --format=%ct 2>/dev/null || echo 0)
fi

STAGE=$(mktemp -d)
trap 'rm -rf "$STAGE"' EXIT
DIR=$STAGE/$NAME
MAN=$DIR/share/man
mkdir -p "$DIR/bin" "$DIR/lib/vmatrace" "$DIR/include" "$MAN/man1" "$MAN/man7"
strip -o "$DIR/bin/vmatrace" "$TOOL"
strip --strip-unneeded -o "$DIR/lib/vmatrace/libvmatrace.so" "$BUILD/preload/libvmatrace.so"
"$TOOL" --help=man >"$MAN/man1/vmatrace.1"
for command in $(sed -n 's/^.{ "\([a-z]*\)", vmt_cmd_.*/\1/p' "$ROOT/tools/main.c"); do
	"$TOOL" "$command" --help=man >"$MAN/man1/vmatrace-$command.1"
done
awk -f "$ROOT/doc/cases.awk" "$ROOT/doc/cases.md" >"$MAN/man7/vmatrace-cases.7"
cp "$ROOT/preload/vmatrace.h" "$DIR/include"
cp "$ROOT/LICENSE" "$ROOT/README.md" "$DIR"
# The pages that the README points to; the launcher of the check in CI, where an installation has it too.
mkdir -p "$DIR/doc" "$DIR/share/doc/vmatrace/ci"
cp "$ROOT"/doc/*.md "$ROOT"/doc/*.schema.json "$DIR/doc"
cp "$ROOT"/scripts/ci/*.* "$DIR/share/doc/vmatrace/ci"
mv "$DIR/share/doc/vmatrace/ci/vmatrace-check.sh" "$DIR/bin"
find "$DIR" -type f -exec chmod 644 {} +
find "$DIR" -type d -exec chmod 755 {} +
chmod 755 "$DIR/bin/vmatrace" "$DIR/bin/vmatrace-check.sh"
tar --create --directory="$STAGE" --sort=name --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 \
	--numeric-owner --format=gnu "$NAME" | xz -9 >"$OUT/$NAME.tar.xz"
echo "$OUT/$NAME.tar.xz"
