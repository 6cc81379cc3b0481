# SPDX-License-Identifier: MIT
# git gc --aggressive of a repository with 300 commits (threads, mapped packs), then fsck.
NEEDS=git
VERIFY=5
SECONDS_MAX=120

prepare() {
	git init -q -b main origin && cd origin && for i in $(seq 300); do
		echo "commit refs/heads/main"
		echo "committer A <a@example.org> $((1700000000 + i)) +0000"
		printf 'data 7\nchange\n'
		echo "M 644 inline file$((i % 20))"
		echo "data <<END"
		seq "$i" $((i + 200))
		echo "END"
	done | git fast-import --quiet
}

run() {
	export GIT_CONFIG_NOSYSTEM=1
	cp -r "$PREPARED/origin" repository && cd repository &&
		git -c gc.writeCommitGraph=true gc --quiet --aggressive --prune=now &&
		git fsck --full --strict && git rev-list --all --objects | sort | sha256sum &&
		git count-objects -v | grep -E '^(count|in-pack|packs|garbage)'
}
