#!/bin/bash
# SPDX-License-Identifier: MIT
# Check the rules of the house: what each folder may include, which symbols it may use and export, how
# long files and functions are, what the library's file looks like, and that everything compiles without
# a warning with gcc and clang, and passes its unit tests under sanitizers.
#
# FAST=1 leaves out the three builds.
. "$(dirname "$0")/lib.sh"
cd "$ROOT" || exit 2

# empty NAME TEXT: passes if TEXT, the complaints, is empty.
empty() {
	if [ -z "$2" ]; then
		pass "$1" "${3:-}"
	else
		fail "$1" "$(echo "$2" | tr '\n' ' ' | cut -c1-400)"
	fi
}

includes() {	# FILE...: "FILE:header"
	grep -HoE '^# *include *[<"][^>"]*' "$@" | sed -E 's/:# *include *[<"]/:/'
}

# Every C function from "{" to "}" in the first column, with its length.
functions() {
	awk 'FNR == 1 { start = 0 } /^\{/ { start = FNR }
		/^\}/ && start { print FILENAME ":" start, FNR - start + 1; start = 0 }' "$@"
}

core_objects() {
	find "$BUILD/preload/libvmatrace-core.a.p" -name '*.o'
}

shim_objects() {
	find "$BUILD/preload" -name '*.o'
}

check_includes() {
	# tests/rooms.txt says which folder may include which; these checks are about system
	# headers.
	empty core-includes "$(includes preload/core/*/* | grep -vE ':(core/.*|assert\.h|std(bool|def|int)\.h|'\
'(uthash|xxhash)\.h|bsd/sys/tree\.h|(linux|asm)/[a-z]+\.h)$')"	# linux/ and asm/ hold constants only
	empty shim-includes "$(find preload -name '*.[ch]' | xargs grep -HoE '^# *include *[<"][^>"]*' |
		grep -E '[<"](stdio|malloc|pthread|threads|locale|wchar|setjmp|semaphore)\.h$')"
	empty commands-apart "$(includes tools/cmd/cmd_*.c | grep ':cmd/cmd_')"
	empty rooms "$(python3 tests/rooms.py)" "$(grep -c ^[pt] tests/rooms.txt) folders"
	empty names "$(python3 tests/names.py)"
	empty way-of-a-munmap "$(python3 tests/way.py "$LIB" "$TARGETS")"
	empty self-sufficient-headers "$(for header in $(find preload tools -name '*.h' ! -name gate_macros.h); do
		echo "#include \"$header\"" | ${CC:-gcc} -std=gnu17 -D_GNU_SOURCE -fsyntax-only -x c \
			-I. -Ipreload -Itools - 2>&1 | grep -m1 error
	done)"
	empty format "$(sh scripts/format.sh --check 2>&1)"
}

# tests/parts.txt names parts that exist, for files that exist.
check_parts() {
	local pattern parts part all problems=

	all=" $(bash scripts/test.sh --help | sed -n '/^Parts: /,$p' | sed 's/^Parts: //' | tr '\n' ' ')"
	while read -r pattern parts; do
		compgen -G "$pattern" >/dev/null || problems+=" $pattern"
		for part in $parts; do
			case $all in
			*" $part "*) ;;
			*) problems+=" $part" ;;
			esac
		done
	done < <(grep -v '^#' tests/parts.txt)
	empty parts-for-files "$problems"
	check parts-of-a-file [ "$(bash scripts/test.sh --for tests/cli/ci.sh tools/try/trial.c)" = \
		"scripts/test.sh house ci unit try" ]
	check parts-of-no-file [ "$(bash scripts/test.sh --for tools/main.c tools/man.c 2>&1 >/dev/null)" = \
		"test.sh: there is no file tools/man.c" ]
}

# --help answers at once, and an option that does not exist is refused before anything is begun.
check_scripts() {
	local script problems=

	for script in $(ls scripts/*.sh | grep -v /usage.sh); do
		timeout 20 sh "$script" --help 2>/dev/null </dev/null | grep -q . ||
			problems+="$script --help says nothing. "
		timeout 20 "$script" --no-such-option >/dev/null 2>"$TMP/refused" </dev/null
		[ $? = 2 ] && [ -s "$TMP/refused" ] || problems+="$script takes --no-such-option. "
	done
	empty scripts-have-help "$problems"
}

# A part that is run alone says at once what is not built: the tool, or the programs that it runs.
check_unbuilt() {
	local script build problems= count=0
	mkdir -p "$TMP/empty" "$TMP/partly/tools" "$TMP/partly/preload" "$TMP/partly/meson-info"
	ln -s "$LIB" "$TMP/partly/preload/"
	ln -s "$TOOL" "$TMP/partly/tools/"
	sed "s,$BUILD/,$TMP/partly/,g" "$BUILD/meson-info/intro-targets.json" >"$TMP/partly/meson-info/intro-targets.json"
	for script in $(grep -lE '^\. .*/(lib|common)\.sh' tests/*.sh tests/*/*.sh | grep -vE 'house.sh|kernel/'); do
		build=partly
		grep -q 'TARGETS/[a-z]' "$script" || build=empty
		BUILD=$TMP/$build timeout 5 bash "$script" >"$TMP/unbuilt" 2>&1 </dev/null
		[ $? = 2 ] && grep -q '^not built: .*ninja -C' "$TMP/unbuilt" || problems+=" $script ($build)"
		count=$((count + 1))
	done
	empty parts-say-what-is-not-built "$problems" "$count runs"
}

check_symbols() {
	local wrappers forbidden string='memcpy|memmove|memset|memcmp|strlen|strcmp'
	wrappers=$(sed -n 's/^\t\([a-zA-Z_0-9]*\);$/\1/p' preload/vmatrace.map | paste -sd'|')
	empty core-undefined "$(core_objects | xargs nm -u | awk '$1 == "U" { print $2 }' |
		sort -u | grep -vxE "vmt_.*|$string|_GLOBAL_OFFSET_TABLE_")"
	empty core-no-variables "$(core_objects | xargs nm -A | grep -E ' [BbDC] ' |
		grep -v ' d [a-z_.0-9]*$')"
	empty prefixes "$(shim_objects | xargs nm -g --defined-only | awk 'NF == 3 { print $3 }' |
		sort -u | grep -vxE "(vmt|VMT|vmatrace)_.*|$wrappers|$string")"
	empty exported "$(nm -D --defined-only "$LIB" | awk '{ print $3 }' |
		grep -vxE "$wrappers|vmatrace_.*")"
	# All that the library may use of libc, and only while it starts.
	empty symbol-budget "$(nm -D --undefined-only "$LIB" | awk '{ sub(/@.*/, "", $2)
		print $2 }' | grep -vxE '_ITM_.*|__cxa_finalize|__gmon_start__|__errno_location|'\
'dl_iterate_phdr|getauxval')"
	forbidden='malloc|calloc|realloc|free|printf|fprintf|snprintf|abort|exit|getenv'
	empty no-malloc-in-source "$(grep -nE "(^|[^a-z_A-Z0-9>.])($forbidden) *\\(" \
		$(find preload -name '*.c') | grep -vE ':\s*(/?\*|//)')"
}

# Under a filter, a system call of our own is refused if it has no kind. A call that the program
# makes must not depend on what is known of filters.
check_filter_kinds() {
	local made listed
	made=$(find preload -name '*.[ch]' -exec cat {} + | tr -d '\n' |
		grep -oE 'vmt_(sys[0-5]|filter_own6)\([ 	]*SYS_[a-z0-9_]+' | grep -oE 'SYS_.*' | sort -u)
	listed=$(find preload -name filter.c -exec sed -n '/_kinds\[\] = {/,/^}/p
		/_tools_calls\[\] = {/,/^}/p' {} + | grep -oE '\{ SYS_[a-z0-9_]+' | cut -c3- | sort -u)
	empty filter-kinds "$(comm -23 <(echo "$made") <(echo "$listed"))" \
		"$(echo "$made" | wc -l) numbers"
	empty filter-program-calls "$(find preload -name 'wrap*.[ch]' -exec \
		grep -HnE 'vmt_(sys[0-5]|filter_own6)\(' {} +)"
}

check_lengths() {
	local files
	files=$(find preload tools tests scripts -name '*.[chS]' -o -name '*.cc' -o -name '*.sh' \
		-o -name '*.py' -o -name '*.js' -o -name '*.css')
	# shellcheck disable=SC2086
	empty files-under-500-lines "$(wc -l $files | awk '$1 > 500 && $2 != "total"')" \
		"over 360: $(wc -l $files | awk '$1 > 360 && $2 != "total" {
			printf "%s%s %d", sep, $2, $1; sep = ", " }')"
	files=$(find preload tools tests -name '*.c')
	# shellcheck disable=SC2086
	empty functions-under-60-lines "$(functions $files | awk '$2 > 60')" \
		"longest: $(functions $files | sort -k2 -n | tail -1)"
	empty licences "$(find preload tools tests scripts -type f \
		\( -name '*.[chS]' -o -name '*.sh' -o -name '*.cc' -o -name '*.py' \
		-o -name '*.js' -o -name '*.css' \) |
		xargs grep -L SPDX-License-Identifier)"
}

# The .bss must lie in the last page of the data: a page of its own would merge with what the
# program maps behind it.
check_file() {
	local pages map
	pages=$(readelf -lW "$LIB" | awk '$1 == "LOAD" && / RW / {
		print $3, $5, $6 }' | while read -r address in_file in_memory; do
		echo $(((address + in_memory + 4095) / 4096 - (address + in_file + 4095) / 4096))
	done)
	[ "$pages" = 0 ] && pass no-bss-page || fail no-bss-page "${pages:-no data} pages"
	map=$(objdump -d --no-show-raw-insn "$LIB" | awk '/^[0-9a-f]+ <.*>:$/ { name = $2 }
		# the addresses behind the jumps of vmt_gate_moved may read as any instruction
		name !~ /vmt_gate_moved/ && /%[xyz]mm[0-9]|%st|%k[0-7]|%mm[0-7]/ {
			print name $0 }')
	empty no-vector-registers "$map"
	# Allocation functions leave by a jump, without a frame: the next definition sees its caller.
	map=$(for name in malloc free calloc realloc reallocarray memalign posix_memalign \
		aligned_alloc valloc pvalloc; do
		objdump -d --no-show-raw-insn --disassemble=$name "$LIB" |
			grep -E '\s(call|push|sub +.*,%rsp|ret)' | sed "s/^/$name:/"
	done)
	empty malloc-without-a-frame "$map"
	check initfirst-nodelete sh -c "readelf -dW $LIB | grep NODELETE | grep -q INITFIRST"
	map=$(readelf -lW "$LIB" | awk '$1 == "TLS" { print $6 }')
	check tls-under-256-bytes [ $((map)) -le 256 ]
}

# build NAME COMPILER ARGUMENTS...: a build in a folder of its own must succeed.
build() {
	local name=$1 compiler=$2
	shift 2
	if CC=$compiler meson setup "$TMP/$name" "$ROOT" "$@" >"$TMP/$name.log" 2>&1 &&
		ninja -C "$TMP/$name" -k 0 -j 2 >>"$TMP/$name.log" 2>&1; then
		pass "$name"
	else
		fail "$name" "$(grep -E 'error:|ERROR' "$TMP/$name.log" | head -5 |
			sed 's/.*main\///' | tr '\n' ' ' | cut -c1-500)"
		return 1
	fi
}

check_sanitized() {
	local said
	build build-sanitized gcc -Db_sanitize=address,undefined -Db_lundef=false || return
	said=$(UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 \
		meson test -C "$TMP/build-sanitized" --no-rebuild --num-processes 2 \
		--suite unit --suite race 2>&1) &&
		pass unit-tests-sanitized "$(echo "$said" | grep '^Ok:' | tr -s ' ')" ||
		fail unit-tests-sanitized "$(echo "$said" | grep -E 'FAIL|TIMEOUT' | tr '\n' ' ')"
	sanitized_tool
}

# Run the tools on a recording that the ordinary library has made.
sanitized_tool() {
	local tool=$TMP/build-sanitized/tools/vmatrace format

	traced "$TMP/tool" report=0 "$TARGETS/demo12k"
	for format in text html json folded speedscope pprof chrome openmetrics csv; do
		if "$tool" report --format=$format "$TMP/tool/rec" >"$TMP/tool/$format" \
			2>"$TMP/tool/$format.err" && [ ! -s "$TMP/tool/$format.err" ]; then
			pass "tool-sanitized-$format"
		else
			fail "tool-sanitized-$format" "$(head -c 300 "$TMP/tool/$format.err")"
		fi
	done
	head -c 5000 "$(echo "$TMP"/tool/rec/*.vmt)" >"$TMP/tool/cut.vmt"
	"$tool" report "$TMP/tool/cut.vmt" >/dev/null 2>"$TMP/tool/cut.err"
	if grep -qE 'AddressSanitizer|runtime error' "$TMP/tool/cut.err"; then
		fail tool-sanitized-cut-recording "$(head -c 300 "$TMP/tool/cut.err")"
	else
		pass tool-sanitized-cut-recording "$(head -c 100 "$TMP/tool/cut.err")"
	fi
}

check_includes
check_scripts
check_parts
check_unbuilt
check_symbols
check_filter_kinds
check_lengths
check_file
if [ -z "${FAST:-}" ]; then
	build build-gcc-werror gcc --werror
	if has_program clang; then
		build build-clang-werror clang --werror
	else
		pass build-clang-werror "skipped: no clang"
	fi
	check_sanitized
fi
finish
