#!/bin/bash
# SPDX-License-Identifier: MIT
# What vmatrace check is made for, end to end in a git repository: a small C library and its test, a
# baseline, a commit that adds a guard page to each object, a red build that names it, a
# suppression, a fix. The test does this once by hand, and once with each example of scripts/ci: the
# steps for GitHub and GitLab, meson, ctest.
. "$(dirname "$0")/../lib.sh"
PROJECT=$ROOT/tests/ci/project
REPO=$TMP/pool
export TMPDIR=$TMP HOME=$TMP PATH=$TMP/usr/bin:$PATH
WORK=$TMP
. "$ROOT/tests/cli/check_common.sh"
unset VMATRACE VMATRACE_BASELINE VMATRACE_SAVE VMATRACE_NAME VMATRACE_REQUIRE VMATRACE_CHECK VMATRACE_REPORTS \
	GITHUB_ACTIONS GITHUB_STEP_SUMMARY GITHUB_WORKSPACE CI_PROJECT_DIR WORKSPACE

# says NAME PATTERN [FILE]: in what the last command said
says() {
	cat "$TMP/out" "$TMP/err" >"$TMP/said"
	has "$1" "${3:-$TMP/said}" "$2"
}

commit() {
	git add -A && git -c user.name=tester -c user.email=tester@localhost commit -qm "$1"
}

# From an installation, as a user has it: the tool finds the library, test runners the launcher.
begin() {
	local examples=$TMP/usr/share/doc/vmatrace/ci
	mkdir -p "$REPO/ci"
	DESTDIR=$TMP/root meson install -C "$BUILD" --no-rebuild >"$TMP/install.log" 2>&1 &&
		mv "$TMP/root/$(meson introspect "$BUILD" --buildoptions |
			jq -r '.[] | select(.name == "prefix").value')" "$TMP/usr"
	check installed [ -x "$TMP/usr/bin/vmatrace-check.sh" ]
	TOOL=$TMP/usr/bin/vmatrace
	check installed-library [ "$(vmatrace --print-lib)" = \
		"$(find "$TMP/usr/lib" -name libvmatrace.so)" ]
	cp "$PROJECT"/* "$REPO/"
	cp "$examples/meson.build.example" "$REPO/ci/meson.build"
	cp "$examples/CMakeLists.example.txt" "$REPO/ci/CMakeLists.txt"
	cp "$examples"/*.yml "$REPO/ci/"
	cd "$REPO" || exit 2
	printf 'build*/\nunit-tests\n*.so\nmaps.*\n!maps.json\n' >.gitignore
	git init -q . && commit "A pool" || exit 2
}

by_hand() {
	local level
	status baseline 0 sh -c 'make -s unit-tests && vmatrace check --save=maps.json -- ./unit-tests'
	check baseline-reviewable [ "$(jq -c '[.programs[].sites[] | .call, .maps, .stack]' maps.json)" = \
		'["brk",1,["[heap]"],"mmap",1,["libpool.so!next_object","libpool.so!pool_object","unit-tests!main"]]' ]
	# Fields are added to baselines, never changed.
	check baseline-as-ever [ "$(jq 'del(.programs[].merged, .test, .fork_children)' maps.json)" = \
		"$(jq . "$ROOT/tests/cli/golden/baseline-1.json")" ]
	commit "The maps that are normal"
	git tag good
	status unchanged 0 vmatrace check --baseline=maps.json -- ./unit-tests
	check unchanged-quiet [ "$(wc -l <"$TMP/err")" = 1 ]
	for level in 0 1 2 3; do
		status "optimised-$level" 0 sh -c "make -sB CFLAGS='-g -fPIC -O$level' unit-tests &&
			vmatrace check --baseline=maps.json --per-site=0 -- ./unit-tests"
	done
	patch -sp1 <guard.patch && commit "Catch overruns" && git tag bad
	LINE=$(grep -n 'THE GUARD' pool.c | cut -d: -f1)
	status red 23 sh -c 'make -s unit-tests && vmatrace check --baseline=maps.json -- ./unit-tests'
	says red-count 'ERROR: vmatrace: 50 maps more than the baseline at 1 call site of'
	says red-place "\+50 by mprotect in pool_object pool.c:$LINE  \(50, in the baseline 0\)"
	says red-caller '#1  main unit-tests.c:[0-9]+$'
	echo 'split:^pool_object$' >suppressions
	status suppressed 0 vmatrace check --baseline=maps.json --suppressions=suppressions -- ./unit-tests
	status accepted 0 vmatrace check --save=new.json -- ./unit-tests
	status accepted-passes 0 vmatrace check --baseline=new.json -- ./unit-tests
	check accepted-diff sh -c 'diff maps.json new.json | grep -q "^> *\"maps\": 50,"'
	rm suppressions new.json
	git -c user.name=tester -c user.email=tester@localhost revert --no-edit -n HEAD >/dev/null
	commit "Do not catch overruns"
	status fixed 0 sh -c 'make -s unit-tests && vmatrace check --baseline=maps.json -- ./unit-tests'
}

# at TAG: the repository as it was then, and nothing else in it.
at() {
	git checkout -q "$1" && git clean -qfdx -e build-meson -e build-cmake
}

# Each forge once with the good commit, once with the bad one. It installs vmatrace from an archive with
# the folders of scripts/dist.sh's.
forges() {
	tar -C "$TMP" -cJf "$TMP/vmatrace.tar.xz" usr
	local PATH=${PATH#"$TMP/usr/bin:"}
	check forge-has-no-vmatrace [ "$(command -v vmatrace)" != "$TMP/usr/bin/vmatrace" ]
	export VMATRACE_URL=file://$TMP/vmatrace.tar.xz
	local run="/usr/bin/python3 $ROOT/tests/ci/workflow.py"
	export GITHUB_STEP_SUMMARY=$TMP/summary.md
	at good
	status github-good 0 $run ci/github-actions.yml
	check github-installed [ -x "$HOME/.local/bin/vmatrace" ]
	rm -r "$HOME/.local"
	says github-good-summary '^### Memory maps: passed' "$GITHUB_STEP_SUMMARY"
	check github-good-no-alerts jq -e '.runs[0].results == []' maps.sarif
	at bad
	status github-bad 1 $run ci/github-actions.yml
	says github-annotation "^::error file=pool.c,line=$LINE,title=[^:]*::\+50 maps by mprotect"
	says github-summary "^\| \+50 \| 50 \| 0 \| pool.c:$LINE \|" "$GITHUB_STEP_SUMMARY"
	says github-sarif '^found maps.sarif$'
	check github-alert [ "$(jq -r '.runs[0].results[].locations[0].physicalLocation |
		"\(.artifactLocation.uri):\(.region.startLine)"' maps.sarif)" = "pool.c:$LINE" ]
	unset GITHUB_STEP_SUMMARY
	rm -r "$HOME/.local"
	at good
	status gitlab-good 0 $run ci/gitlab-ci.yml
	says gitlab-good-report '<testcase classname="unit-tests" name="per-site"/>' maps.xml
	at bad
	status gitlab-bad 1 $run ci/gitlab-ci.yml
	says gitlab-report "message=\"pool.c:$LINE: \+50 maps by mprotect in pool_object" maps.xml
}

meson_tests() {
	at good
	status meson-setup 0 meson setup build-meson
	export VMATRACE_SAVE=1
	status meson-save 0 meson test -C build-meson --setup=maps
	unset VMATRACE_SAVE
	check meson-one-each [ "$(cd maps && echo *)" = "unit-tests-3.json unit-tests-77.json unit-tests.json" ]
	status meson-good 0 meson test -C build-meson --setup=maps
	cp -r maps "$TMP/meson-maps"
	at bad
	cp -r "$TMP/meson-maps" maps
	status meson-bad 3 env CI_PROJECT_DIR="$REPO" meson test -C build-meson --setup=maps \
		--print-errorlogs
	for name in unit-tests fails may-skip; do says "meson-$name" "$name +ERROR "; done
	says meson-place "\+50 by mprotect in pool_object pool.c:$LINE "
	status meson-wrapper 1 env VMATRACE_BASELINE="$REPO/maps" VMATRACE_REPORTS="$TMP/reports" \
		meson test -C build-meson --wrapper=vmatrace-check.sh
	says meson-report "message=\"$REPO/pool.c:$LINE: \+50 maps" "$TMP/reports/unit-tests.xml"
	status meson-no-baseline 0 env VMATRACE_BASELINE="$TMP/none" meson test -C build-meson \
		--wrapper=vmatrace-check.sh --verbose
	says meson-no-baseline-said 'unit-tests is not checked: there is no .*/none/unit-tests.json'
	status meson-require-baseline 3 env VMATRACE_REQUIRE=1 VMATRACE_STATUS=99 VMATRACE_BASELINE="$TMP/none" \
		meson test -C build-meson --wrapper=vmatrace-check.sh --verbose
	says meson-require-said 'unit-tests has no baseline .*/none/unit-tests.json'
}

ctest_tests() {
	at good
	export VMATRACE_BASELINE=$TMP/cmake-maps
	status cmake 0 sh -c 'cmake -B build-cmake -DVMATRACE_CHECK=ON && cmake --build build-cmake'
	export VMATRACE_SAVE=1
	status ctest-save 0 ctest --test-dir build-cmake
	unset VMATRACE_SAVE
	check ctest-saved [ -s "$VMATRACE_BASELINE/unit-tests.json" ]
	status ctest-good 0 ctest --test-dir build-cmake
	at bad
	status ctest-bad 8 sh -c 'cmake --build build-cmake && ctest --test-dir build-cmake \
		--output-on-failure'
	says ctest-place "\+50 by mprotect in pool_object $REPO/pool.c:$LINE "
	for name in by-shell plain-shell by-file later old-target; do
		says "ctest-$name" "$name \.*\**Failed"
	done
	for name in by-output meant-to-fail skipped-by-output skipped-by-status; do
		says "ctest-$name" "$name \.*Subprocess terminated\*\*\*Exception"
	done
	says ctest-old-shell 'old-shell \.* *Passed'
	# What is said must work in a runner that starts the wrapper.
	says ctest-save-with '^save a new baseline with VMATRACE_SAVE=1|^If these maps are intended, save a new baseline with VMATRACE_SAVE=1 '
	unset VMATRACE_BASELINE
}

# Tests whose programs have one file name: each has a baseline of its own, so that a leak of the one
# does not pass since the other's baseline was saved last.
twins() {
	mkdir "$TMP/twins" && cd "$TMP/twins" && cp -r "$ROOT/tests/ci/twins"/* . || exit 2
	cp -r "$REPO/ci" .
	twins_are twins-meson 1 "meson test -C build-meson --setup=maps" \
		"meson setup build-meson" "meson configure build-meson -Dleak=20"
	check twins-meson-names [ "$(cd maps && echo */*)" = "disk/test_main.json net/test_main.json net/tolerant.json" ]
	says twins-meson-red 'net +ERROR '
	says twins-meson-tolerant 'tolerant +OK '
	export VMATRACE_BASELINE=$TMP/twins/of-cmake
	twins_are twins-cmake 8 "ctest --test-dir build-cmake" \
		"cmake -B build-cmake -DVMATRACE_CHECK=ON" "cmake build-cmake -DLEAK=5"
	for name in net net-shell; do says "twins-$name-red" "$name \.*\**Failed"; done
	for name in disk disk-shell tolerant; do says "twins-$name-green" "$name \.* *Passed"; done
	unset VMATRACE_BASELINE
	included_late
	goes_on
	twins_are twins-make 2 "make -sB check LEAK=\${LEAK:-0}" : "export LEAK=20"
	check twins-make-names [ "$(cd vmatrace-baselines && echo */*)" = \
		"disk/test_main.json net/test_main.json" ]
	one_program_twice
	old_baselines
}

# Programs that were targets before the example was included are checked; of other tests CMake says it.
included_late() {
	sed -i -e '/^include(ci/d' -e '$a include(ci/CMakeLists.txt)' CMakeLists.txt
	rm -r build-cmake
	export VMATRACE_BASELINE=$TMP/twins/of-late
	twins_are late 8 "ctest --test-dir build-cmake" \
		"cmake -B build-cmake -DVMATRACE_CHECK=ON >cmake.txt 2>&1" "cmake build-cmake -DLEAK=5"
	says late-red 'net \.*\**Failed'
	check late-said grep -q 'had tests before vmatrace was included' cmake.txt
	unset VMATRACE_BASELINE
}

# twins_are NAME STATUS RUN SETUP LEAK: green after it was saved, red once net leaks
twins_are() {
	local build=:
	[ "$4" = : ] || build="ninja -C build-meson"
	[ "${3%%\ *}" != ctest ] || build="cmake --build build-cmake"
	status "$1-save" 0 env VMATRACE_SAVE=1 sh -c "$4 && $build && $3"
	status "$1-green" 0 sh -c "$3"
	status "$1" "$2" sh -c "$5 && $build && $3"
}

# What is not judged must not pass for the failure that is meant.
not_judged() {
	make -s unit-tests || exit 2
	export VMATRACE_STATUS=77
	status lists-tests-only 3 env VMATRACE_REQUIRE=1 VMATRACE_SAVE=1 VMATRACE_BASELINE="$TMP/listed" \
		vmatrace-check.sh "$REPO/unit-tests" 3 --gtest_list_tests
	check lists-tests-only-saves-nothing [ ! -e "$TMP/listed" ]
	status other-status-passes 3 vmatrace-check.sh "$REPO/unit-tests" 3
	status other-status-refused 77 env VMATRACE_REQUIRE=1 vmatrace-check.sh "$REPO/unit-tests" 3
	status other-status-usage 77 env VMATRACE_CHECK="--max-maps=9 --nonsense" \
		vmatrace-check.sh "$REPO/unit-tests" 3
	status other-status-no-program 77 env VMATRACE_CHECK=--max-maps=999 vmatrace-check.sh ./missing
	status other-status-red 77 env VMATRACE_CHECK=--max-maps=9 vmatrace-check.sh "$REPO/unit-tests" 3
	# A program that is meant to be killed is not compared with the kernel at its end.
	status other-status-killed 143 env VMATRACE_CHECK=--max-growth=99 \
		vmatrace-check.sh sh -c 'kill -TERM $$'
	VMATRACE_STATUS=TERM VMATRACE_CHECK=--max-maps=9 status by-signal 143 \
		sh -c 'vmatrace-check.sh "$1" 3; exit $?' sh "$REPO/unit-tests"
	has by-signal-said err 'ends by SIGTERM, since'
	VMATRACE_STATUS=TERM status by-signal-passes 3 env VMATRACE_CHECK=--max-maps=999 \
		vmatrace-check.sh "$REPO/unit-tests" 3
	unset VMATRACE_STATUS
}

# A process that goes on when PROGRAM has ended is waited for, and judged like all others.
goes_on() {
	cat >goes_on.c <<'EOF'
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
int main(int argc, char **argv)
{
	if (fork())
		return 0;
	usleep(1000 * atoi(argv[2]));
	for (int i = 0; i < atoi(argv[1]); i++)
		mmap(0, 4096, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	usleep(1000 * atoi(argv[2]));
	return 0;
}
EOF
	cc goes_on.c -o goes_on || exit 2
	for ms in 0 20 300; do
		for turn in 1 2 3; do
			status "goes on for $ms ms, with a leak, $turn" 23 vmatrace check --max-growth=20 -- ./goes_on 50 $ms
			status "goes on for $ms ms, without, $turn" 0 vmatrace check --max-growth=20 -- ./goes_on 0 $ms
		done
	done
	# A test may wait until such a process is gone, and it is not gone before it is reaped.
	cat >until_gone.sh <<'EOF'
sh -c 'sleep 0.2 & echo $! >left.pid'
for i in 1 2 3 4 5 6 7 8 9 10; do
	kill -0 "$(cat left.pid)" 2>/dev/null || exit 0
	sleep 0.1
done
exit 3
EOF
	status goes-on-until-gone 0 vmatrace check --max-growth=20 -- sh until_gone.sh
}

# What tells two tests apart is not always their program.
one_program_twice() {
	rm -r vmatrace-baselines
	local named="FIRST=VMATRACE_NAME=net/three SECOND=VMATRACE_NAME=net/nine"
	# shellcheck disable=SC2086
	status twice-named-save 0 env VMATRACE_SAVE=1 make -s twice $named
	# shellcheck disable=SC2086
	status twice-named 0 make -s twice $named
	status name-of-another 2 env VMATRACE_NAME=net/three vmatrace-check.sh disk/test_main
	says name-of-another-said 'net/three.json is the baseline of another test, net/three: net/test_main'
	cp vmatrace-baselines/net/three.json before.json
	status save-over-another 2 env VMATRACE_SAVE=1 VMATRACE_NAME=net/three \
		vmatrace-check.sh disk/test_main
	check save-over-another-kept cmp before.json vmatrace-baselines/net/three.json
	status name-outside 2 env VMATRACE_SAVE=1 VMATRACE_NAME=../three vmatrace-check.sh disk/test_main
}

# Older versions called each baseline by the program's file name, and did not say of which it was.
old_baselines() {
	status old-save 0 env VMATRACE_SAVE=1 vmatrace-check.sh net/test_main
	jq 'del(.test)' vmatrace-baselines/net/test_main.json >old.json
	rm -r vmatrace-baselines build-*
	mkdir vmatrace-baselines
	cp old.json vmatrace-baselines/test_main.json
	for name in net disk; do
		status "old-$name-refused" 2 vmatrace-check.sh $name/test_main
	done
	says old-said 'test_main.json does not say of which test it is, and there are others'
	mv disk/test_main disk/other
	status old-alone 0 vmatrace-check.sh net/test_main
	says old-alone-checked '^SUMMARY: vmatrace: check passed'
	mv disk/other disk/test_main
	status direct-save 0 vmatrace check --save=maps.json -- net/test_main
	status direct-other 23 vmatrace check --baseline=maps.json -- "$PWD/disk/test_main"
	status direct-other-save 0 vmatrace check --save=maps.json -- disk/test_main
	says direct-said 'maps.json is the baseline of net/test_main, and this is disk/test_main: is it the same'
	status direct-named 2 vmatrace check --test=net --baseline=maps.json -- disk/test_main
}

# A script's test has the same baseline wherever the build lies, and one without a baseline is not
# passed over.
elsewhere() {
	local builds="build out/ci $TMP/far/build" build
	mkdir "$TMP/scripts" && cd "$TMP/scripts" && cp -r "$ROOT/tests/ci/scripts"/* "$REPO/ci" . || exit 2
	cp "$ROOT/tests/ci/twins/maps.h" .
	ln -s "$TMP/scripts" "$TMP/link"
	elsewhere_is meson "meson setup" "meson test --setup=maps -C"
	check meson-script-name [ "$(cd maps && echo *)" = "grow-0-checks_run.sh---build=..json sh-checks_run.sh-._grow.json" ]
	rm maps/sh-*
	status meson-script-forgotten 1 meson test --setup=maps -C build
	rm -r build "$TMP/far" && export VMATRACE_BASELINE=$TMP/scripts/maps VMATRACE_REQUIRE=1
	elsewhere_is ctest "cmake -DVMATRACE_CHECK=ON -B" "ctest --test-dir"
	old_scripts
	unset VMATRACE_BASELINE VMATRACE_REQUIRE
}

# elsewhere_is NAME SETUP TEST: what was saved from the first build folder is found from all others
elsewhere_is() {
	local folder
	for build in $builds; do
		status "$1-script-setup" 0 $2 "$build" .
		[ "$1" != ctest ] || cmake --build "$build" >/dev/null
		[ "$build" != build ] || status "$1-script-save" 0 env VMATRACE_SAVE=1 $3 build
		status "$1-script in $build" 0 $3 "$build"
		MORE=20 status "$1-script leaks in $build" "$([ "$1" = meson ] && echo 2 || echo 8)" $3 "$build"
	done
	# A checkout that is reached by a link is the same.
	status "$1-script by a link" 0 $2 "$TMP/link/by-link" "$TMP/link"
	[ "$1" != ctest ] || cmake --build by-link >/dev/null
	MORE=20 status "$1-script leaks by a link" "$([ "$1" = meson ] && echo 2 || echo 8)" $3 "$TMP/link/by-link"
	rm -r by-link
}

# Baselines that were named after the way from the build folder are read from that folder.
old_scripts() {
	cd build && rm -r ../maps || exit 2
	VMATRACE_SAVE=1 status way-save 0 vmatrace-check.sh sh ../checks/run.sh ./grow
	check way-name [ "$(cd ../maps && echo *)" = sh-checks_run.sh-._grow.json ]
	jq '.test = "sh ../checks/run.sh ./grow"' ../maps/sh-checks_run.sh-._grow.json >../maps/sh-.._checks_run.sh-._grow.json
	rm ../maps/sh-checks_run.sh-._grow.json
	status way-old 0 vmatrace-check.sh sh ../checks/run.sh ./grow
	MORE=20 status way-old-leaks 23 vmatrace-check.sh sh ../checks/run.sh ./grow
	VMATRACE_SAVE=1 status way-save-string 0 vmatrace-check.sh sh -c '../checks/run.sh ./grow || sh "../checks/run.sh" ./grow'
	check way-string-name [ -e ../maps/sh--c-checks_run.sh_._grow____sh__checks_run.sh__._grow.json ]
}

begin
by_hand
forges
meson_tests
ctest_tests
not_judged
twins
elsewhere
finish
