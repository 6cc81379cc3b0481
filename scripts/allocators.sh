#!/bin/bash
# SPDX-License-Identifier: MIT
# Run a program under each installed allocator, and show how many maps it has with each, and why.
# Electric Fence and DUMA find errors with guard pages, and need two maps for each allocation.
#
#   scripts/allocators.sh [OPTIONS] [PROGRAM ARGS...]
#   --with=FILE     another allocator, a library of your own; may be given several times
#   --only=NAME,…   of: own, jemalloc, tcmalloc, mimalloc, efence, duma; or files
#   BUILD=DIR       the build folder     LIMIT=N   seconds a run may take (300)
#
# If the program is started by env, a shell or another wrapper, the program is measured, not the wrapper.
# maps at the start (with the libraries that the allocator needs), at the peak and at the end; inside: those of
# the peak that calls inside the allocator have put where they are. live: the most allocations that were seen at
# once, at whatever time, those of C++ new left out where the allocator defines it ("-" where these are most). They
# are looked at when calls change maps, so there were more if it maps much at a time. maps/live: inside by live.
# splits: times a call inside it cut a map in two. The verdict is maps/live, and how many allocations reach the limit at that rate, only if
# the run shows 0.5 or more maps for each and never had so many live, also counting all that may have been live
# between two looks. Otherwise it is peak - start: few maps for many allocations at one time tell nothing about
# larger ones at another. Without a program: 200 threads, 50 at a time, that leave a block each.
[ -n "${BASH_VERSION:-}" ] || exec bash "$0" "$@"
set -u
. "$(dirname "$0")/usage.sh"
ROOT=$(cd "$(dirname "$0")/.." && pwd)
BUILD=${BUILD:-$ROOT/build}
LIB=$BUILD/preload/libvmatrace.so
TOOL=$BUILD/tools/vmatrace
KNOWN=own,jemalloc,tcmalloc,mimalloc,efence,duma
ONLY=$KNOWN
with=()
fail() {
	echo "allocators.sh: $*" >&2
	exit 2
}
while [ $# -gt 0 ]; do
	case $1 in
	--only=*) ONLY=${1#--only=} ;;
	--with=*) with+=("${1#--with=}") ;;
	--only | --with) fail "$1 needs a value: $1=…" ;;
	--help | -h) usage; exit 0 ;;
	--) shift; break ;;
	-*) fail "there is no option $1; --help lists them" ;;
	*) break ;;
	esac
	shift
done
# A library that --with= names may be named again, also by the name that the table gives it.
is_with() {
	local file
	for file in "${with[@]}"; do
		[ ! "$1" -ef "$file" ] || return 0
		[ -r "$1" ] || [ "$(basename "$file")" != "$1" ] || return 0
	done
	return 1
}
all=()
IFS=, read -ra only <<<"$ONLY"
for name in "${only[@]}"; do
	! is_with "$name" || continue
	all+=("$name")
done
all+=("${with[@]}")
[ ${#all[@]} -gt 0 ] || fail "--only= names no allocator of ${KNOWN//,/, }"
[[ ${LIMIT:=300} =~ ^[1-9][0-9]*$ ]] || fail "LIMIT=$LIMIT is no number of seconds"
for name in "${all[@]}"; do
	case $name in
	*/* | *.so | *.so.*) [ -r "$name" ] || fail "$name: there is no such library" ;;
	*) [[ ,$KNOWN, == *,$name,* ]] || fail "there is no allocator '$name' of ${KNOWN//,/, }; name a library by its file" ;;
	esac
done
[ $# -gt 0 ] || set -- "$BUILD/tests/targets/malloc_many_threads" 200 50
for file in "$LIB" "$TOOL"; do
	[ -e "$file" ] || fail "$file is missing: ninja -C $BUILD builds it"
done
if ! command -v jq >/dev/null || ! command -v "$1" >/dev/null; then
	fail "jq and $1 are needed, and one of them is not there"
fi
unset LD_PRELOAD VMATRACE_OPTIONS
export EF_DISABLE_BANNER=1 DUMA_DISABLE_BANNER=1
TMP=$(mktemp -d "${TMPDIR:-/tmp}/vmatrace-allocators.XXXXXX")
trap 'rm -rf "$TMP"' EXIT

# Print where the library of an allocator is installed; nothing if it is not. LD_PRELOAD separates by
# blanks and colons, so a library of one's own gets another path.
library_of() {
	local name
	case $1 in
	*/* | *.so | *.so.*)
		ln -sf "$(realpath "$1")" "$TMP/$number.so"
		echo "$TMP/$number.so"
		return
		;;
	jemalloc) name=libjemalloc.so.2 ;;
	tcmalloc) name=libtcmalloc_minimal.so.4 ;;
	mimalloc) name=libmimalloc.so.2 ;;
	efence) name=libefence.so.0 ;;
	duma) name=libduma.so.0 ;;
	esac
	# Where they find an older libc they are not of use: ldconfig knows those of this machine.
	{
		/sbin/ldconfig -p | awk -v name="$name" '$1 == name && /x86-64/ { print $NF }'
		ls /usr/lib/$name /usr/lib/*/$name /usr/local/lib/$name 2>/dev/null
	} | head -1
}

# The name of a library of one's own is that of its file; two versions of one file need their folders.
label_of() {
	local name count=0
	for name in "${all[@]}"; do
		[ "$(basename "$name")" != "$(basename "$1")" ] || count=$((count + 1))
	done
	if [ $count -gt 1 ]; then echo "$1"; else basename "$1"; fi
}

# NAME LIBRARY PROGRAM…: print a line of tab-separated values for the process with the most maps
run() {
	local name=$1 after=$2 out=$TMP/$number status
	shift 2
	rm -rf "$out"
	mkdir "$out"
	{
		timeout -k 5 "$LIMIT" env LD_PRELOAD="$LIB${after:+ $after}" \
			VMATRACE_OPTIONS="dir=$out:report=0" "$@" >/dev/null 2>"$out.err" </dev/null
		status=$?
	} 2>/dev/null
	if [ -n "$after" ] && grep -qF "object '$after' from LD_PRELOAD cannot be preloaded" "$out.err"; then
		printf '%s\tunloadable\n' "$name"
		return
	fi
	"$TOOL" report --format=json "$out" >"$out.json" 2>/dev/null
	jq -r --arg name "$name" --arg status "$status" '
		def number: if . == null then "-" else . end;
		(.processes | (map(select(.["end"] != "exec")) | select(length > 0)) // . |
			max_by(.maps.peak)) as $process |
		($process.allocators // []) as $all |
		($all | map(.maps_at_peak) | add // 0) as $inside |
		($all | map(.live_most // .live // empty) | if length == 0 then null else add end) as $counted |
		# So few, or so many maps for each, show that it is those of new that are missing.
		(any($all[]; .counts_new == false) and
			(($counted // 0) < 16 or $inside > 4 * $counted)) as $lacks_new |
		(if $lacks_new then null else $counted end) as $live |
		(if $lacks_new then 0 else $all | map(.live_bound // empty) | add // 0 end) as $bound |
		[$name, $status, $process.maps.start, $process.maps.peak, $process.maps.now, $inside,
			($live | number), (if ($live // 0) == 0 then "-" else $inside / $live end),
			($all | map(.maps.split) | add // 0),
			([$process.failures[]? | select(.reason == "map-limit")] | length),
			$process.maps.limit,
			(($all | max_by(.maps_at_peak).module // "-") | split("/") | last),
			$bound] | @tsv' \
		"$out.json" 2>/dev/null ||
		printf '%s\t%s\t-\t-\t-\t-\t-\t-\t-\t0\t0\t-\t0\n' "$name" "$status"
}

number=0
for name in "${all[@]}"; do
	library=
	echo "$name ($((++number)) of ${#all[@]})…" >&2
	if [ "$name" != own ]; then
		library=$(library_of "$name")
		[ -n "$library" ] || { printf '%s\tnone\n' "$name"; continue; }
	fi
	run "$(label_of "$name")" "$library" "$@"
done >"$TMP/table"

width=$(awk -F '\t' 'BEGIN { most = 10 } length($1) > most { most = length($1) } END { print most }' "$TMP/table")
printf "%-${width}s %6s %6s %6s %6s %8s %9s %7s  %s\n" allocator start peak end inside live maps/live \
	splits verdict
awk -F '\t' -v width="$width" '
	$2 == "none" || $2 == "unloadable" { name[NR] = $1; status[NR] = $2; next }
	{ growth[NR] = $4 - $3 }
	$2 == "0" && $1 == "own" { own = NR }
	$2 == "0" && $10 == 0 && (!least || growth[NR] < growth[least]) { least = NR }
	{ name[NR] = $1; status[NR] = $2; inside[NR] = $6; live[NR] = $7; ratio[NR] = $8
	  failures[NR] = $10; limit[NR] = $11; module[NR] = $12; bound[NR] = $13
	  maps[NR] = sprintf("%6s %6s %6s %6s", $3, $4, $5, $6); splits[NR] = $9 }
	# as the shell says it: 128 + the signal
	function ended(code) {
		if (code == 134)
			return "killed by SIGABRT"
		if (code == 139)
			return "killed by SIGSEGV"
		return code > 128 && code < 193 ? "killed by signal " (code - 128) : "ended with status " code
	}
	# With few allocations the rate means nothing, since every allocator has a few maps for itself.
	function verdict(i) {
		if (failures[i] > 0)
			return "ran into the limit of " limit[i] " maps"
		if (status[i] != 0)
			return status[i] == 124 ? "took too long" : ended(status[i])
		if (bound[i] >= 100 && inside[i] >= bound[i] / 2 && limit[i] / ratio[i] > bound[i])
			return sprintf("%.1f maps an allocation: %d reach the limit", ratio[i],
				       limit[i] / ratio[i])
		if (growth[i] == growth[least])
			return sprintf("%+d maps, the fewest", growth[i])
		return sprintf("%+d maps", growth[i]) (own ? sprintf(", own %+d", growth[own]) : "")
	}
	END {
		for (i = 1; i <= NR; i++) {
			if (status[i] == "unloadable")
				printf "%-" width "s cannot be preloaded: is it a library for x86-64?\n", name[i]
			else if (status[i] == "none")
				printf "%-" width "s is not installed\n", name[i]
			else
				printf "%-" width "s %s %8s %9s %7s  %s\n", name[i], maps[i], live[i],
					ratio[i] == "-" ? "-" : sprintf("%.4f", ratio[i]), splits[i],
					verdict(i) (i == own ? " (" module[i] ")" : "")
		}
	}' "$TMP/table"
! awk -F '\t' '$2 != "0" && $2 != "none" { bad = 1 } END { exit !bad }' "$TMP/table"
