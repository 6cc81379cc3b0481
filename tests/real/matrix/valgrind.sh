# SPDX-License-Identifier: MIT
# A program inside valgrind, with the library inside as well.
NEEDS=valgrind
VERIFY=0	# valgrind maps memory for itself between the calls
SECONDS_MAX=180
# That is in the process, and not seen: the report says so.
ALLOW=noted
EXPECT="Running under valgrind"

run() {
	valgrind -q --error-exitcode=9 "$TARGETS/malloc_threads"
}
