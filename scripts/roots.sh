#!/bin/bash
# SPDX-License-Identifier: MIT
# Try the library, as built here, in other distributions: make minimal roots with debootstrap (once),
# run programs in each with the library, and print a row of a table for each root. The rows are also
# written into the table in doc/houses.md; those of other roots stay. Needs root rights, the network,
# debootstrap, jq and a build; takes minutes. Not part of test.sh.
#
#   scripts/roots.sh [SUITE...]	default: bullseye trixie sid; ROOTS: where they are kept
#   MIRROR: Debian's, http://deb.debian.org/debian
[ -n "${BASH_VERSION:-}" ] || exec bash "$0" "$@"
set -u
. "$(dirname "$0")/usage.sh"
no_options "$@"
for suite; do
	[ -e "/usr/share/debootstrap/scripts/$suite" ] || {
		echo "roots.sh: debootstrap knows no suite '$suite'; --help says how this is called" >&2
		exit 2
	}
done
TOP=$(cd "$(dirname "$0")/.." && pwd)
BUILD=${BUILD:-$TOP/build}
ROOTS=${ROOTS:-${XDG_CACHE_HOME:-$HOME/.cache}/vmatrace/roots}
MIRROR=${MIRROR:-http://deb.debian.org/debian}
LIMIT=120	# seconds for each program
MORE=gcc,libc6-dev,libjansson4,python3	# a compiler, and something to dlopen
HEAD="| suite | glibc | processes | calls | unseen | exact | sites left out | stacks cut short | changed |"
DOC=$TOP/doc/houses.md
SUITES=${*:-bullseye trixie sid}
WORK=$(mktemp -d)
status=0
trap 'rm -rf "$WORK"' EXIT

make_root() {
	[ ! -x "$ROOTS/$1/usr/bin/gcc" ] || return 0
	echo "$1: making a root in $ROOTS" >&2
	mkdir -p "$ROOTS" && rm -rf "${ROOTS:?}/$1.new" &&
		debootstrap --variant=minbase --include=$MORE "$1" "$ROOTS/$1.new" \
			"$MIRROR" >"$WORK/$1.log" 2>&1 &&
		rm -rf "${ROOTS:?}/$1" && mv "$ROOTS/$1.new" "$ROOTS/$1"
}

# Run a command in the root, with /proc and /dev that are unmounted when it ends.
inside() {
	local root=$ROOTS/$1
	shift
	# shellcheck disable=SC2016
	timeout -k 5 "$LIMIT" unshare --mount sh -c 'mount -t proc proc "$0/proc" && mount --rbind /dev "$0/dev" &&
		exec chroot "$0" "$@"' "$root" "$@"
}

# The programs. Status and output must be the same as without the library.
programs() {
	cat <<-'END'
	threads	/vmatrace/other_libc
	detached	/vmatrace/other_libc detached
	dlopen	/vmatrace/dlopens libjansson.so.4
	perl	perl -e my@p;push@p,"x"x200000for(1..50);fork||exit;wait;print"done\n"
	python	python3 -c import threading;t=[threading.Thread(target=lambda:bytearray(9**6))for i in range(9)];[i.start()for i in t];[i.join()for i in t];print("done")
	gcc	gcc -O1 -o /vmatrace/again /vmatrace/dlopens.c -ldl
	shell	sh -c for i in 1 2 3; do ls / | sort >/dev/null; done; echo done
	END
}

run_programs() {
	local suite=$1 name command
	rm -rf "$ROOTS/$suite/vmatrace" && mkdir -p "$ROOTS/$suite/vmatrace/rec" &&
		cp "$TOP"/tests/targets/{other_libc,dlopens}.c "$BUILD/preload/libvmatrace.so" \
			"$ROOTS/$suite/vmatrace/" &&
		inside "$suite" sh -c 'cd /vmatrace && gcc -O1 -g -o other_libc other_libc.c -pthread &&
			gcc -O1 -g -o dlopens dlopens.c -ldl' || return
	echo "$suite: running programs" >&2
	programs | while IFS=$'\t' read -r name command; do
		read -ra words <<<"$command"
		case ${words[0]} in perl | python3 | sh) words=("${words[0]}" "${words[1]}" "${command#* * }") ;; esac
		inside "$suite" "${words[@]}" >"$WORK/plain" 2>&1 </dev/null
		echo "status $?" >>"$WORK/plain"
		inside "$suite" env "VMATRACE_OPTIONS=report=0:dir=/vmatrace/rec" \
			LD_PRELOAD=/vmatrace/libvmatrace.so "${words[@]}" >"$WORK/traced" 2>&1 </dev/null
		echo "status $?" >>"$WORK/traced"
		[ "$(cat "$WORK/plain")" = "$(cat "$WORK/traced")" ] || echo "$name"
	done
}

# Print one line with the sums over the processes of all programs.
row() {
	local suite=$1 changed version
	changed=$(run_programs "$suite" | tr '\n' ' ')
	version=$(inside "$suite" ldd --version | sed -n '1s/.* //p')
	"$BUILD/tools/vmatrace" report --format=json "$ROOTS/$suite/vmatrace/rec" >"$WORK/json" \
		2>/dev/null || return
	jq -r --arg suite "$suite" --arg libc "$version" --arg changed "${changed:-none}" '
		[.processes[].coverage] as $c | [.processes[].calls[]?.calls] as $n |
		"| \($suite) | \($libc) | \($c | length) | \($n | add) | \([$c[].unseen] | add) |" +
		" \([$c[] | select(.exact)] | length) |" +
		" \([$c[] | select(any(.notes[]; test("could not be patched|makes system calls directly")))] | length) |" +
		" \([$c[].truncated_stacks] | add) | \($changed) |"
		' "$WORK/json"
}

# Write the new rows between the table's marks. Each takes the place of the row of the same suite.
write_table() {
	[ -e "$DOC" ] || printf '# Where vmatrace was tried\n' >"$DOC"
	grep -q '<!-- roots -->' "$DOC" || printf '\n%s\n%s\n%s\n%s\n\n<!-- roots -->\n<!-- /roots -->\n' \
		"## Distributions" "The library, built on Debian 12, in the root file systems of other releases; by scripts/roots.sh. The" \
		"column \"sites left out\" counts processes with a memory call in libc or a module that is not caught;" \
			"\"changed\" lists programs whose output or status differs from a run without the library." >>"$DOC"
	{
		echo "$HEAD"
		echo "|---|---|---|---|---|---|---|---|---|"
		sed -n '/<!-- roots -->/,/<!-- \/roots -->/p' "$DOC" | grep '^| [a-z]* | [0-9]' |
			cat - "$WORK/rows" | awk '{ row[$2] = $0; libc[$2] = $4 }
				END { for (suite in row) print libc[suite] "\t" row[suite] }' | sort -V | cut -f2
	} >"$WORK/table"
	sed -i -e "/<!-- roots -->/r $WORK/table" -e '/<!-- roots -->/,/<!-- \/roots -->/{/<!--/!d}' "$DOC"
}

: >"$WORK/rows"
echo "$HEAD"
for suite in $SUITES; do
	make_root "$suite" || {
		echo "$suite: no root could be made, see $(tail -1 "$WORK/$suite.log")" >&2
		status=1
		continue
	}
	row "$suite" >"$WORK/row"
	[ -s "$WORK/row" ] || {
		echo "$suite: no report could be made" >&2
		status=1
	}
	tee -a "$WORK/rows" <"$WORK/row"
done
write_table
exit $status
