# SPDX-License-Identifier: MIT
# A library linked with -Bsymbolic that has a malloc and an mmap of its own name, and its user.
NEEDS=gcc

prepare() {
	gcc -O1 -shared -fPIC -Wl,-Bsymbolic -o libown.so "$CASES/own_names.c" &&
		gcc -O1 -DUSER -o program "$CASES/own_names.c" -L. -lown -Wl,-rpath,"$PWD"
}

run() {
	"$PREPARED/program"
}
