# The README's table: a line for each subject, its budget, and what it was measured on. What the
# run did not measure is left out.
def number: if . == null then "-" else (. * 100 | round) / 100 | tostring end;
def at($name): map(select(.name == $name)) | first // null;
def ratios($names): [$names[] as $name | at($name).ratio.median | number] | join(", ");
def row($what; $names; $budget): select(at($names[0])) |
	"| \($what) | \(ratios($names)) | \($budget) |";
def difference($what; $name; $scale; $unit; $budget): select(at($name)) |
	"| \($what) | +\(at($name).more / $scale | number) \($unit) | \($budget) |";

"| traced against untraced | ratio | budget |",
"|---|---|---|",
row("mmap + touch + munmap of a page, 14 frames deep"; ["map-touch-unmap"]; "1.10"),
row("mmap + munmap"; ["map-unmap"]; "1.30"),
row("malloc + free to 1 KiB; in two threads"; ["malloc-small", "malloc-two"]; "1.06"),
row("redis, PostgreSQL: time"; ["redis", "pgbench"]; "1.02"),
row("python3, node, java, sbcl: time"; ["python3", "node", "java", "sbcl"]; "1.02"),
difference("start-up of /bin/true"; "start-up-true"; 1e6; "ms"; "+5 ms"),
difference("report at exit, 1,000 call sites"; "exit-report-1000"; 1e9; "s"; "+1 s"),
($machine[0] | "",
	"`scripts/bench.sh` on \(.machine.cpu), \(.machine.cores) cores, Linux \(.machine.kernel | split("-")[0]), "
	+ "\(.date), medians of \(.pairs)\npairs in turns; instructions, scale and other tools: "
	+ "`scripts/bench.sh --help`.")
