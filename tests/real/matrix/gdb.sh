# SPDX-License-Identifier: MIT
# gdb runs a program that is traced as well: breakpoints, a backtrace, the program's end.
NEEDS="gdb gcc"
VERIFY=20
SECONDS_MAX=120

prepare() {
	printf '%s\n' '#include <stdio.h>' '#include <stdlib.h>' \
		'static int twice(int n) { free(malloc(n * 100000)); return 2 * n; }' \
		'int main(void) { int s = 0; for (int i = 0; i < 5; i++) s += twice(i);' \
		'printf("sum %d\n", s); return 3; }' >program.c
	gcc -g -O0 program.c -o program
}

run() {
	gdb -nx -batch -ex "set debuginfod enabled off" -ex "break twice" -ex run -ex bt \
		-ex "finish" -ex "delete" -ex continue "$PREPARED/program" 2>&1 |
		sed -E 's/0x[0-9a-f]+/ADDRESS/g; s/process [0-9]+/process PID/' |
		grep -vE '^\[|^Using host|^warning: '
	return "${PIPESTATUS[0]}"
}
