# SPDX-License-Identifier: MIT
# Other kernels on this machine, for scripts/kernels.sh and tests/kernel.sh; sourced, not run. A
# guest is a Debian kernel under qemu with only an initramfs: the build and the tests of this
# project, and the programs that they call. Needs bash, and $ROOT, $BUILD and $TMP of lib.sh.
#
#   VMATRACE_CACHE	where kernels are kept (~/.cache/vmatrace/kernels): some 15 MB each
#   GUEST_QUIET		seconds after which a guest that prints nothing is ended (1800)

GUEST_CACHE=${VMATRACE_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/vmatrace/kernels}
GUEST_PROGRAMS="bash awk base64 basename cat chmod cmp cp cut diff dirname env grep gzip head
	jq ln ls mkdir mktemp mv perl ps rm sed seq sh sleep sort stat tail taskset tee timeout tr
	uname uniq wc"
GUEST_QUIET=${GUEST_QUIET:-1800}
GUEST_PROMISE='@@ all parts of the plan have run'

# Run apt-get or apt-cache with package lists of one suite, apart from the machine's own lists.
guest_apt() {	# SUITE PROGRAM ARGUMENTS...
	local state=$GUEST_CACHE/apt/$1 program=$2

	mkdir -p "$state/lists/partial" "$state/cache/archives/partial"
	echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]" \
		"http://deb.debian.org/debian $1 main" >"$state/sources.list"
	shift 2
	"$program" -q -o Dir::Etc::SourceList="$state/sources.list" -o Dir::Etc::SourceParts=/dev/null \
		-o Dir::State::Lists="$state/lists" -o Dir::Cache="$state/cache" \
		-o APT::Sandbox::User=root "$@"
}

# Print the package of a suite's newest "cloud" kernel, which its metapackage depends on.
guest_package() {	# SUITE
	local package

	package=$(guest_apt "$1" apt-cache show --no-all-versions linux-image-cloud-amd64 |
		sed -n 's/^Depends:.*\(linux-image-[^ ,]*\).*/\1/p')
	guest_apt "$1" apt-cache show --no-all-versions "$package" |
		grep -q "^Depends:.*linux-binary-" && package=${package/image/binary}
	echo "$package"
}

# Set KERNEL to the file to boot. The lists of the suite are fetched once a day.
guest_kernel() {	# SUITE
	local folder=$GUEST_CACHE/$1 package
	KERNEL=$folder/vmlinuz
	[ -z "$(find "$KERNEL" -mtime -${GUEST_DAYS:-30} 2>/dev/null)" ] || return 0
	mkdir -p "$folder"
	(
		guest_apt "$1" apt-get update >"$folder/log" 2>&1
		package=$(guest_package "$1")
		cd "$folder" && rm -f ./*.deb &&
			guest_apt "$1" apt-get download "$package" >>"$folder/log" 2>&1 &&
			dpkg-deb --fsys-tarfile ./*.deb | tar -xO --wildcards '*/vmlinuz*' >vmlinuz.new &&
			[ -s vmlinuz.new ] && rm -f ./*.deb && mv vmlinuz.new vmlinuz && touch vmlinuz
	)
	[ -s "$KERNEL" ] && return 0
	tail -3 "$folder/log" >&2
	return 1
}

# Copy files to the same places in the guest's root, with the libraries that they need.
guest_put() {	# FILE...
	local file

	for file in "$@"; do
		mkdir -p "$GUEST/$(dirname "$file")"
		cp -L "$file" "$GUEST/$file"
		ldd "$file" 2>/dev/null | grep -o '/[^ ]*'
	done | sort -u >"$TMP/libraries"
	while read -r file; do
		[ -e "$GUEST/$file" ] || install -D "$file" "$GUEST/$file"
	done <"$TMP/libraries"
}

# Make the initramfs of all guests, $TMP/root.cpio. The tests lie in /src, the build in /src/build.
guest_root() {
	local program

	GUEST=$TMP/root
	mkdir -p "$GUEST"/{bin,sbin,proc,sys,dev,tmp,etc,root,src/build/{preload,tools,tests/{model,random,errno}}}
	for program in $GUEST_PROGRAMS; do
		guest_put "$(command -v "$program")"
	done
	guest_put /bin/busybox "$(readlink -f "$(command -v awk)")"
	cp -r "$ROOT/tests" "$GUEST/src/"
	rm -rf "$GUEST"/src/tests/{fuzz,golden,real/matrix,real/inputs}
	cp "$LIB" "$GUEST/src/build/preload/"
	cp "$TOOL" "$GUEST/src/build/tools/"
	cp -r "$TARGETS" "$GUEST/src/build/tests/"
	rm -rf "$GUEST"/src/build/tests/targets/*.p
	cp "$BUILD/tests/model/model_vs_kernel" "$GUEST/src/build/tests/model/"
	cp "$BUILD/tests/random/random_calls" "$GUEST/src/build/tests/random/"
	cp "$BUILD/tests/errno/errno_table" "$GUEST/src/build/tests/errno/"
	install -D "$ROOT/preload/core/base/calls.c" "$GUEST/src/preload/core/base/calls.c"
	guest_put "$TOOL"
	cp "$ROOT/tests/kernel/init" "$GUEST/init"
	(cd "$GUEST" && find . | cpio --quiet -o -H newc) >"$TMP/root.cpio"
}

GUEST_MACHINE=	# the process that runs the guest
guest_stop() {
	[ -z "$GUEST_MACHINE" ] || kill -KILL "$GUEST_MACHINE" 2>/dev/null
	GUEST_MACHINE=
}
trap 'guest_stop; clean_up' EXIT

# Copy the guest's lines to OUT as they come, and let guest_line see each. Fails if the guest has
# printed nothing for GUEST_QUIET seconds: it hangs, since every test has a shorter time limit.
guest_read() {	# OUT
	local line status=0

	while IFS= read -r -t "$GUEST_QUIET" line || { status=$?; [ -n "$line" ]; }; do
		line=${line//$'\r'/}
		echo "$line" >>"$1"
		guest_line "$line"
		[ "$status" = 0 ] || break
	done
	[ "$status" -le 128 ]
}

# Called with each line that a guest prints; for scripts that show progress.
guest_line() {
	:
}

# Boot $KERNEL, run the shell commands of PLAN in it, and write their output to OUT. Fails unless
# the plan was run to its end; GUEST_WHY says in words why it was not.
guest_run() {	# PLAN OUT
	local folder=$TMP/plan from

	mkdir -p "$folder"
	{
		cat "$1"
		echo "echo '$GUEST_PROMISE'"
	} >"$folder/plan"
	(cd "$folder" && find . | cpio --quiet -o -H newc) | cat "$TMP/root.cpio" - >"$TMP/initrd"
	: >"$2"
	exec {from}< <(exec qemu-system-x86_64 -accel tcg -cpu max -smp 2 \
		-m "${GUEST_MEMORY:-1500}" -nographic -no-reboot -nodefaults -serial stdio \
		-kernel "$KERNEL" -initrd "$TMP/initrd" \
		-append "console=ttyS0 quiet panic=-1 mitigations=off" </dev/null 2>&1)
	GUEST_MACHINE=$!
	GUEST_WHY="it stopped before its end"
	if ! guest_read "$2" <&"$from"; then
		GUEST_WHY="it was ended, having printed nothing for $GUEST_QUIET s"
		guest_stop
	fi
	exec {from}<&-
	wait "$GUEST_MACHINE" 2>/dev/null
	GUEST_MACHINE=
	grep -qxF "$GUEST_PROMISE" "$2" && return 0
	GUEST_WHY+=", after \"$(grep -a . "$2" | tail -1 | tr -cd '[:print:]' | cut -c1-200)\""
	return 1
}
