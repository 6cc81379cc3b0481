# SPDX-License-Identifier: MIT
# Shared by the tests of check; sourced after tests/lib.sh, not run. Output of the commands under
# test goes to $WORK (default: the working folder).
WORK=${WORK:-.}

# status NAME WANTED COMMAND...: the exit status is WANTED; output goes to $WORK/out and $WORK/err
status() {
	local name=$1 wanted=$2 got
	shift 2
	"$@" >"$WORK/out" 2>"$WORK/err" </dev/null
	got=$?
	if [ $got = "$wanted" ]; then
		pass "$name"
	else
		fail "$name" "status $got instead of $wanted: $* $(tail -3 "$WORK/err" | tr '\n' ' ')"
	fi
}

# alone NAME WANTED OPTIONS COMMAND...: status, with the library only
alone() {
	local name=$1 wanted=$2 options=$3
	shift 3
	LD_PRELOAD=$LIB VMATRACE_OPTIONS=report=0:$options status "$name" "$wanted" "$@"
}

# has NAME FILE PATTERN: in $WORK/out or $WORK/err, or in a file by its path
has() {
	local file=$2
	[ "$file" != out ] && [ "$file" != err ] || file=$WORK/$file
	if grep -qE -- "$3" "$file"; then
		pass "$1"
	else
		fail "$1" "no \"$3\" in $2: $(head -20 "$file" | tr '\n' ' ')"
	fi
}

# compile NAME: make it from tests/cli/alarms/NAME.c
compile() {
	cc -g -O1 -I"$ROOT/preload" -pthread "$ROOT/tests/cli/alarms/$1.c" -o "$1" || exit 2
}

line_of() { grep -n "LINE-$1 " pool.c | cut -d: -f1; }

story_source() {
	cat >pool.c <<-'END'
		#include <sys/mman.h>
		static char *chunk;
		static int used;
		__attribute__((noinline)) int guard(char *object)
		{
			return mprotect(object + 4096, 4096, PROT_NONE) + 0 * used; /* LINE-GUARD */
		}
		char *pool_object(void)
		{
			char *object;
			if (!chunk)
				chunk = mmap(0, 512 * 4096, PROT_READ | PROT_WRITE,
					     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
			object = chunk + 8192 * used++;
		#ifdef GUARD
			if (guard(object)) /* LINE-CALL */
				return 0;
		#endif
			return object;
		}
	END
	cat >test.c <<-'END'
		#include <stdio.h>
		#include <stdlib.h>
		char *pool_object(void);
		int main(int argc, char **argv)
		{
			for (int i = 0; i < 25; i++)
				*pool_object() = 1;
			puts("fine");
			return argc > 1 ? atoi(argv[1]) : 0;
		}
	END
}

story_build() {
	cc -g -O1 -fPIC -shared "$@" pool.c -o libpool.so &&
		cc -g -O1 test.c -L. -lpool -Wl,-rpath,'$ORIGIN' -o unit-tests
}

