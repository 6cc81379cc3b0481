# SPDX-License-Identifier: MIT
# A compilation by javac; the classes must be the same, byte by byte.
NEEDS=javac
VERIFY=20
SECONDS_MAX=120

run() {
	javac -d . "$CASES/Heap.java" && sha256sum ./*.class
}
