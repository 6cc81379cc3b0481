#!/bin/bash
# SPDX-License-Identifier: MIT
# Programs in Go that are linked with libc, as the go tool is: the end of each process is seen and
# compared with the kernel's table, and the output is the same as without tracing. Not a part of
# scripts/test.sh, since Go takes 400 MB (scripts/setup.sh matrix).
. "$(dirname "$0")/../lib.sh"
cd "$TMP" || exit 2
has_program go || {
	echo "go is missing: scripts/setup.sh matrix" >&2
	exit 2
}
export GOCACHE=$TMP/cache GOFLAGS=-mod=mod GO111MODULE=off HOME=$TMP

cat >program.go <<'END'
package main

// static int twice(int n) { return 2 * n; }
import "C"
import (
	"fmt"
	"os"
	"syscall"
)

func main() {
	for i := 0; i < 200; i++ {
		prot := syscall.PROT_READ | i%2*syscall.PROT_WRITE
		if _, err := syscall.Mmap(-1, 0, 4096, prot, syscall.MAP_PRIVATE|syscall.MAP_ANON); err != nil {
			panic(err)
		}
	}
	fmt.Println("mapped", C.twice(100))
	if len(os.Args) > 1 {
		os.Exit(3)
	}
}
END
go build -o program program.go || fail build

# compared NAME MAPS COMMAND...: all processes have as many maps as the kernel says, and the first
# has at least MAPS
compared() {
	local name=$1 maps=$2 dir=$TMP/$1 said
	shift 2
	plain "$dir/plain" "$@"
	traced "$dir/traced" report=0 "$@"
	said=$(differences "$dir/plain" "$dir/traced")
	summarise "$dir/traced" || said+="no report;"
	said+=$(awk -v maps="$maps" '$2 != "exec" && ($2 != "exit" || $4 != $5) || NR == 1 && $4 < maps {
		print $0 ";" }' "$dir/traced/table")
	[ -z "$said" ] && pass "$name" "$(wc -l <"$dir/traced/table") processes" || fail "$name" "$said"
}

compared main_returns 220 ./program
compared os_exit 220 ./program status
compared go_version 20 go version
compared go_env 20 go env GOARCH GOOS
LIMIT=300 compared go_vet 20 go vet program.go
LIMIT=300 compared go_run 20 go run program.go
"$TOOL" check --max-maps=100 -- ./program >out 2>&1
[ $? = 23 ] && pass check_fails || fail check_fails "$(cat out)"

finish
