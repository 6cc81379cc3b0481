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

# What a command prints is looked through, and one that fails, or prints nothing, passes for no check.
# listed NAME COMMAND...: sets LISTED
listed() {
	local name=$1
	shift
	LISTED=$(set -o pipefail; "$@" 2>&1) && [ -n "$LISTED" ] && return
	fail "$name" "$* failed: $(tail -3 <<<"$LISTED" | tr '\n' ' ')"
	return 1
}

# only NAME PATTERN COMMAND...: passes if all lines that the command prints fit
only() {
	local name=$1 pattern=$2
	shift 2
	listed "$name" "$@" && empty "$name" "$(grep -vE "$pattern" <<<"$LISTED")"
}

# never NAME PATTERN COMMAND...: passes if no line fits. EXCEPT: lines that do not count
never() {
	local name=$1 pattern=$2
	shift 2
	listed "$name" "$@" &&
		empty "$name" "$(grep -E "$pattern" <<<"$LISTED" | grep -vE "${EXCEPT:-^$}")" "${DETAIL:-}"
}

# silent NAME COMMAND...: passes if it succeeds and prints nothing
silent() {
	local name=$1 said
	shift
	if said=$(set -o pipefail; "$@" 2>&1); then empty "$name" "$said" "${DETAIL:-}"; else fail "$name" "${said:-$* failed}"; fi
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

# Each header is compiled alone.
self_sufficient_headers() {
	local header said
	for header in $(find preload tools -name '*.h' ! -name gate_macros.h); do
		said=$(echo "#include \"$header\"" | ${CC:-gcc} -std=gnu17 -D_GNU_SOURCE -fsyntax-only -x c \
			-I. -Ipreload -Itools - 2>&1) || echo "$header: $(grep -m1 error <<<"$said")"
	done
}

preload_sources() {
	find preload -name '*.[ch]'
}

check_includes() {
	# tests/rooms.txt says which folder may include which; these checks are about system
	# headers.
	only core-includes ':(core/.*|assert\.h|std(bool|def|int)\.h|'\
'(uthash|xxhash)\.h|bsd/sys/tree\.h|(linux|asm)/[a-z]+\.h)$' \
		includes preload/core/*/*	# linux/ and asm/ hold constants only
	never shim-includes ':(stdio|malloc|pthread|threads|locale|wchar|setjmp|semaphore)\.h$' \
		includes $(preload_sources)
	never commands-apart ':cmd/cmd_' includes tools/cmd/cmd_*.c
	DETAIL="$(grep -c ^[pt] tests/rooms.txt) folders" silent rooms python3 tests/rooms.py
	silent names python3 tests/names.py
	silent way-of-a-munmap python3 tests/way.py "$LIB" "$TARGETS"
	silent self-sufficient-headers self_sufficient_headers
	silent format sh scripts/format.sh --check
}

# Sources that only the lines of preload and tools as a whole are about: those tests may not touch them.
sources_without_parts() {
	local file pattern parts patterns
	patterns=$(grep -v '^#' tests/parts.txt) || return
	for file in $(find preload tools -name '*.[chS]' -o -name '*.js' -o -name '*.css'); do
		while read -r pattern parts; do
			# shellcheck disable=SC2053
			[[ $file == $pattern ]] && break
		done <<<"$patterns"
		case $pattern in
		preload/\* | tools/\*) echo "$file" ;;
		*) [[ $file == $pattern ]] || echo "$file" ;;
		esac
	done
}

# `finish` ends a part: what stands below it is never run.
parts_that_go_on() {
	local file
	for file in $(grep -l '/lib\.sh"$' tests/*.sh tests/*/*.sh); do
		if grep -q '^finish$' "$file" && [ "$(tail -n 1 "$file")" != finish ]; then
			echo "$file: below finish"
		fi
	done
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
	done < <(grep -v '^#' tests/parts.txt || echo tests/parts.txt empty)
	empty parts-for-files "$problems"
	silent parts-for-each-source sources_without_parts
	silent nothing-below-finish parts_that_go_on
	check parts-of-a-file [ "$(bash scripts/test.sh --for tests/cli/ci.sh tools/try/trial.c)" = \
		"scripts/test.sh house ci unit try" ]
	check parts-of-no-file [ "$(bash scripts/test.sh --for tools/main.c tools/man.c 2>&1 >/dev/null)" = \
		"test.sh: there is no file tools/man.c" ]
	check parts-of-no-file-status sh -c 'bash scripts/test.sh --for tools/man.c >/dev/null 2>&1; [ $? = 2 ]'
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

core_undefined() {
	core_objects | xargs nm -u | awk '$1 == "U" { print $2 }' | sort -u
}

core_symbols() {
	core_objects | xargs nm -A
}

shim_symbols() {
	shim_objects | xargs nm -g --defined-only | awk 'NF == 3 { print $3 }' | sort -u
}

tool_symbols() {
	find "$BUILD/tools" -name '*.o' ! -name 'static.c.o' | xargs nm -g --defined-only | awk 'NF == 3 { print $3 }' | sort -u
}

exported() {
	nm -D --defined-only "$LIB" | awk '{ print $3 }'
}

imported() {
	nm -D --undefined-only "$LIB" | awk '{ sub(/@.*/, "", $2); print $2 }'
}

check_symbols() {
	local wrappers forbidden string='memcpy|memmove|memset|memcmp|strlen|strcmp'
	wrappers=$(sed -n 's/^\t\([a-zA-Z_0-9]*\);$/\1/p' preload/vmatrace.map | paste -sd'|')
	only core-undefined "^(vmt_.*|$string|_GLOBAL_OFFSET_TABLE_)\$" core_undefined
	never core-no-variables ' [BbDC] ' core_symbols
	only prefixes "^((vmt|VMT|vmatrace)_.*|$wrappers|$string)\$" shim_symbols
	only tool-prefixes '^(vmt_.*|main)$' tool_symbols
	only exported "^($wrappers|vmatrace_.*)\$" exported
	# All that the library may use of libc, and only while it starts.
	only symbol-budget '^(_ITM_.*|__cxa_finalize|__gmon_start__|__errno_location|'\
'dl_iterate_phdr|getauxval)$' imported
	forbidden='malloc|calloc|realloc|free|printf|fprintf|snprintf|abort|exit|getenv'
	EXCEPT=':[0-9]+:\s*(/?\*|//)' never no-malloc-in-source "(^|[^a-z_A-Z0-9>.])($forbidden) *\\(" \
		grep -rn --include='*.c' '' preload
}

# Under a filter, a system call of our own is refused if it has no kind. A call that the program
# makes must not depend on what is known of filters.
check_filter_kinds() {
	local made listed
	made=$(find preload -name '*.[ch]' -exec cat {} + | tr -d '\n' |
		grep -oE 'vmt_(sys[0-5]|filter_own6)\([ 	]*SYS_[a-z0-9_]+' | grep -oE 'SYS_.*' | sort -u)
	listed=$(find preload -name filter.c -exec sed -n '/_kinds\[\] = {/,/^}/p
		/_tools_calls\[\] = {/,/^}/p' {} + | grep -oE '\{ SYS_[a-z0-9_]+' | cut -c3- | sort -u)
	listed filter-kinds echo "$made" && listed filter-kinds echo "$listed" &&
		empty filter-kinds "$(comm -23 <(echo "$made") <(echo "$listed"))" \
			"$(echo "$made" | wc -l) numbers"
	never filter-program-calls 'vmt_(sys[0-5]|filter_own6)\(' \
		grep -rn --include='wrap*.[ch]' '' preload
}

sources() {
	find preload tools tests scripts -type f \( -name '*.[chS]' -o -name '*.cc' -o -name '*.sh' \
		-o -name '*.py' -o -name '*.js' -o -name '*.css' \)
}

lengths() {
	sources | xargs wc -l | awk '$2 != "total" { print $1, $2 }'
}

function_lengths() {
	# shellcheck disable=SC2046
	functions $(find preload tools tests -name '*.c') | sort -k2 -n
}

# A line for each file: that it is licensed, or its name.
licences() {
	sources | xargs awk 'FNR == 1 { print said; said = FILENAME }
		/SPDX-License-Identifier/ { said = "licensed" } END { print said }'
}

check_lengths() {
	listed files-under-500-lines lengths &&
		empty files-under-500-lines "$(awk '$1 > 500' <<<"$LISTED")" "over 360: $(awk '$1 > 360 {
			printf "%s%s %d", sep, $2, $1; sep = ", " }' <<<"$LISTED")"
	listed functions-under-60-lines function_lengths &&
		empty functions-under-60-lines "$(awk '$2 > 60' <<<"$LISTED")" "longest: $(tail -1 <<<"$LISTED")"
	only licences '^(licensed)?$' licences
}

# The .bss must lie in the last page of the data: a page of its own would merge with what the
# program maps behind it.
check_file() {
	local pages bytes
	pages=$(readelf -lW "$LIB" | awk '$1 == "LOAD" && / RW / {
		print $3, $5, $6 }' | while read -r address in_file in_memory; do
		echo $(((address + in_memory + 4095) / 4096 - (address + in_file + 4095) / 4096))
	done)
	[ "$pages" = 0 ] && pass no-bss-page || fail no-bss-page "${pages:-no data} pages"
	never no-vector-registers '%[xyz]mm[0-9]|%st|%k[0-7]|%mm[0-7]' instructions
	# Allocation functions leave by a jump, without a frame: the next definition sees its caller.
	never malloc-without-a-frame '\s(call|push|sub +.*,%rsp|ret)' allocation_functions
	check initfirst-nodelete sh -c "readelf -dW $LIB | grep NODELETE | grep -q INITFIRST"
	bytes=$(readelf -lW "$LIB" | awk '$1 == "TLS" { print $6 }')
	check tls-under-256-bytes [ $((${bytes:-1000})) -le 256 ]
}

# The addresses behind the jumps of vmt_gate_moved may read as any instruction.
instructions() {
	objdump -d --no-show-raw-insn "$LIB" | awk '/^[0-9a-f]+ <.*>:$/ { name = $2 }
		name !~ /vmt_gate_moved/ { print name $0 }'
}

allocation_functions() {
	for name in malloc free calloc realloc reallocarray memalign posix_memalign aligned_alloc \
		valloc pvalloc; do
		objdump -d --no-show-raw-insn --disassemble=$name "$LIB" | grep -E '^ ' | sed "s/^/$name:/" ||
			return
	done
}

# A check whose command fails must not pass.
check_failures() {
	local name said
	mkdir "$TMP/broken"
	for name in python3 nm objdump readelf gcc cc valgrind clang-format clang-format-14; do
		printf '#!/bin/sh\nexit 1\n' >"$TMP/broken/$name"
	done
	chmod +x "$TMP/broken"/*
	said=$(exec 2>/dev/null
		PATH=$TMP/broken:$PATH
		check_includes
		check_symbols
		check_file
		cd "$TMP/empty" && check_includes && check_symbols && check_filter_kinds && check_lengths)
	empty failures-are-failures "$(grep '^ok' <<<"$said" |
		grep -vE '(core-includes|shim-includes|commands-apart|no-malloc-in-source) ')" \
		"$(grep -c ^FAIL <<<"$said") of them"
}

# Does the build folder hold all that gcc makes of the sources as they are now, without a warning and
# with the options that a build has unless it is told otherwise? scripts/test.sh makes such a folder.
is_built_by_gcc_werror() {
	local options compiler
	options=$(jq -r '.[] | select(.name | IN("werror", "buildtype", "warning_level", "c_args", "b_sanitize",
		"lto", "tests", "kill_points", "fuzzer")) | "\(.name)=\(.value)"' \
		"$BUILD/meson-info/intro-buildoptions.json" | sort | tr '\n' ' ')
	compiler=$(jq -r '[.[].target_sources[]? | select(.language == "c").compiler[0]] | unique | join(" ")' \
		"$BUILD/meson-info/intro-targets.json")
	[ "$options" = "b_sanitize=none buildtype=debugoptimized c_args=[] fuzzer=false kill_points=false \
lto=true tests=true warning_level=2 werror=true " ] &&
		[ "$(command -v "$compiler")" -ef "$(command -v gcc)" ] &&
		ninja -C "$BUILD" -n 2>/dev/null | grep -qx 'ninja: no work to do.'
}

check_gcc() {
	if is_built_by_gcc_werror; then
		pass build-gcc-werror "the build folder is such a build"
	else
		build build-gcc-werror gcc --werror -Ddebug=false
	fi
}

# clang warns of the same at any level of optimisation.
check_clang() {
	if has_program clang; then
		build build-clang-werror clang --werror -Ddebug=false -Doptimization=0
	else
		pass build-clang-werror "skipped: no clang"
	fi
}

# build NAME COMPILER ARGUMENTS...: a build in a folder of its own must succeed. ONLY: what is built
build() {
	local name=$1 compiler=$2
	shift 2
	# shellcheck disable=SC2086
	if CC=$compiler meson setup "$TMP/$name" "$ROOT" "$@" >"$TMP/$name.log" 2>&1 &&
		ninja -C "$TMP/$name" -k 0 -j 2 ${ONLY:-} >>"$TMP/$name.log" 2>&1; then
		pass "$name"
	else
		fail "$name" "$(grep -E 'error:|ERROR' "$TMP/$name.log" | head -5 |
			sed 's/.*main\///' | tr '\n' ' ' | cut -c1-500)"
		return 1
	fi
}

# Only what is run: the unit tests and the tool. Sanitizers see what an optimiser has left of the
# code, and need lines in the stacks that they print, but no more for a debugger.
check_sanitized() {
	local said
	ONLY="meson-test-prereq tools/vmatrace" build build-sanitized gcc \
		-Db_sanitize=address,undefined -Db_lundef=false \
		-Doptimization=1 -Ddebug=false -Dc_args=-g1 || return
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
check_failures
if [ -z "${FAST:-}" ]; then
	check_gcc
	check_clang
	check_sanitized
fi
finish
