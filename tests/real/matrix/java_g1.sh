# SPDX-License-Identifier: MIT
# OpenJDK with the G1 collector: threads that allocate, a heap that grows and shrinks.
NEEDS="java javac"
VERIFY=20
SECONDS_MAX=120

prepare() {
	cp "$CASES/Heap.java" . && javac Heap.java
}

run() {
	java -XX:+UseG1GC -Xmx256m -cp "$PREPARED" Heap
}
