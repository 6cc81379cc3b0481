# SPDX-License-Identifier: MIT
# Built with AddressSanitizer. Its runtime makes system calls by instructions of its own, so much
# of what it maps is unseen, and the report must say so. It refuses to start when another library
# is preloaded, unless it is told not to look, as here.
NEEDS=gcc
VERIFY=0
ALLOW=noted
EXPECT="makes system calls directly"
export ASAN_OPTIONS=verify_asan_link_order=0

prepare() {
	gcc -g -fsanitize=address -o program "$ROOT/tests/targets/malloc_threads.c" \
		-pthread -I"$ROOT/tests/targets"
}

run() {
	"$PREPARED/program"
}
