#!/bin/bash
# SPDX-License-Identifier: MIT
# The archive of scripts/dist.sh: its tool runs in a root that holds nothing else, not even /proc,
# and its library runs beside it. The same sources make the same archive, of less than 6 MB.
. "$(dirname "$0")/../lib.sh"
cd "$TMP" || exit 2

# Without rights, in a namespace where we have them.
in_root() {
	if [ "$(id -u)" = 0 ]; then chroot "$@"; else unshare -r chroot "$@"; fi
}

# said NAME PATTERN COMMAND...: what it writes, and that it succeeds
said() {
	local name=$1 pattern=$2
	shift 2
	if "$@" >out 2>&1 </dev/null && grep -qE -- "$pattern" out; then
		pass "$name" "$(grep -m1 -oE -- "$pattern" out)"
	else
		fail "$name" "$(tail -3 out | tr '\n' ' ')"
	fi
}

"$ROOT/scripts/dist.sh" "$TMP/one" >archive 2>err || fail made "$(tail -3 err)"
"$ROOT/scripts/dist.sh" "$TMP/two" >again 2>err || fail made-again "$(tail -3 err)"
archive=$(cat archive)
check same-twice cmp "$archive" "$(cat again)"
size=$(stat -c %s "$archive")
[ "$size" -lt 6000000 ] && pass size "$size bytes" || fail size "$size bytes"
name=$(basename "$archive" .tar.xz)
mkdir root
tar -xf "$archive" -C root
check needs-nothing sh -c "! readelf -l root/$name/bin/vmatrace | grep -q INTERP"
check has-pages [ -s "root/$name/share/man/man1/vmatrace-check.1" ]
check has-licence [ -s "root/$name/LICENSE" ]
for page in $(grep -oE 'doc/[a-z.]+\.(md|json)' "root/$name/README.md" | sort -u); do
	check "has-$page" [ -s "root/$name/$page" ]
done
check has-ci-examples [ -s "root/$name/share/doc/vmatrace/ci/CMakeLists.example.txt" ]
PATH=$TMP/root/$name/bin:$PATH VMATRACE_CHECK=--max-growth=50 vmatrace-check.sh "$TARGETS/guard_pages" >out 2>&1
[ $? = 23 ] && pass launcher || fail launcher "$(cat out)"

# As the examples of scripts/ci install it.
mkdir local
tar -xJf "$archive" --strip-components=1 -C local
check installed-by-ci [ "$(PATH=$TMP/local/bin:$PATH vmatrace --print-lib)" = "$TMP/local/lib/vmatrace/libvmatrace.so" ]

# With names and lines: the program lies in the root where it lay when it ran, and nothing else does.
said run 'make_object' "root/$name/bin/vmatrace" run -o root/data -- "$TARGETS/guard_pages"
said library "lib/vmatrace/libvmatrace.so" "root/$name/bin/vmatrace" --print-lib
mkdir -p "root$TARGETS"
cp "$TARGETS/guard_pages" "root$TARGETS"
cat /proc/self/maps >root/maps
tool=/$name/bin/vmatrace
said root-version '^vmatrace [0-9.]+$' in_root root "$tool" --version
said root-help 'max-growth' in_root root "$tool" check --help
said root-report 'make_object.*guard_pages\.c:18' in_root root "$tool" report /data
said root-json '"function": *"make_object"' in_root root "$tool" report --format=json /data
said root-maps '[0-9]+ maps' in_root root "$tool" maps /maps
said root-check 'check passed' in_root root "$tool" check --max-maps=5000 /data
said root-export 'process_memory_map_areas\{program="guard_pages"' in_root root "$tool" export --openmetrics /data
in_root root "$tool" export --openmetrics --listen=nowhere:1 /data >out 2>&1
check root-can-listen grep -q 'is like 127.0.0.1' out
in_root root "$tool" check --max-maps=5 /data >out 2>&1
[ $? = 23 ] && pass root-check-fails || fail root-check-fails "$(cat out)"
mkdir -p root/proc
in_root root "$tool" top 1 >out 2>&1 </dev/null
[ $? -le 125 ] && [ -s out ] && pass root-top "$(head -1 out)" || fail root-top "$(cat out)"

finish
