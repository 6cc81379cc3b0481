# SPDX-License-Identifier: MIT
# make -j2 of a small C project: the program that comes out must be the same and run.
NEEDS="make gcc ar"
VERIFY=10
SECONDS_MAX=180

prepare() {
	local i
	for i in $(seq 12); do
		printf '#include <stdio.h>\nint f%d(int x) { return printf("%%d\\n", x + %d); }\n' \
			"$i" "$i" >"f$i.c"
	done
	{
		for i in $(seq 12); do echo "int f$i(int);"; done
		echo "int main(void) {"
		for i in $(seq 12); do echo "f$i($i);"; done
		echo "return 0; }"
	} >main.c
	printf 'S = $(wildcard *.c)\nprogram: $(S:.c=.o)\n\t@gcc -o $@ $^\n' >Makefile
	printf '%%.o: %%.c\n\t@gcc -O2 -c $< -o $@\n' >>Makefile
}

run() {
	cp "$PREPARED"/* . && make -s -j2 && ./program && sha256sum ./*.o program
}
