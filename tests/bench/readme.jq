# The README's table: one line per subject, budgets and verdicts, and what it was measured on.
def digits: (. * 100 | round) / 100 | tostring;
def row($name; $what; $budget): map(select(.name == $name)) | first // empty |
	"| \($what) | \(.ratio.median | digits) | \($budget) |";
def at($name): map(select(.name == $name)) | first // null;
def pair($name): at($name).ratio.median as $wall | at($name + " cpu").ratio.median as $cpu |
	if $wall then "\($wall | digits) / \($cpu | digits)" else "-" end;

"| traced against untraced | ratio | budget |",
"|---|---|---|",
row("map-touch-unmap"; "mmap, touch, munmap of a page, 14 frames deep"; "1.10"),
row("map-unmap"; "mmap, munmap"; "1.30"),
row("malloc-small"; "malloc, free, 16 B to 1 KiB"; "1.06"),
row("malloc-two"; "the same in two threads"; "1.06"),
"| redis, PostgreSQL (wall / cpu) | \(pair("redis")), \(pair("pgbench")) | 1.02 / 1.03 |",
"| python3, node | \(pair("python3")), \(pair("node")) | 1.02 / 1.03 |",
"| java, sbcl | \(pair("java")), \(pair("sbcl")) | 1.02 / 1.03 |",
(at("start-up-true") | if . then "| start-up of /bin/true | +\(.more / 1e6 | digits) ms | +5 ms |" else empty end),
(at("exit-report-1000") | if . then "| report at exit, 1,000 call sites | +\(.more / 1e9 | digits) s | +1 s |" else empty end),
"",
($machine[0] | "`scripts/bench.sh` on \(.machine.cpu), \(.machine.cores) cores, Linux \(.machine.kernel | split("-")[0]), "
	+ "\(.date): medians of \(.pairs) pairs.")
