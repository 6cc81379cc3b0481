#!/bin/bash
# SPDX-License-Identifier: MIT
# A program that ends by instructions of its own, as those written in Go do, is compared with the kernel's
# table as others are; and what was not compared is never called exact, and passes no check unasked.
. "$(dirname "$0")/../lib.sh"
cd "$TMP" || exit 2

for target in exits_itself exits_itself_low; do
	for way in group thread small_stack no_stack two vfork fork; do
		SUMMARY=1 same_and_true "$target-$way" "$TARGETS/$target" $way
		# The end was seen, of each process that made memory calls, and nothing is left out.
		said=$(jq -r '[.processes[] | [.end, .maps.now >= 60, .coverage.exact] | join(" ")] |
			unique | join(", ")' "$TMP/$target-$way/traced/json")
		[ "$said" = "exit true true" ] && pass "$target-$way-end" "$said" ||
			fail "$target-$way-end" "$said"
	done
done

finish
