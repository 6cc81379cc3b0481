#!/bin/sh
# SPDX-License-Identifier: MIT
# Names on another machine: the program is moved away, and its names must be found by build-id
# wherever they may be, and nowhere else.
. "$(dirname "$0")/common.sh"
unset DEBUGINFOD_URLS http_proxy HTTP_PROXY all_proxy ALL_PROXY
export no_proxy=127.0.0.1 DEBUGINFOD_CACHE_PATH="$work/cache"

./make_recording a.vmt 2 || exit 2
line=$(grep -n "LINE-COMPARE " "$here/make_recording.c" | cut -d: -f1)
id=$(readelf -n make_recording | sed -n 's/.*Build ID: //p')
in_tree=.build-id/$(echo "$id" | cut -c1-2)/$(echo "$id" | cut -c3-)
place=$work/make_recording

mkdir away
objcopy --only-keep-debug make_recording away/debug
objcopy --strip-all make_recording away/stripped
mv make_recording away/whole

named() { "$VMATRACE" report "$@" a.vmt >out 2>err && has out "compare .*make_recording.c:$line "; }
unnamed() { "$VMATRACE" report "$@" a.vmt >out 2>err && has out "(make_recording+0x" && ! grep -q " compare " out; }

check "moved away: no names" unnamed

mkdir -p "tree/$(dirname "$in_tree")" && cp away/debug "tree/$in_tree.debug"
check "--symbols: a tree of .build-id, debug information alone" named --symbols tree
check "--symbols=DIR" named --symbols=tree
mkdir flat && cp away/whole flat/make_recording
check "--symbols: all files in one place" named --symbols flat
mkdir flat2 && cp away/debug flat2/make_recording.debug
check "--symbols: …of debug information" named --symbols flat2
mkdir -p "root$work" && cp away/whole "root$place"
check "--symbols: a copy of the other root" named --symbols root
# clang writes no table of the addresses of its units.
objcopy --remove-section=.debug_aranges away/whole "root$place"
check "no .debug_aranges" named --symbols root
cp away/stripped "$place"
check "stripped where it was: no names" unnamed
check "stripped where it was, --symbols for the rest" named --symbols tree
rm "$place"
# A file has the same name, but is another program.
mkdir other && $CC -D_GNU_SOURCE -O0 -g -I"$core" "$here/make_recording.c" -o other/make_recording
check "--symbols: of another build nothing" unnamed --symbols other
check "--symbols: a directory that is not there" unnamed --symbols nowhere

if [ "$(id -u)" = 0 ]; then
	system=/usr/lib/debug/$in_tree.debug
	mkdir -p "$(dirname "$system")" && cp away/debug "$system"
	check "/usr/lib/debug" named
	rm "$system"
	rmdir "$(dirname "$system")" 2>/dev/null
	check "…was it" unnamed
fi

check "debuginfod without a server: no names" unnamed --debuginfod
check "…and the reason" has err "DEBUGINFOD_URLS is not set"
check "…which is not told unasked" sh -c '"$1" report a.vmt 2>err >/dev/null && [ ! -s err ]' sh "$VMATRACE"

# A server like debuginfod: /buildid/ID/debuginfo and /buildid/ID/executable.
cat >server.py <<'END'
import http.server
import os
server = http.server.HTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler)
with open("port.new", "w") as file:
    file.write(str(server.server_port))
os.rename("port.new", "../port")
server.serve_forever()
END
mkdir -p "served/buildid/$id"
cp away/debug "served/buildid/$id/debuginfo"
(cd served && exec python3 ../server.py >/dev/null 2>../server.log) &
server=$!
trap 'kill $server 2>/dev/null; rm -rf "$work"' EXIT
tries=0
while [ ! -e port ] && [ $tries -lt 200 ]; do
	tries=$((tries + 1))
	sleep 0.05
done
DEBUGINFOD_URLS=http://127.0.0.1:$(cat port)
export DEBUGINFOD_URLS
check "debuginfod is not asked unasked" unnamed
check "…not even for one thing" sh -c '! grep -q GET server.log'
check "debuginfod, debug information alone" named --debuginfod
check "…was asked" has server.log "GET /buildid/$id/debuginfo"
check "…with progress" has err "Downloading"
rm -rf cache
mv "served/buildid/$id/debuginfo" "served/buildid/$id/executable"
check "debuginfod, the program itself" named --debuginfod
rm -rf cache
cp away/stripped "served/buildid/$id/executable"
cp away/debug "served/buildid/$id/debuginfo"
check "debuginfod, a stripped program and its debug information" named --debuginfod
rm -rf cache
cp other/make_recording "served/buildid/$id/executable"
cp other/make_recording "served/buildid/$id/debuginfo"
check "debuginfod that serves something else: no names" unnamed --debuginfod
rm -rf cache
kill $server
wait $server 2>/dev/null
check "debuginfod that is down: no names" unnamed --debuginfod

# A server accepts requests and never answers: it is asked once, however many modules there are.
cat >silent.py <<'END'
import os
import socket
server = socket.create_server(("127.0.0.1", 0))
with open("port.new", "w") as file:
    file.write(str(server.getsockname()[1]))
os.rename("port.new", "silent_port")
held = []
while True:
    held.append(server.accept())
END
python3 silent.py &
server=$!
tries=0
while [ ! -e silent_port ] && [ $tries -lt 200 ]; do
	tries=$((tries + 1))
	sleep 0.05
done
DEBUGINFOD_URLS=http://127.0.0.1:$(cat silent_port)
check "debuginfod that is silent: not asked unasked" status 0 timeout 4 "$VMATRACE" report a.vmt
check "…and soon given up" status 0 timeout 30 "$VMATRACE" report --debuginfod a.vmt
finish
