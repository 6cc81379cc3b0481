#!/bin/bash
# SPDX-License-Identifier: MIT
# Interpreters: where stacks show no functions of scripts, the report says how to get them, in words
# that work. If generated code has several names for one address, the report states none as a fact.
. "$(dirname "$0")/../lib.sh"
cd "$TMP" || exit 2

# hint [WORD]: the entry "script" of the report, or another, in one line
hint() {
	awk -v word="${1:-script}" '/^==[0-9]+==   [a-z]/ { on = $2 == word }
		/^==[0-9]+==$/ { on = 0 }
		on && /^==[0-9]+==  / { sub(/^==[0-9]+== +/, ""); printf "%s ", $0 }' report.txt
}

# record PROGRAM…
record() {
	rm -rf rec
	"$TOOL" run --report=none -o rec -- "$@" >/dev/null 2>run.err
	"$TOOL" report rec >report.txt 2>&1
}

# told NAME PATTERN PROGRAM…: without names the report gives this hint
told() {
	local name=$1 pattern=$2
	shift 2
	record "$@"
	if hint | grep -qE -- "$pattern"; then
		pass "$name" "$(hint)"
	else
		fail "$name" "$(hint) $(cat run.err)"
	fi
}

# works NAME FUNCTION PROGRAM…: following the hint, the report names the script's function, and
# gives no hint
works() {
	local name=$1 function=$2 stacks
	shift 2
	record "$@"
	stacks=$("$TOOL" report --format=json rec |
		jq -r '.processes | max_by(.maps.peak).sites[].stack[].function // empty')
	if [ -z "$(hint)" ] && grep -qF -- "$function" <<<"$stacks"; then
		pass "$name" "$(grep -m1 -F -- "$function" <<<"$stacks")"
	else
		fail "$name" "$(hint) $(cat run.err) $(sort <<<"$stacks" | uniq -c | sort -n | tail -3)"
	fi
	rm -f "/tmp/perf-$("$TOOL" report --format=json rec | jq '.processes | max_by(.maps.peak).pid').map"
}

# hint_options PROGRAM…: the options that the hint adds
hint_options() {
	record "$@"
	hint | grep -oE 'add --[^,]*' | sed 's/^add //'
}

cat >kept.py <<'EOF'
import mmap
kept = [mmap.mmap(-1, 8192, prot=mmap.PROT_READ | (mmap.PROT_WRITE if i % 2 else 0)) for i in range(200)]
EOF
cat >kept.js <<'EOF'
const kept = [];
function keepMemory() {
	kept.push(new WebAssembly.Memory({ initial: 1, maximum: 2 }));
}
for (let i = 0; i < 100; i++)
	keepMemory();
EOF
cat >kept.pl <<'EOF'
my @kept;
sub keep { push @kept, pack("x" . 300 * 1024); }
keep() for 1 .. 200;
require POSIX; require Socket; require IO::Handle; require Fcntl; require Data::Dumper; require Time::HiRes;
EOF
works python '<module>' /usr/bin/python3 kept.py
told node 'names with node --perf-basic-prof --interpreted-frames-native-stack' node kept.js
works node-names keepMemory node --perf-basic-prof --interpreted-frames-native-stack kept.js
# A finding whose stack ends in the interpreter says so, too; one with names does not, nor does what passes.
"$TOOL" check --max-growth=50 -- node kept.js >/dev/null 2>check.txt
check node-check-hint grep -qE '^vmatrace: functions of scripts have names with node --perf-basic-prof' check.txt
"$TOOL" check --max-growth=20 -- perl kept.pl >/dev/null 2>check.txt
check perl-check-hint grep -qE '^vmatrace: perl does not say which line of a script runs' check.txt
"$TOOL" check --max-growth=50 -- /usr/bin/python3 kept.py >/dev/null 2>check.txt
check python-check-no-hint sh -c 'grep -q "check failed" check.txt && ! grep -q "of scripts" check.txt'
"$TOOL" check --max-growth=5000 -- node kept.js >/dev/null 2>check.txt
check node-check-passes sh -c '! grep -q "of scripts" check.txt'
# Compiled functions have names without the second option, which the others need.
cat >hot.js <<'EOF'
const kept = [];
function keepMemory() {
	kept.push(new WebAssembly.Memory({ initial: 1, maximum: 2 }));
}
function work(n) {
	let sum = 0;
	for (let i = 0; i < n; i++)
		sum += Math.sqrt(i) * (i % 20000 ? 1 : Buffer.alloc(2 << 20).length);
	return sum;
}
for (let i = 0; i < 100; i++) {
	keepMemory();
	work(60001);
}
EOF
record node --perf-basic-prof hot.js
check node-compiled sh -c "\"$TOOL\" report --format=json rec | grep -q '\"work\"'"
check node-compiled-hint grep -q 'interpreted-frames-native-stack' <<<"$(hint)"
rm -f /tmp/perf-"$("$TOOL" report --format=json rec | jq '.processes | max_by(.maps.peak).pid')".map
# All that names a call site names the script's function then: the cause, the stack and a check.
mapped=$(pwd)/kept.js
record node --perf-basic-prof --interpreted-frames-native-stack "$mapped"
check node-cause grep -q 'by mprotect in keepMemory kept.js:2[,. ]' <<<"$(hint cause) "
check node-stack grep -qE '#[0-9]+ +keepMemory kept.js:2 ' report.txt
"$TOOL" check --max-growth=50 --generate-suppressions=kept.supp -- \
	node --perf-basic-prof --interpreted-frames-native-stack kept.js >/dev/null 2>check.txt
check node-check grep -qE '#[0-9]+ keepMemory kept.js:2' check.txt
check node-check-no-hint sh -c '! grep -q "of scripts" check.txt'
check node-suppression grep -qE 'split:.*keepMemory' kept.supp
rm -f /tmp/perf-"$("$TOOL" report --format=json rec | jq '.processes | max_by(.maps.peak).pid')".map
# A baseline takes the functions of generated code for one; a finding names the one that is likely, and the others.
cat >two.js <<'EOF'
const kept = [];
function instance() { return new WebAssembly.Memory({ initial: 1, maximum: 2 }); }
function other() {
	return new WebAssembly.Memory({ initial: 2, maximum: 3 });
}
for (let i = 0; i < 20; i++)
	kept.push(instance());
for (let i = 0; i < process.argv[2]; i++)
	kept.push(other());
EOF
for lines in "" --lines; do
	for other in 0 9; do
		"$TOOL" check $lines --per-site=8 $([ $other = 0 ] && echo --save=two.json || echo --baseline=two.json) -- \
			node --perf-basic-prof --interpreted-frames-native-stack two.js $other >/dev/null 2>two$lines$other.txt
	done
	mv "two${lines}9.txt" "two$lines.txt"
	check "node-two$lines" grep -qE '\+18 by mprotect in other two.js:3 ' two$lines.txt
done
check node-two-others grep -qE 'or instance two.js:2, which has 40 of them' two.txt
check node-two-alone sh -c '! grep -q "or instance" two--lines.txt'
check node-two-how grep -qE 'had more; one with --lines does' two.txt
# What passes for that reason is said when the baseline is saved; with --lines nothing does.
check node-two-saved grep -qE 'does not tell functions of generated code, such as instance, apart: .*With --lines' two0.txt
check node-two-saved-lines sh -c '! grep -q "generated code" two--lines0.txt'
check node-two-saved-both sh -c '"$0" check --per-site=8 --save=both.json -- node --perf-basic-prof \
	--interpreted-frames-native-stack two.js 3 2>&1 >/dev/null | grep -q "such as instance and other, apart"' "$TOOL"
# What node keeps until its end is judged, also where threads of its pool end after that, in exit.
cat >pooled.js <<'EOF'
const kept = [];
require("fs").readFile(__filename, () => {
	for (let i = 0; i < process.argv[2]; i++)
		kept.push(new WebAssembly.Memory({ initial: 1, maximum: 2 }));
});
EOF
"$TOOL" check --save=pooled.json -- node pooled.js 5 2>/dev/null
"$TOOL" check --per-site=16 --baseline=pooled.json -- node pooled.js 45 >/dev/null 2>pooled.txt
check node-pooled grep -qE '[+][78][0-9] by mprotect ' pooled.txt
check node-pooled-same "$TOOL" check --per-site=16 --baseline=pooled.json -- node pooled.js 5
# A getter's name has a space, and the file is relative to where the program was started.
cat >getter.js <<'EOF'
const kept = [];
const store = {
	get more() {
		return new WebAssembly.Memory({ initial: 1, maximum: 2 });
	}
};
for (let i = 0; i < 100; i++)
	kept.push(store.more);
EOF
record node --perf-basic-prof --interpreted-frames-native-stack -e "$(cat kept.js)"
check node-eval grep -qE ' keepMemory \[eval\]:2$' report.txt
check node-eval-cause grep -q 'by mprotect in keepMemory \[eval\]:2' <<<"$(hint cause)"
record node --perf-basic-prof --interpreted-frames-native-stack getter.js
check node-getter grep -qE ' (get )?more getter.js:3$' report.txt
rm -f ./*v8.log
more=$(hint_options node kept.js)
# shellcheck disable=SC2086
works node-names-no-log keepMemory node --perf-basic-prof --interpreted-frames-native-stack $more kept.js
check node-leaves-no-log [ -z "$(ls | grep v8)" ]
# shellcheck disable=SC2086
check node-says-no-more [ "$(node --perf-basic-prof $more -e 'console.log(1)')" = 1 ]
if has_program java && has_program javac; then
	cat >Kept.java <<'EOF'
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.ArrayList;
public class Kept {
	static void keepFile(ArrayList<Object> kept) throws Exception {
		kept.add(FileChannel.open(Path.of("Kept.java")).map(FileChannel.MapMode.READ_ONLY, 0, 100));
	}
	public static void main(String[] arguments) throws Exception {
		ArrayList<Object> kept = new ArrayList<>();
		for (int i = 0; i < 100; i++)
			keepFile(kept);
	}
}
EOF
	javac Kept.java
	told java 'names with java -XX:\+PreserveFramePointer -XX:\+UnlockDiag' java Kept
	works java-names Kept.keepFile java -XX:+PreserveFramePointer \
		-XX:+UnlockDiagnosticVMOptions -XX:+DumpPerfMapAtExit -Xcomp Kept
	# Without -Xcomp, most calls are made before their method is compiled.
	record java -XX:+PreserveFramePointer -XX:+UnlockDiagnosticVMOptions -XX:+DumpPerfMapAtExit -Xint Kept
	check java-interpreted grep -q 'methods that were interpreted have no names' <<<"$(hint script)"
	# The row and the cause name the program's own method, not what java's own library mapped for it.
	named='java -XX:+PreserveFramePointer -XX:+UnlockDiagnosticVMOptions -XX:+DumpPerfMapAtExit -Xcomp'
	record $named Kept
	check java-row grep -qE ' (99|100) .* mmap new +Kept\.keepFile$' report.txt
	check java-cause grep -qE 'by mmap in Kept\.keepFile[,. ]' <<<"$(hint cause) "
	check java-compiled [ -z "$(hint script)" ]
	check java-stack grep -qE '#[0-9]+ +Kept\.keepFile \(jit\)' report.txt
	check java-modules grep -qE "[0-9]+ frames of the language's own modules|#[0-9]+ +sun\.nio\.ch\.FileChannelImpl\.map \(jit\)" report.txt
	rm -f "/tmp/perf-$("$TOOL" report --format=json rec | jq '.processes | max_by(.maps.peak).pid').map"
	# Two callers of one method, and the class that java makes for a reference to a method.
	cat >Refers.java <<'EOF'
import java.util.ArrayList;
import java.util.function.Consumer;
public class Refers {
	static final Consumer<ArrayList<Object>> keeper = kept -> keep(kept);
	static void keep(ArrayList<Object> kept) {
		try {
			Kept.keepFile(kept);
		} catch (Exception e) {
			throw new RuntimeException(e);
		}
	}
	static void most(ArrayList<Object> kept) { for (int i = 0; i < 100; i++) keeper.accept(kept); }
	static void some(ArrayList<Object> kept) { for (int i = 0; i < 5; i++) keep(kept); }
	public static void main(String[] arguments) {
		ArrayList<Object> kept = new ArrayList<>();
		some(kept);
		most(kept);
	}
}
EOF
	javac Refers.java
	record $named -XX:-Inline Refers
	check java-caller grep -qE 'by mmap in Kept\.keepFile, 9[0-9] % called by Refers\.lambda\$static\$0[,. ]' <<<"$(hint cause) "
	"$TOOL" report -v rec >report.txt
	check java-lambda grep -qE '#[0-9]+ +Refers[$][$]Lambda\.accept \(jit\)' report.txt
	rm -f "/tmp/perf-$("$TOOL" report --format=json rec | jq '.processes | max_by(.maps.peak).pid').map"
else
	fail java "no java: scripts/setup.sh installs it"
fi
# Phases of a program are told apart by its marks.
cat >marks.c <<'EOF'
#include <sys/mman.h>
#include <vmatrace.h>
static void take(int i)
{
	mmap(0, 4096, i & 1 ? PROT_READ : PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}
int main(void)
{
	for (int i = 0; i < 20; i++) {
		VMATRACE_MARK("load");
		take(2 * i);
		take(2 * i + 1);
		VMATRACE_MARK("look");
	}
	return 0;
}
EOF
${CC:-cc} -g -I"$ROOT/preload" marks.c -o marks || exit 2
record ./marks
check marks-told grep -q '^+40 maps after 20 marks "load", 0 after 20 marks "look", each up to the next mark' <<<"$(hint marks | sed 's/^marks *//')"
told perl 'perl does not say which line of a script runs; vmatrace_mark' perl kept.pl
# An interpreter that is little but a call of its library: the library is the one without names.
cat >kept.rb <<'EOF'
kept = (1..200).map { fiber = Fiber.new { Fiber.yield }; fiber.resume; fiber }
EOF
cat >kept.tcl <<'EOF'
for {set i 0} {$i < 400} {incr i} { dict set kept $i [string repeat x 300000] }
for {set i 0} {$i < 400} {incr i 2} { dict unset kept $i }
EOF
told ruby 'ruby does not say which line of a script runs; vmatrace_mark' ruby kept.rb
check "ruby: its library has no names" grep -q 'libruby[^ ]* is stripped: its debug package' <<<"$(hint names)"
DEBUGINFOD_URLS=http://127.0.0.1:1 "$TOOL" report --debuginfod rec >report.txt 2>&1
check "ruby: nor has a server that is down" grep -q 'libruby[^ ]* is stripped, and debuginfod gave no symbols' \
	<<<"$(hint names)"
told tcl 'tcl does not say which line of a script runs; vmatrace_mark' tclsh kept.tcl
check "tcl: its library has no names" grep -q 'libtcl[^ ]* is stripped: its debug package' <<<"$(hint names)"
# The heap of a Lisp is a file with code, but none that has symbols or a debug package.
if has_program sbcl; then
	echo '(dotimes (i 200) (sb-posix:mmap nil 4096 (if (evenp i) 1 0) 34 -1 0))' >kept.lisp
	record sbcl --noinform --no-userinit --non-interactive --eval '(require :sb-posix)' --load kept.lisp
	check sbcl-recorded grep -q '^SUMMARY: vmatrace: ' report.txt
	check sbcl-told grep -q 'sbcl does not say which function of Lisp runs; vmatrace_mark' <<<"$(hint)"
	check sbcl-core-is-not-stripped sh -c '! grep -q "core is stripped" report.txt'
fi
record "$TARGETS/guard_pages"
if grep -q '^SUMMARY: ' report.txt && [ -z "$(hint)" ]; then
	pass "no interpreter"
else
	fail "no interpreter" "$(hint)"
fi

# Add node's perf map again with another name for each address: both names are doubtful.
record node --perf-basic-prof --interpreted-frames-native-stack kept.js
map=/tmp/perf-$("$TOOL" report --format=json rec | jq '.processes | max_by(.maps.peak).pid').map
# Up to node 18 the names begin otherwise.
cp "$map" both
sed -i 's/ JS:/ LazyCompile:/' "$map"
"$TOOL" report rec >report.txt 2>&1
check node-18 grep -qE '#[0-9]+ +keepMemory kept.js:2 ' report.txt
sed 's/ JS:.*/ JS:*elsewhere \/srv\/other.js:1:1/' both >more
cat more >>both
mv both "$map"
"$TOOL" report rec >report.txt 2>&1
"$TOOL" report --top=100 --format=json rec >report.json
rm -f "$map"
names=$(jq -r '.processes | max_by(.maps.peak).sites[].stack[] | select(.file == "/srv/other.js").function' report.json | sort -u)
if [ -n "$names" ] && ! grep -qvF '[or another]' <<<"$names"; then
	pass doubt "$(head -1 <<<"$names")"
else
	fail doubt "$(grep -vF '[or another]' <<<"$names" | head -3)"
fi
if grep -qE 'elsewhere \[or another\] other.js:1' report.txt; then
	pass doubt-in-the-table "$(grep -m1 'other.js:1' report.txt)"
else
	fail doubt-in-the-table "$(grep -m3 'other.js' report.txt)"
fi
# The same of a program without symbols, and of one that is not there any more.
mkdir whole && cp "$TARGETS/guard_pages" whole/guards
strip -o guards whole/guards
record ./guards
check "stripped: told" grep -q 'guards is stripped, .* --symbols=DIR names its functions if DIR has the same' <<<"$(hint names)"
"$TOOL" report --symbols=whole rec >report.txt
check "stripped: the advice gives names" grep -q 'make_object .*guard_pages.c:18' report.txt
check "stripped: then nothing is told" sh -c 'grep -q "^SUMMARY" report.txt && ! grep -q " names   " report.txt'
rm guards
"$TOOL" report rec >report.txt
check "gone: told" grep -q 'guards is not where it was: .* --symbols=DIR' <<<"$(hint names)"
# With symbols but without debug information a row is a function, perhaps one that others were inlined
# into, and no line. A part of the program without it, as assembly is, needs no advice.
objcopy --strip-debug whole/guards lineless
record ./lineless
check "no debug information: told" grep -q 'lineless has no debug information: built with -g' <<<"$(hint names)"
cat >part.c <<'END'
#include <sys/mman.h>
void *part(int prot)
{
	return mmap(0, 4096, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}
END
cat >mixed.c <<'END'
void *volatile kept;
void *part(int prot);
int main(void)
{
	for (int i = 0; i < 100; i++)
		kept = part(i & 1);
	return 0;
}
END
${CC:-cc} -g0 -c part.c && ${CC:-cc} -g -o mixed mixed.c part.o || exit 2
record ./mixed
check "one part without debug information: nothing is told" \
	sh -c 'grep -q " part$" report.txt && ! grep -q " names   " report.txt'
record "$TARGETS/guard_pages"
check "not stripped: nothing is told" sh -c 'grep -q "^SUMMARY" report.txt && ! grep -q " names   " report.txt'
# A single row is enough, if it is only an address.
strip -o "$TMP/one-map" "$TARGETS/demo12k"
"$TOOL" run -r none -o one -- "$TMP/one-map" >/dev/null 2>&1
"$TOOL" report one >report.txt 2>&1
check "one stripped row: told" sh -c 'grep -q "(one-map+0x" report.txt && grep -q "names   one-map is stripped" report.txt'
"$TOOL" run -r none -o named -- "$TARGETS/demo12k" >/dev/null 2>&1
"$TOOL" report named >report.txt 2>&1
check "one row with a name: nothing is told" sh -c 'grep -q " main .*demo12k.c" report.txt && ! grep -q " names   " report.txt'

# The lines of doc/ci.md that set a mark, in the languages whose own libraries call C functions.
block() { sed -n "/^\`\`\`$1$/,/^\`\`\`$/p" "$ROOT/doc/ci.md" | grep -v '^```'; }
{ echo 'require "fiddle"'; block ruby; } >mark.rb
{ echo '<?php'; block php; } >mark.php
block lisp >mark.lisp
for language in ruby php $(has_program sbcl && echo sbcl); do
	script=mark.${language/ruby/rb}
	[ $language != sbcl ] || script="--script mark.lisp"
	# shellcheck disable=SC2086
	"$TOOL" run -r none -o "mark-$language" -- $language $script >/dev/null 2>&1
	check "mark of $language" [ "$("$TOOL" report --format=json "mark-$language" |
		jq -c '[.processes[].marks[]?.name]')" = '["round"]' ]
done

# The code of each file is called <module>, but they are different callers.
mkdir -p modules
cat >modules/keeper.py <<'EOF'
import mmap
kept = []
def take(f):
    return mmap.mmap(f.fileno(), 0, access=mmap.ACCESS_READ)
def keep():
    with open('/etc/passwd', 'rb') as f:
        for i in range(50):
            kept.append(take(f))
            if i % 10 == 0:
                take(f).close()
EOF
for module in one two three; do printf 'import keeper\nkeeper.keep()\n' >modules/$module.py; done
printf 'import os, one, two, three\nos._exit(0)\n' >modules/main.py
"$TOOL" run --report=none -o modules.data -- /usr/bin/python3 modules/main.py >/dev/null 2>&1
"$TOOL" report modules.data 2>&1 | sed 's/^==[0-9]*== *//' | tr '\n' ' ' >modules.txt
check "callers in several files" grep -qE 'kept +150 of 165 .* 33 % called by <module> (modules/)?(one|two|three).py:2 and 33 % by <module> (modules/)?(one|two|three).py:2' modules.txt
finish
