#!/bin/sh
# SPDX-License-Identifier: MIT
# Compare the CFI reader with readelf on every row of every large library found
# here: cfi_against_readelf.sh PATH-OF-THE-CFI-TEST [FILE...]
# Fails if one row differs. Takes some seconds; the test by itself does libc and ld.so only.
set -eu

test=${1:?usage: $0 PATH-OF-THE-CFI-TEST [FILE...]}
shift

if [ $# -eq 0 ]; then
	lib=/usr/lib/x86_64-linux-gnu
	for file in /lib64/ld-linux-x86-64.so.2 $lib/libc.so.6 $lib/libm.so.6 $lib/libgcc_s.so.1 \
		$lib/libstdc++.so.6 $lib/libcrypto.so.3 $lib/libLLVM-*.so.1 \
		/usr/lib/jvm/*/lib/server/libjvm.so \
		"$(command -v node || true)" "$(command -v gdb || true)"; do
		[ -f "$file" ] && set -- "$@" "$file"
	done
fi
VMT_CFI_FILES="$*" exec "$test" --filter 'cfi/rows_equal_those_of_readelf'
