# One program's sums, lines "WAY COUNT NS FRAMES RECALLED", as a result: which share of its calls' stacks
# was found how, and what one such cost. A stack that is not recalled as a whole has cost the
# attempt ("tried") as well.
def share($n; $of): if $of > 0 then 100 * $n / $of else 0 end;
def each($way): if $way[0] > 0 then $way[1] / $way[0] else 0 end;
[inputs | split(" ") | { (.[0]): (.[1:] | map(tonumber)) }] | add |
(.whole[0] + .pieces[0] + .walked[0]) as $calls | each(.tried) as $attempt | {
	name: $name, unit: "ns", calls: $calls,
	whole: { share: share(.whole[0]; $calls), ns: each(.whole) },
	pieces: { share: share(.pieces[0]; $calls), ns: (each(.pieces) + $attempt) },
	walked: { share: share(.walked[0]; $calls), ns: (each(.walked) + $attempt),
		  frames: (if .walked[0] > 0 then .walked[2] / .walked[0] else 0 end),
		  frames_recalled: share(.walked[3]; .walked[2]) },
	mean: ([.whole[1], .pieces[1], .walked[1], .tried[1]] | add / ([$calls, 1] | max)),
	budget: null, met: null
}
