#!/bin/bash
# SPDX-License-Identifier: MIT
# Lines of python scripts in call sites: in each of many kinds of functions they must be what the
# interpreter itself says, and no map may lack them. Debian's interpreter, and those of pyenv where
# there are any; and one that says it is of an unknown version, in which nothing may be read.
. "$(dirname "$0")/../lib.sh"
cd "$TMP" || exit 2

# noted NAME DIR FILE PID: compare the report of a process with what it has noted
noted() {
	local said
	said=$(python3 "$ROOT/tests/shim/python_lines.py" "$2/json" "$3" "$4" 2>&1)
	if [ $? = 0 ]; then pass "$1" "$said"; else fail "$1" "$said"; fi
}

# lines NAME PYTHON
lines() {
	local child
	LIMIT=120 traced "$1" verify=20 "$2" "$ROOT/tests/targets/python_lines.py" "$1.noted"
	if [ "$(cat "$1/status")" != 0 ]; then
		fail "$1" "status $(cat "$1/status"): $(tail -3 "$1/err")"
		return
	fi
	"$TOOL" report --top=100000 --format=json "$1/rec" >"$1/json"
	child=$(jq ".processes[].pid | select(. != $(cat "$1/pid"))" "$1/json")
	noted "$1" "$1" "$1.noted" "$(cat "$1/pid")"
	noted "$1-fork" "$1" "$1.noted.child" "$child"
}

lines debian /usr/bin/python3
for python in ~/.pyenv/versions/3.1[123].*/bin/python3; do
	[ ! -x "$python" ] || lines "$(basename "$(dirname "$(dirname "$python")")")" "$python"
done

# Lines stand in the table, in JSON and in other formats, where C functions stood before.
"$TOOL" report --top=100 debian/rec >text
check table grep -qE ' mmap new +new_map .*python_lines.py:3[0-9]' text
check stack grep -qE '#[0-9]+ +in_turns .*python_lines.py:5[0-9]' text
check 80-columns sh -c '! grep -E "^.{81}" text | grep "\.py"'
VMATRACE_OPTIONS=tool=0 LD_PRELOAD=$LIB /usr/bin/python3 -c '
kept = []
def keep(): kept.append(bytearray(300000))
for i in range(100): keep()
__import__("os")._exit(0)' 2>own.txt
check without-tool grep -qE 'keep <string>:3' own.txt

# Two lines of one function are two rows, although their C stacks are the same.
cat >two.py <<'END'
import mmap
kept = []
def maps(n):
	for i in range(n):
		kept.append(mmap.mmap(-1, 4096))
		kept.append(mmap.mmap(-1, 8192))
		mmap.mmap(-1, 4096)
maps(200)
__import__('os')._exit(0)
END
traced two "" /usr/bin/python3 two.py
"$TOOL" report --top=100 two/rec >text
check first-line grep -qE ' mmap new +maps two.py:5' text
check second-line grep -qE ' mmap new +maps two.py:6' text
"$TOOL" report --format=folded two/rec >folded
check folded grep -qE '<module>;maps;.* 200$' folded
"$TOOL" report --format=pprof --output=pprof.gz two/rec
check pprof sh -c 'zcat pprof.gz | grep -aq two.py'
"$TOOL" report --format=html --output=html two/rec
check html grep -q two.py html
check check sh -c '"$1" check --max-growth=50 two/rec | grep -q "maps two.py:[56]"' - "$TOOL"
check given-back-line grep -qE ' munmap gone +maps two.py:7' text

# Modules that come with python are not headers of C++.
echo '__import__("mmap"); __import__("os")._exit(0)' >imports.py
traced imports "" /usr/bin/python3 imports.py
"$TOOL" report --top=100 imports/rec >text
check own-modules grep -qE '^==[0-9]+== +\.\.\. [0-9]+ functions of the language.s own modules$' text
check own-modules-only sh -c '! grep "system headers" text'

# When the interpreter starts and ends, in threads that it does not know, and in signal handlers.
cat >ends.py <<'END'
import atexit, ctypes, mmap, signal, threading
libc = ctypes.CDLL(None)
def forever():
	while True: libc.malloc_trim(0); libc.free(libc.malloc(300000))
libc.malloc.restype = ctypes.c_void_p
libc.free.argtypes = [ctypes.c_void_p]
for i in range(2): threading.Thread(target=forever, daemon=True).start()
signal.signal(signal.SIGALRM, lambda *_: mmap.mmap(-1, 4096))
signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
for i in range(3000): bytearray(300000)
signal.setitimer(signal.ITIMER_REAL, 0)
atexit.register(lambda: mmap.mmap(-1, 8192))
END
cat >late.py <<'END'
import mmap
class Late:
	def __del__(self): mmap.mmap(-1, 4096)
late = Late()
late.self = late
END
for i in 1 2 3 4 5; do
	traced ends "" /usr/bin/python3 ends.py
	[ "$(cat ends/status)" = 0 ] || break
done
check ends-quietly test "$(cat ends/status)" = 0
traced late "" /usr/bin/python3 late.py
"$TOOL" report --top=100000 --format=json late/rec >json
check at-the-end jq -e '[.processes[0].sites[].stack[].function] | index("Late.__del__")' json

# The version is a number in the interpreter's read-only data.
python3 - <<'END'
import re, struct, subprocess
file = open('/usr/bin/python3', 'rb').read()
symbol = re.search(r' (\w+) +\d+ OBJECT .* Py_Version', subprocess.run(
	['readelf', '--dyn-syms', '-W', '/usr/bin/python3'], capture_output=True, text=True).stdout)
address = int(symbol.group(1), 16)
offset, count = struct.unpack_from('<Q', file, 32)[0], struct.unpack_from('<H', file, 56)[0]
for i in range(count):
	kind, _, at, start, _, size = struct.unpack_from('<IIQQQQ', file, offset + 56 * i)
	if kind == 1 and start <= address < start + size:
		place = address - start + at
open('python3.99', 'wb').write(file[:place] + struct.pack('<I', 0x036300f0) + file[place + 4:])
END
chmod +x python3.99
traced other "" ./python3.99 two.py
"$TOOL" report --top=100 other/rec >text
check other-version-runs test "$(cat other/status)" = 0
check other-version-unread sh -c '! grep -q "two.py:" text && grep -q "lines of scripts are known for" text'

# Versions before 3.11.2 have no lines, and no wrong ones.
for python in ~/.pyenv/versions/3.{8,9,10}.*/bin/python3; do
	[ -x "$python" ] || continue
	name=$(basename "$(dirname "$(dirname "$python")")")
	traced "$name" "" "$python" two.py
	"$TOOL" report --top=100 "$name/rec" >text
	check "$name-unread" sh -c '[ "$(cat "$1/status")" = 0 ] && ! grep -q "two.py:" text' - "$name"
done

# A program that loads the interpreter when it needs it has its lines, or none.
for python in /usr/lib/x86_64-linux-gnu ~/.pyenv/versions/3.1[123].*/lib; do
	for library in "$python"/libpython3.1[123].so.1.0; do
		[ -e "$library" ] || continue
		home=$(dirname "$python")
		[ "$python" != /usr/lib/x86_64-linux-gnu ] || home=/usr
		name=embedded-$(basename "$library" .so.1.0)-$(basename "$home")
		traced "$name" "" env PYTHONHOME="$home" "$TARGETS/embeds_python" "$library" two.py
		"$TOOL" report --top=100 "$name/rec" >text
		[ "$(cat "$name/status")" = 0 ] &&
			[ -z "$(grep -o 'two.py:[0-9]*' text | grep -v 'two.py:[5679]$')" ] &&
			pass "$name" "$(grep -o 'mmap new.*two.py:.*' text | head -1)" ||
			fail "$name" "status $(cat "$name/status") $(head -c 200 "$name/err") $(grep -o 'two.py:[0-9]*' text | sort -u | head -3 | tr '\n' ' ')"
	done
done
finish
