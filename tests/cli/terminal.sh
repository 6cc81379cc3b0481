#!/bin/bash
# SPDX-License-Identifier: MIT
# Programs on a terminal, in tmux: editors, pagers and tmux itself under `vmatrace run`, ^C and ^Z,
# and `vmatrace top` with a program that grows.
. "$(dirname "$0")/../lib.sh"
cd "$TMP" || exit 2
unset TMUX
line_of() { grep -n "$1" "$ROOT/tests/targets/grows_on_demand.c" | head -1 | cut -d: -f1; }
export TERM=screen

if ! has_program tmux; then
	fail terminal "tmux is not installed"
	finish
fi
# tmux must not inherit the end of the pipe from which the program under test reads.
tmux() { command tmux -L "vmatrace-terminal-$$" -f /dev/null "$@" 9>&-; }
stop_all() {
	exec 9>&-
	tmux kill-server 2>/dev/null
	command tmux -L "vmatrace-inner-$$" kill-server 2>/dev/null
	clean_up
}
trap stop_all EXIT

# shows PATTERN: wait up to 20 seconds until the screen shows it
shows() {
	local tries
	for ((tries = 0; tries < 200; tries++)); do
		tmux capture-pane -p -t pane >screen 2>/dev/null
		grep -qE -- "$1" screen && return
		sleep 0.1
	done
	return 1
}

# see NAME PATTERN
see() {
	if shows "$2"; then
		pass "$1"
	else
		fail "$1" "no '$2' on the screen: $(grep -v '^$' screen | head -12 | cut -c1-90 | tr '\n' '|')"
	fi
}

# start COMMAND: run it in a new terminal, which shows its status at the end
start() {
	# The server of tmux would end with its last session.
	tmux has-session -t keeper 2>/dev/null || tmux new-session -d -s keeper "read -r line"
	tmux kill-session -t pane 2>/dev/null
	tmux new-session -d -s pane -x 100 -y "${ROWS:-24}" "$1; echo status \$?; read -r line"
}
keys() { tmux send-keys -t pane "$@"; }
RUN="$TOOL run --report=none -o $TMP/rec"

editor=$(command -v vim.tiny || command -v vim || echo no-editor-is-installed)
start "$RUN $editor -u NONE -n written.txt"
see vim-starts '^~'
keys i 'hello from the editor' Escape ':wq' Enter
see vim-ends '^status 0$'
check vim-wrote grep -q '^hello from the editor$' written.txt

seq 1000 >lines
start "$RUN less lines"
see less-starts '^lines|^20$'
keys G
see less-goes-to-the-end '^1000$'
keys q
see less-ends '^status 0$'

start "$RUN tmux -L vmatrace-inner-$$ -f /dev/null new-session 'echo inside; read -r line; exit'"
see tmux-in-tmux '^inside$'
keys Enter
see tmux-ends '^status 0$'

start "$RUN sh -c 'trap \"echo caught; exit 7\" INT; echo ready; while :; do sleep 0.05; done'"
see before-interrupt '^ready$'
keys C-c
see interrupt '^status 7$'
check interrupt-once [ "$(grep -c '^.*caught$' screen)" = 1 ]

echo 'echo started; exec sed -u s/^/got-/' >stopped.sh
start "bash --norc --noprofile"
keys "$RUN sh stopped.sh" Enter
shows '^started$'
keys "first" Enter
see before-stop '^got-first$'
keys C-z
see stopped 'Stopped'
keys "fg" Enter
# Keys that are typed while the shell hands the terminal over may be lost.
for ((i = 0; i < 100; i++)); do
	keys "second" Enter
	sleep 0.1
	tmux capture-pane -p -t pane | grep -q '^got-second$' && break
done
see continued '^got-second$'
keys C-d exit Enter
see job-ends '^status 0$'

# A program that makes maps whenever it is told to.
mkfifo numbers
mkdir live
LD_PRELOAD=$LIB VMATRACE_OPTIONS=dir=$TMP/live:report=0 "$TARGETS/grows_on_demand" <numbers >out &
pid=$!
exec 9>numbers
echo 10 >&9
# Of a page that is longer than the screen, the first lines must be visible.
ROWS=10 start "$TOOL maps --watch --interval=1 --count=2 $pid"
see maps-watch "^grows_on_demand \($pid\): [0-9]+ maps"
check maps-watch-from-the-top sh -c "head -1 screen | grep -q '^grows_on_demand'"
see maps-watch-ends '^status 0$'
start "LC_ALL=C.UTF-8 $TOOL top --interval=0.3 $pid"
see top-count "^maps   [0-9,]+ \(\+[0-9]+ vmatrace\) of [0-9,]+, 0 %"
feed() {
	local tries
	for ((tries = 0; tries < 300; tries++)); do
		echo 20 >&9
		tmux capture-pane -p -t pane >screen
		grep -qE "$1" screen && return
		sleep 0.05
	done
	return 1
}
check top-rate feed '^rate   \+[0-9,]+ a second, the limit in [0-9,]+ s'
check top-rates-of-sites feed '\+[0-9,]+ +[1-9][0-9,]* +mprotect +make_object .*grows_on_demand.c:'$(line_of 'mprotect(at')
check top-sparkline grep -qE '^[▁▂▃▄▅▆▇]+█' screen
for sort in net:n peak:p calls:c created:r split:s live:l; do
	keys "${sort#*:}"
	see "top-key-${sort#*:}" "sorted by ${sort%:*}:"
done
keys Down Up Enter
see top-stack '#1 +main .*grows_on_demand.c:'$(line_of '	make_object();')
keys Enter
see top-stack-closes 'live/s'
keys " "
see top-pauses PAUSED
keys " "
exec 9>&-
wait $pid
see top-sees-the-end 'ENDED'
keys q
see top-ends '^status 0$'
start "$TOOL top live"
see top-of-a-directory "^vmatrace top  $pid "
keys q
see top-of-a-directory-ends '^status 0$'
# The picture of the address space: only on a terminal, colours only there and if they are wanted.
# drawn COLUMNS ENVIRONMENT... -- ARGUMENTS...: what the tool writes on a terminal, into the file drawn
drawn() {
	local columns=$1 environment=
	shift
	while [ "$1" != -- ]; do
		environment+=" $1"
		shift
	done
	shift
	script -qec "stty cols $columns; env$environment $TOOL $*" /dev/null </dev/null 2>&1 | tr -d '\r' >drawn
}
# widest COLUMNS: no line of the picture is longer
widest() {
	sed 's/\x1b\[[0-9;]*m//g; /^==/,$d' drawn >picture-only
	[ "$(wc -l <picture-only)" -ge 4 ] && [ "$(LC_ALL=C.UTF-8 wc -L <picture-only)" -le "$1" ]
}
colours() { LC_ALL=C grep -q $'\033\\[3' drawn; }

mkdir picture
LD_PRELOAD=$LIB VMATRACE_OPTIONS=report=0:dir=$TMP/picture "$TARGETS/guard_pages" || fail picture-recorded
drawn 80 LC_ALL=C.UTF-8 TERM=xterm -- report picture
check picture-clusters grep -qE '[1-9],[0-9]+ +[0-9.]+ [KMG]iB' drawn
check picture-utf8 grep -q '█\|▇' drawn
check picture-course grep -qE '^ +count .*(▁.*█|█.*▁).* [0-9,]+ to 1,024' drawn	# when it rose depends on the machine
check picture-colours colours
check picture-80 widest 80
check picture-then-report [ "$(grep -n '^==' drawn | head -1 | cut -d: -f1)" -gt 4 ]
check picture-last-line sh -c "tail -1 drawn | grep -q '^SUMMARY'"
drawn 44 LC_ALL=C.UTF-8 TERM=xterm -- report picture
check picture-44 widest 44
# The sentences above the table fit, but for a single word that is too long.
drawn 40 LC_ALL=C TERM=dumb -- report picture
check report-40-sentences awk '/^==.* live / { exit } /^==/ { n++ }
	/^==/ && length > 40 && NF > 2 { print; bad = 1 }
	END { exit bad || n < 8 }' drawn
# So is the report itself, down to 60 columns; a row that is too narrow for both keeps the function.
for columns in 60 70 80 100; do
	drawn $columns LC_ALL=C TERM=dumb -- report picture
	check report-$columns sh -c "grep -c '^==' drawn | grep -qx '[2-9][0-9]' && ! grep '^==' drawn | grep -E '^.{$((columns + 1))}'"
done
drawn 60 LC_ALL=C TERM=dumb -- report picture
check report-60-row grep -Eq 'mprotect split  [^ ]*make_obj[^ ]*$' drawn
check report-60-stack grep -q '#0  make_object .*guard_pages.c:' drawn
drawn 80 LC_ALL=C TERM=xterm -- report picture
check picture-ascii sh -c "! LC_ALL=C grep -q '[^ -~]' <<END
$(sed 's/\x1b\[[0-9;]*m//g' drawn)
END"
drawn 80 LC_ALL=C TERM=xterm NO_COLOR=1 -- report picture
check picture-no-colour sh -c "grep -qE '[*#].* [KMG]iB' drawn && ! grep -q \$(printf '\033') drawn"
drawn 80 TERM=dumb -- report picture
check picture-dumb sh -c "! grep -q \$(printf '\033') drawn"
drawn 80 TERM=xterm -- report --color=never picture
check picture-never sh -c "! grep -q \$(printf '\033') drawn"
drawn 80 TERM=xterm NO_COLOR=1 -- report --color=always picture
check picture-always colours
"$TOOL" report picture >plain.txt
check no-picture-in-a-pipe sh -c "head -1 plain.txt | grep -q '^==.*vmatrace:' && ! grep -q 'maps in a column' plain.txt"
drawn 80 LC_ALL=C.UTF-8 TERM=xterm -- maps $$
check maps-picture grep -q 'maps in a column' drawn
check maps-headline sh -c "head -1 drawn | grep -q ' maps, '"
"$TOOL" maps $$ >plain.txt
check maps-no-picture-in-a-pipe sh -c "! grep -q 'maps in a column' plain.txt"
"$TOOL" report --color=pink picture >plain.txt 2>err
check colour-refused sh -c "[ $? = 2 ] && grep -q 'auto, always or never, not pink' err"

finish
