#!/bin/bash
# SPDX-License-Identifier: MIT
# The recordings' files where they lie: names that many want, whose they are, what they take.
. "$(dirname "$0")/../lib.sh"
cd "$TMP" || exit 2
DEMO=$TARGETS/demo12k
"$DEMO" >plain.out

# recorded DIR: how many recordings there are in DIR that end well and are exact
recorded() {
	"$TOOL" report --format=json "$1" 2>"$1.err" |
		jq '[.processes[] | select(.end == "exit" and .coverage.exact)] | length' 2>>"$1.err"
}

# The same number in 16 pid namespaces at once. A file of such a name that is somebody else's stays.
mkdir same_pid
echo mine >same_pid/demo12k.1.tmp
for _ in $(seq 16); do
	LD_PRELOAD=$LIB VMATRACE_OPTIONS=report=0:dir=$TMP/same_pid unshare -pf "$DEMO" \
		>>same_pid.out 2>>same_pid.err &
done
wait
count=$(ls same_pid | grep -c '^demo12k\.1\(-[0-9]*\)\?\.vmt$')
rm -f same_pid/unshare.*
if [ "$count" = 16 ] && [ "$(recorded same_pid)" = 16 ] && [ ! -s same_pid.err ] &&
	[ "$(cat same_pid/*.tmp)" = mine ]; then
	pass same_pid "$count recordings"
else
	fail same_pid "$count recordings, $(ls same_pid | head -20 | tr '\n' ' ') $(head -c 300 same_pid.err)"
fi

# More than 1,000 images of one process: each has its recording, the last one is number 1,101.
mkdir images
bash -c 'for i in {2..1100}; do : >images/demo12k.$$-$i.vmt; done; : >images/demo12k.$$.vmt
	echo $$ >images.pid
	LD_PRELOAD=$0 VMATRACE_OPTIONS=report=0:dir=images exec "$1"' "$LIB" "$DEMO" >images.out 2>&1
if [ -s "images/demo12k.$(cat images.pid)-1101.vmt" ] && cmp -s images.out plain.out; then
	pass images
else
	fail images "$(ls -s images | awk '$1' | tail -3 | tr '\n' ' ') $(head -c 300 images.out)"
fi

# It holds the command line: for its owner only, whatever the umask says.
mkdir private
(umask 0; LD_PRELOAD=$LIB VMATRACE_OPTIONS=report=0:dir=private "$DEMO" >/dev/null)
mode=$(stat -c %a private/*.vmt)
[ "$mode" = 600 ] && pass private || fail private "mode $mode"

finish
