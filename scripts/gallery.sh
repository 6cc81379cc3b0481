#!/bin/bash
# SPDX-License-Identifier: MIT
# Make the pictures of doc/gallery from real runs: pages of report --format=html as a headless
# Chromium shows them. doc/gallery/made-from holds a sum of the page's sources and of what is below
# that makes the pictures; tests/html.sh fails if it is no longer that of the sources.
#
#   scripts/gallery.sh            make them
#   scripts/gallery.sh --check    say whether they are up to date
[ -n "${BASH_VERSION:-}" ] || exec bash "$0" "$@"
set -eu
export LC_ALL=C
. "$(dirname "$0")/usage.sh"
[ "${1:-}" = --check ] || no_options "$@"
ROOT=$(cd "$(dirname "$0")/.." && pwd)
BUILD=$(cd "${BUILD:-$ROOT/build}" && pwd)
LIB=$BUILD/preload/libvmatrace.so
TOOL=$BUILD/tools/vmatrace
GALLERY=$ROOT/doc/gallery

sum_of_sources() {
	(cd "$ROOT" && cat tools/html/page/*.js tools/html/page/*.css tools/html/page/page.html tests/html/shots.js &&
		sed -n '/^library() {$/,$p' scripts/gallery.sh) | sha256sum | cut -d' ' -f1
}

if [ "${1:-}" = --check ]; then
	[ "$(cat "$GALLERY/made-from")" = "$(sum_of_sources)" ] && exit 0
	echo "the page has changed since doc/gallery was made: run scripts/gallery.sh" >&2
	exit 1
fi

# The pages show the paths of programs, which must not lie in somebody's home folder.
DEMO=/tmp/demo
rm -rf "$DEMO"
mkdir -p "$DEMO" "$GALLERY"
trap 'rm -rf "$DEMO"' EXIT
cd "$DEMO"

library() {
	/sbin/ldconfig -p | awk -v name="$1" '$1 == name && /x86-64/ { print $NF; exit }'
}

# held NAME LIBRARY [VAR=VALUE...] COMMAND...: make the page of a program that prints "ready PID"
# and then waits
held() {
	local name=$1 with=$2 job pid=
	shift 2
	mkdir "$name.rec"
	mkfifo input
	: >ready
	env LD_PRELOAD="$LIB $with" VMATRACE_OPTIONS="dir=$name.rec:report=0" "$@" <input >ready &
	job=$!
	exec 9>input
	while [ -z "$pid" ] && kill -0 $job 2>/dev/null; do
		pid=$(awk '/^ready / { print $2 }' ready)
		[ -n "$pid" ] || sleep 0.02
	done
	"$TOOL" report --format=html -o "$name.html" "$name.rec"
	exec 9>&-
	wait $job
	rm input
}

cat >leak.c <<'END'
#include <sys/mman.h>
#include <unistd.h>
static __attribute__((noinline)) int remember(void)
{
	char *at = mmap(0, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return at != MAP_FAILED && mprotect(at, 4096, PROT_NONE) == 0;
}
static __attribute__((noinline)) void burst(void)
{
	char *at = mmap(0, 8 << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	for (int i = 0; i < 2048; i += 2)
		mprotect(at + i * 4096, 4096, PROT_NONE);
	munmap(at, 8 << 20);
}
int main(void)
{
	for (int i = 1; remember(); i++) {
		if (i % 4096 == 0)
			burst();
		if (i % 512 == 0)
			usleep(10000);
	}
	return 0;
}
END
cc -g -O1 leak.c -o leak
cp "$BUILD/tests/targets/case_churn" .
held electric-fence "$(library libefence.so.0)" EF_DISABLE_BANNER=1 ./case_churn 4000
held jemalloc "$(library libjemalloc.so.2)" MALLOC_CONF=retain:false,dirty_decay_ms:0,muzzy_decay_ms:0 \
	./case_churn 4000
"$TOOL" run -r none -o leak.rec ./leak
"$TOOL" report --format=html -o leak.html leak.rec
node "$ROOT/tests/html/shots.js" "$GALLERY" electric-fence.html:space jemalloc.html:space leak.html:time
sum_of_sources >"$GALLERY/made-from"
