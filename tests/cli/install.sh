#!/bin/bash
# SPDX-License-Identifier: MIT
# The files that `meson install` puts into a folder work there, and wherever the folder is moved:
# the tool finds its library, programs compile with vmatrace.pc and need no library of ours, and
# manual pages and completion know every command.
. "$(dirname "$0")/../lib.sh"
cd "$TMP" || exit 2
unset XDG_DATA_DIRS

DESTDIR=$TMP/first meson install -C "$BUILD" --no-rebuild --quiet >install.log 2>&1 ||
	fail install "$(tail -2 install.log)"
mv first root
prefix=$(echo "$TMP"/root/usr/local)

# An installation builds neither tests nor their targets.
meson setup -Dtests=false "$TMP/plain" "$ROOT" >setup.log 2>&1 || fail setup "$(tail -2 setup.log)"
built=$(ninja -C "$TMP/plain" -t targets all 2>&1)
if grep -q 'tools/vmatrace:' <<<"$built" && ! grep -q '^tests/' <<<"$built"; then
	pass builds-no-tests "$(grep -c '_COMPILER' <<<"$built") files compiled"
else
	fail builds-no-tests "$(grep -c '^tests/' <<<"$built") targets of tests"
fi
tool=$prefix/bin/vmatrace
library=$(find "$prefix" -name libvmatrace.so)

check library-found [ "$("$tool" --print-lib)" = "$library" ]
"$tool" run -o rec -- /bin/true 2>err
if [ $? = 0 ] && grep -q '^SUMMARY: vmatrace' err; then pass run; else fail run "$(head -3 err)"; fi
check report sh -c "'$tool' report rec | grep -q '^SUMMARY: vmatrace'"
LD_PRELOAD=$library /bin/true 2>err
check library-alone grep -q '^SUMMARY: vmatrace' err
# If frames have names, the library has found the tool from its new place.
cp "$TARGETS/demo12k" demo && LD_PRELOAD=$library ./demo >/dev/null 2>err
check library-finds-tool grep -q 'main .*demo12k.c:' err

check schema [ "$(jq -r .title "$prefix/share/doc/vmatrace/report.schema.json")" = \
	"What vmatrace report --format=json writes" ]
check schemas [ "$(cd "$prefix/share/doc/vmatrace" && echo *.schema.json)" = "$(cd "$ROOT/doc" && echo *.schema.json)" ]

# What doc/ci.md says for a test that cannot be wrapped fails a program that leaks.
documented=$(sed -n '/^## Where nothing/,/^## /s/^LD_PRELOAD=/&/p' "$ROOT/doc/ci.md")
cat >unit-tests.c <<'END'
#include <sys/mman.h>
int main(int argc, char **argv)
{
	for (int i = 0; argc > 1 && i < 50; i++)
		mmap(0, 4096, i & 1 ? PROT_READ : PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return !argv;
}
END
cc unit-tests.c -o unit-tests
PATH=$prefix/bin:$PATH sh -c "$documented" 2>err
check documented-passes [ $? = 0 ]
PATH=$prefix/bin:$PATH sh -c "$documented leak" 2>err
check documented-fails [ $? = 23 ]
if grep -rnE 'LD_PRELOAD="?libvmatrace\.so' "$ROOT/README.md" "$ROOT/doc" "$ROOT/scripts" "$prefix/share"; then
	fail bare-name "ld.so does not find a library by its name alone"
else
	pass bare-name
fi

# A program with marks, by pkg-config, which is told that the folder was moved.
cat >marks.c <<'END'
#include <stdio.h>
#include <vmatrace.h>

int main(void)
{
	VMATRACE_MARK("begin");
	printf("%s\n", VMATRACE_MAPS() < 0 ? "not traced" : "traced");
	VMATRACE_MARK("end");
	return 0;
}
END
export PKG_CONFIG_PATH=$(dirname "$(find "$prefix" -name vmatrace.pc)")
unset PKG_CONFIG_SYSROOT_DIR
flags=$(pkg-config --define-variable="prefix=$prefix" --cflags --libs vmatrace) || fail pkg-config "$flags"
# shellcheck disable=SC2086
for compiler in "cc -std=c99 -pedantic" "c++ -x c++" "cc -static" "cc -fPIE -pie -Wl,-z,now"; do
	if $compiler -Wall -Wextra -Werror marks.c -o marks $flags 2>cc.log; then
		check "links: $compiler" [ "$(./marks)" = "not traced" ]
	else
		fail "links: $compiler" "$(head -3 cc.log)"
	fi
	case $compiler in *static*) continue ;; esac
	check "traced: $compiler" [ "$(LD_PRELOAD=$library VMATRACE_OPTIONS=report=0 ./marks)" = traced ]
done
check preload-variable [ "$(pkg-config --define-variable="prefix=$prefix" --variable=preload vmatrace)" -ef "$library" ]
"$tool" run --report=none -o marked ./marks >/dev/null
check marks-recorded [ "$("$tool" report --format=json marked |
	jq -r '[.processes[0].marks[].name] | join(" ")')" = "begin end" ]

# Every command of --help has a page, and every long option of its --help is in it.
commands=$("$tool" --help | sed -n 's/^  \([a-z][a-z]*\)  .*/\1/p')
check commands-listed [ "$(echo "$commands" | wc -l)" -ge 6 ]
for command in $commands; do
	page=$prefix/share/man/man1/vmatrace-$command.1
	missing=$("$tool" "$command" --help | grep -oE -- '--[a-z][a-z-]+' | sort -u |
		while read -r option; do
			sed 's/\\-/-/g' "$page" | grep -qF -- "$option" || echo "$option"
		done)
	if [ -s "$page" ] && [ -z "$missing" ]; then
		pass "page of $command"
	else
		fail "page of $command" "${missing:-no page}"
	fi
	if ! groff -Kutf8 -man -ww -z -Tutf8 "$page" 2>groff.log || [ -s groff.log ]; then
		fail "groff of $command" "$(head -2 groff.log)"
	fi
done
# No line is cut off on a terminal of 80 columns, nor, apart from output that is quoted, of 60.
# longest WIDTH PAGE
longest() {
	groff -Kutf8 -man -Tutf8 -rLL="$1n" -P-cbou "$2" 2>/dev/null | python3 -c \
		'import sys; print(max(len(line.rstrip("\n")) for line in open(0, encoding="utf-8")))'
}
for page in "$prefix"/share/man/man[17]/vmatrace*.[17]; do
	for width in 60 80; do
		case $width$page in 60*-cases.7) continue ;; esac
		most=$(longest $width "$page")
		check "columns of $(basename "$page"): $most of $width" [ "${most:-999}" -le $width ]
	done
done
page=$prefix/share/man/man7/vmatrace-cases.7
check page-of-cases [ "$(grep -c '^\.SS' "$page")" = "$(grep -c '^## ' "$ROOT/doc/cases.md")" ]
check groff-of-cases [ -z "$(groff -Kutf8 -man -ww -z -Tutf8 "$page" 2>&1)" ]
check page-of-vmatrace [ -s "$prefix/share/man/man1/vmatrace.1" ]

# complete WORDS...: what the completion offers for the last of them
complete_words() {
	PATH=$prefix/bin:$PATH bash -c '
		. "$0"
		COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
		compopt() { :; }
		_vmatrace
		printf "%s\n" "${COMPREPLY[@]}"' \
		"$prefix/share/bash-completion/completions/vmatrace" "$@" | tr '\n' ' '
}
completes() {
	local name=$1 wanted=$2 got
	shift 2
	got=$(complete_words "$@")
	if [ "$got" = "$wanted" ]; then pass "$name"; else fail "$name" "$got"; fi
}
completes complete-command "report " vmatrace rep
completes complete-option "--symbols= " vmatrace report --sy
completes complete-flag "--verbose " vmatrace report --verb
completes complete-program "sha256sum " vmatrace run sha256su
check complete-commands [ "$(complete_words vmatrace "" | tr ' ' '\n' | grep -cE '^[a-z]+$')" = \
	"$(echo "$commands" | wc -l)" ]
finish
