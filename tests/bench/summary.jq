# What is asked of vmatrace, a line for each subject: what was measured, the budget, the verdict; as
# text or as the README's table. Form "cost": the table of doc/cost.md.
include "amounts";
def number: if . == null then "-" else (. * 1000 | round) / 1000 | tostring end;
def at($name): map(select(.name == $name)) | first // null;
def verdict: map(.met?) | if any(. == false) then "over" elif any then "met" else "" end;
def row($what; $names; $budget; told): [$names[] as $name | at($name)] |
	[$what, (if any then [.[] | if . then told else "-" end] | join(", ") else null end), $budget, verdict];
def ratios($what; $names; $most): row($what; $names; "<= " + $most; .ratio.median | number);
def more($what; $names; $most): row($what; $names; "<= +" + $most; "+" + (.unit as $unit | .more | amount($unit)));
def amounts($what; $names; $most): row($what; $names; "<= " + $most; .unit as $unit | .traced.median | amount($unit));
def programs: ["redis", "pgbench", "python3", "node", "java", "sbcl"];
def rows: [
	ratios("mmap + touch + munmap of a page, 14 frames deep; to a file"; ["map-touch-unmap", "map-touch-unmap-file"]; "1.10"),
	ratios("mmap + munmap"; ["map-unmap"]; "1.30"),
	ratios("malloc + free to 1 KiB; in two threads"; ["malloc-small", "malloc-two"]; "1.06"),
	ratios("4, 16, 64 threads that do little else: time"; [4, 16, 64] | map("contend-\(.)"); "1.25"),
	ratios("the same: processor"; [4, 16, 64] | map("contend-\(.) cpu"); "1.25"),
	ratios("redis, PostgreSQL, python3, node, java, sbcl: time"; programs; "1.02"),
	ratios("the same six: processor"; programs | map(. + " cpu"); "1.03"),
	more("start-up of /bin/true; recorded in a file"; ["start-up-true", "start-up-true-file"]; "5 ms"),
	amounts("maps of its own"; ["own-maps"]; "12"),
	ratios("a call among 60,000 maps; 1,000,000: to 100"; ["maps-60000-to-100", "maps-1000000-to-100"]; "1.5"),
	amounts("memory a map: private, recorded"; ["bytes-a-map-private", "bytes-a-map-recorded"]; "192 + 64 B"),
	amounts("memory a call site"; ["bytes-a-site"]; "1024 B"),
	more("report at exit, 1,000 call sites"; ["exit-report-1000"]; "1 s"),
	more("exit without a report"; ["exit-no-report-1000"]; "10 ms"),
	ratios("`maps PID` of 60,000 maps: to cat"; ["maps-pid-60000-to-cat"]; "2")
];
def measured: map(select(.[1] != null));
def text: if measured == [] then empty else (measured | map((.[0] + " " * 60)[:60] + (" " * 42 + .[1])[-42:] + "  "
		+ (.[2] + " " * 14)[:14] + .[3])) +
	(map(select(.[1] == null)[0]) | if length > 0 then ["not measured: " + join("; ")] else [] end) | join("\n") end;
def markdown: measured |
	(["| traced against untraced | measured | budget |", "|---|---|---|"] +
	 map("| \(.[0]) | \(.[1])\(if .[3] == "over" then " (over)" else "" end) | \(.[2]) |") + ["",
	"`scripts/bench.sh --readme` on \($machine[0].machine.cpu), \($machine[0].machine.cores) cores, Linux "
	+ "\($machine[0].machine.kernel | split("-")[0]), \($machine[0].date),",
	"medians of \($machine[0].pairs) pairs in turns. Other tools, growth, counts: `scripts/bench.sh --help`."]) | join("\n");

# A line of doc/cost.md: the medians with their quartiles.
def spread: .ratio | "\(.median | number) (\(.low | number) to \(.high | number))";
def cost_row($what; $names; $most): row($what; $names; $most; spread);
def cost_rows: [
	cost_row("500 children that map; recorded"; ["children", "children-file"]; "1.3; 1.6"),
	cost_row("fork and exit"; ["fork"]; "1.25"),
	cost_row("dlopen and dlclose"; ["dlopen"]; "1.25"),
	cost_row("malloc and free: one thread; two"; ["malloc-small", "malloc-two"]; "1.06"),
	cost_row("4, 16, 64 threads on two processors: time"; [4, 16, 64] | map("contend-\(.)"); "1.25"),
	cost_row("processor"; [4, 16, 64] | map("contend-\(.) cpu"); "1.25"),
	cost_row("on one: time"; [4, 16, 64] | map("contend-\(.)-on-one"); "1.25"),
	cost_row("with a fifth of one: time"; [4, 16, 64] | map("contend-\(.)-fifth"); "1.25"),
	cost_row("1,000 connections, a thread each"; ["connections-1000"]; "1.25"),
	cost_row("arenas of glibc, jemalloc, tcmalloc, mimalloc"; ["glibc", "jemalloc", "tcmalloc", "mimalloc"] |
		map("arenas-\(.)"); "1.25"),
	cost_row("java with 64 threads; redis with io-threads"; ["java-64-threads", "redis-io-threads"]; "1.02")
];
def cost: cost_rows | measured |
	["| traced against untraced | ratio (quartiles) | budget |", "|---|---|---|"] +
	map("| \(.[0]) | \(.[1]) | \(.[2]) |") + ["",
	"\($machine[0].date), Linux \($machine[0].machine.kernel | split("-")[0]), medians of \($machine[0].pairs) pairs or more."] | join("\n");
if $form == "cost" then cost else rows | if $form == "text" then text else markdown end end
