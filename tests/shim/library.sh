#!/bin/bash
# SPDX-License-Identifier: MIT
# The library as a file: what it exports, needs and refers to, how its data is laid out, and how
# many maps it takes. These are the rules for code in somebody else's process.
. "$(dirname "$0")/../lib.sh"

EXPORTS='mmap|mmap64|munmap|mprotect|pkey_mprotect|mremap|madvise|posix_madvise|process_madvise'
EXPORTS+='|brk|sbrk|mlock|mlock2|munlock|mlockall|munlockall|mbind|set_mempolicy_home_node|mseal'
EXPORTS+='|shmat|shmdt|remap_file_pages|prctl|arch_prctl|ioctl|close|syscall|io_setup|io_destroy'
EXPORTS+='|_exit|_Exit|exec[a-z]*|fexecve|v?fork|clone|posix_spawnp?'
EXPORTS+='|personality|chroot|fclose|seteuid|setresuid|setreuid|setuid'
EXPORTS+='|malloc|free|calloc|realloc|reallocarray|memalign|posix_memalign|aligned_alloc'
EXPORTS+='|valloc|pvalloc|mallopt'
EXPORTS+='|vmatrace_[a-z_]*|vmt_version'

exported=$(nm -D --defined-only "$LIB" | awk '$2 != "A" { sub(/@.*/, "", $3); print $3 }' |
	grep -vxE "$EXPORTS" | tr '\n' ' ')
check_empty() {
	if [ -z "$2" ]; then pass "$1" "${3:-}"; else fail "$1" "$2"; fi
}
check_empty exports "$exported" "wrappers only"
for symbol in mmap mmap64 munmap mprotect mremap madvise syscall; do
	nm -D --defined-only "$LIB" | grep -qE " $symbol(@|\$)" || missing="${missing:-} $symbol"
done
check_empty wrappers "${missing:-}" "mmap, mmap64, munmap, mprotect, mremap, madvise, syscall"

# What the library may use of libc: nothing that locks, allocates or prints.
BUDGET='__cxa_finalize|__gmon_start__|_ITM_.*|__errno_location'
BUDGET+='|dl_iterate_phdr|getauxval'
undefined=$(nm -D --undefined-only "$LIB" | awk '{ sub(/@.*/, "", $2); print $2 }' |
	grep -vxE "$BUDGET" | tr '\n' ' ')
check_empty undefined "$undefined" "$(nm -D --undefined-only "$LIB" | wc -l) symbols, all allowed"


# One file serves every C library: it names none, needs no symbol version above glibc 2.17, and no
# symbol that one of them may lack. musl has no TLS descriptors, and older libraries have no RELR.
needed=$(readelf -d "$LIB" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | tr '\n' ' ')
check_empty needed "$needed" "no library"
strong=$(nm -D --undefined-only "$LIB" | awk '$1 == "U" { sub(/@.*/, "", $2); print $2 }' |
	sort | tr '\n' ' ')
check_empty no_strong_names "$strong"
version=$(nm -D --undefined-only "$LIB" | sed -n 's/.*@GLIBC_//p' | sort -uV | tail -1)
[ "$(printf '%s\n' "$version" 2.17 | sort -V | tail -1)" = 2.17 ] &&
	pass versions "${version:-none}" || fail versions "$version"
check_empty other_versions "$(readelf -VW "$LIB" | grep -oE 'Name: [A-Z]+_[0-9A-Z_.]+' |
	grep -vE 'GLIBC_2\.([0-9]|1[0-7])(\.[0-9]+)?$' | tr '\n' ' ')"
check_empty no_relr_or_dynamic_tls "$(readelf -drW "$LIB" |
	grep -oE 'RELR|TLSDESC|DTPMOD64|DTPOFF64|__tls_get_addr' | sort -u | tr '\n' ' ')"
flags=$(readelf -d "$LIB" | grep -E 'FLAGS_1' )
for flag in NODELETE INITFIRST; do
	[[ $flags == *$flag* ]] || unset_flags="${unset_flags:-} $flag"
done
check_empty flags "${unset_flags:-}" "NODELETE INITFIRST"

# A page of .bss would be anonymous memory beside that of ld.so, and merge with it.
bss=
while read -r _ _ address _ file memory _; do
	end_in_file=$(((address + file + 4095) / 4096))
	end_in_memory=$(((address + memory + 4095) / 4096))
	[ $end_in_memory -le $end_in_file ] ||
		bss+="segment at $address: $file in the file, $memory in memory; "
done < <(readelf -lW "$LIB" | grep -E '^ +LOAD .* RW' | sed 's/^ */x /')
check_empty no_bss_page "$bss"
tls=$(readelf -lW "$LIB" | awk '$1 == "TLS" { print $6 }')
tls=$((${tls:-0}))
if [ $tls -le 256 ]; then pass tls "$tls bytes"; else fail tls "$tls bytes"; fi
executable=$(readelf -lW "$LIB" | awk '/LOAD|GNU_STACK/ && /RWE/')
check_empty no_writable_code "$executable"

traced "$TMP/true" "" /bin/true
judge "$TMP/true"
own=$(jq '.processes[0].maps.own' "$TMP/true/json" 2>/dev/null)
if [ "${own:-99}" -le 12 ]; then
	pass own_maps "$own maps of its own"
else
	fail own_maps "own maps: ${own:-unknown} $PROBLEMS"
fi
# The recording is mapped so that nothing is read ahead ("rr"), which would be megabytes of zeros
# for each process.
mkdir -p "$TMP/recorded"
flags=$(LD_PRELOAD=$LIB VMATRACE_OPTIONS="dir=$TMP/recorded:report=0" cat /proc/self/smaps |
	awk '/^[0-9a-f]+-[0-9a-f]+ / { inside = /\.vmt$/ } inside && /^VmFlags:/')
case "$flags " in
*' rr '*) pass recording_is_not_read_ahead "$flags" ;;
*) fail recording_is_not_read_ahead "$flags" ;;
esac
# The same libraries are loaded as without tracing, plus this one.
LD_TRACE_LOADED_OBJECTS=1 /bin/true | awk '{ print $1 }' | sort >"$TMP/without"
LD_PRELOAD=$LIB LD_TRACE_LOADED_OBJECTS=1 /bin/true | awk '{ print $1 }' | sort >"$TMP/with"
more=$(comm -13 "$TMP/without" "$TMP/with" | grep -v libvmatrace | tr '\n' ' ')
check_empty no_other_library "$more"
finish
