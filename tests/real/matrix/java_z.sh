# SPDX-License-Identifier: MIT
# OpenJDK with the Z collector, which maps each heap page several times.
NEEDS="java javac"
VERIFY=20
SECONDS_MAX=120

prepare() {
	cp "$CASES/Heap.java" . && javac Heap.java
}

run() {
	java -XX:+UseZGC -Xmx256m -cp "$PREPARED" Heap
}
