# SPDX-License-Identifier: MIT
# A C++ program with libgcc and libstdc++ inside: exceptions through threads and from malloc.
NEEDS=g++

prepare() {
	g++ -O1 -static-libgcc -static-libstdc++ -o program "$CASES/throws.cc" -pthread
}

run() {
	"$PREPARED/program"
}
