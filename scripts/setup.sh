#!/bin/bash
# SPDX-License-Identifier: MIT
# Install the missing Debian packages that building (`setup.sh build`), testing
# (`setup.sh test`), scripts/dist.sh (`setup.sh dist`), tests/real/matrix.sh (`setup.sh matrix`) or scripts/bench.sh with its peers
# (`setup.sh bench`) needs. If all are there, it does nothing and needs no rights.
[ -n "${BASH_VERSION:-}" ] || exec bash "$0" "$@"
set -eu
. "$(dirname "$0")/usage.sh"
no_options "$@"
BUILD_PACKAGES="gcc libc6-dev meson ninja-build pkg-config uthash-dev libbsd-dev libdw-dev
	libelf-dev libevent-dev libiberty-dev libjansson-dev libncurses-dev libxxhash-dev zlib1g-dev"
DIST_PACKAGES="liblzma-dev libbz2-dev libzstd-dev xz-utils binutils"
TEST_PACKAGES="libcriterion-dev g++ jq strace tmux valgrind binutils sbcl redis-server redis-tools
	electric-fence duma musl-tools libjemalloc2 libtcmalloc-minimal4 libmimalloc2.0 libgc-dev libsodium23
	default-jdk-headless nodejs perl python3 libpython3.11 python3-jsonschema python3-yaml git
	protobuf-compiler python3-protobuf python3-prometheus-client
	cmake make patch libxml2-utils libdebuginfod1 vim-tiny less groff-base
	golang-go libdevel-nytprof-perl php-cli ruby tcl
	chromium curl prometheus qemu-system-x86 busybox-static cpio clang clang-format libclang-rt-dev"
MATRIX_PACKAGES="libpython3.11-testsuite guile-3.0 postgresql nginx-light wrk sqlite3
	lmdb-utils gdb bsdextrautils"
BENCH_PACKAGES="postgresql linux-perf bpftrace libgoogle-perftools4 heaptrack"

case ${1:-build} in
build) packages=$BUILD_PACKAGES ;;
dist) packages="$BUILD_PACKAGES $DIST_PACKAGES" ;;
test) packages="$BUILD_PACKAGES $DIST_PACKAGES $TEST_PACKAGES" ;;
matrix) packages="$BUILD_PACKAGES $DIST_PACKAGES $TEST_PACKAGES $MATRIX_PACKAGES" ;;
bench) packages="$BUILD_PACKAGES $DIST_PACKAGES $TEST_PACKAGES $BENCH_PACKAGES" ;;
*)
	echo "setup.sh: no packages are known for '$1', only for build, dist, test, matrix and bench" >&2
	exit 2
	;;
esac

missing=
for package in $packages; do
	dpkg-query -W -f '${Status}\n' "$package" 2>/dev/null | grep -q '^install ok installed' ||
		missing="$missing $package"
done
[ -n "$missing" ] || exit 0

as_root=
if [ "$(id -u)" != 0 ]; then
	if ! command -v sudo >/dev/null; then
		echo "please install as root: apt-get install$missing" >&2
		exit 1
	fi
	as_root=sudo
fi
echo "installing:$missing" >&2
export DEBIAN_FRONTEND=noninteractive
$as_root apt-get update -q >/dev/null || echo "apt-get update failed; trying all the same" >&2
# shellcheck disable=SC2086
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends \
	$missing >/dev/null
