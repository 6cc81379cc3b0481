# SPDX-License-Identifier: MIT
# The fields of the JSON report that others rely on, with their types; prints what is missing or of
# another type. More fields than these may be there.
def is($types): type as $is | $types | split("|") | any(. == $is);
def check($where; $fields): . as $object | $fields | to_entries[] | .key as $key | .value as $types |
	if ($object | has($key)) | not then "\($where).\($key) is missing"
	elif $object[$key] | is($types) | not then "\($where).\($key) is \($object[$key] | type)"
	else empty end;
def frame: check("stack"; { module: "string|null", build_id: "string|null", offset: "number",
	function: "string|null", file: "string|null", line: "number|null" });
def counters: { calls: "number", failed: "number", created: "number", split: "number",
	merged: "number", removed: "number", net: "number" };
check("report"; { schema: "string", processes: "array" }),
(.processes[] |
	check("process"; { pid: "number", exe: "string", command: "array", end: "string",
		status: "number|null", maps: "object", coverage: "object", calls: "object",
		sites: "array", kinds: "array", patterns: "array", neighbours: "array",
		allocators: "array", timeline: "array", marks: "array", failures: "array" }),
	(.maps | check("maps"; { start: "number", now: "number", peak: "number",
		peak_time: "number", limit: "number|null", own: "number", kernel: "number|null" })),
	(.coverage | check("coverage"; { doors: "array", exact: "boolean", unseen: "number",
		lost: "number", relearned: "number", asked: "object", truncated_stacks: "number",
		notes: "array" })),
	(.coverage.asked | check("asked"; { query: "number", probe: "number", maps: "number" })),
	(.calls[] | check("calls"; counters)),
	(.sites[] | check("sites"; counters + { id: "number", call: "string", live: "number",
		live_at_peak: "number", bytes: "number", stack: "array" }),
		(.per_call // empty | check("per_call"; { maps: "number", given_back: "number|null",
			course: "string", calls_left: "number|null" })), (.stack[] | frame)),
	(.kinds[] | check("kinds"; { kind: "string", maps: "number" })),
	(.patterns[]? | check("patterns"; { pattern: "string", maps: "number", saves: "number",
		saves_known: "boolean", site: "number|null", guards_site: "number|null", remedy: "string" })),
	(.neighbours[] | check("neighbours"; { reason: "string", pairs: "number",
		site: "number|null" })),
	(.allocators[]? | check("allocators"; { module: "string", allocations: "number|null",
		frees: "number|null", live: "number|null", maps_live: "number",
		maps_at_peak: "number",
		maps_per_allocation: "number|null" })),
	(.timeline[]? | check("timeline"; { time: "number", min: "number", max: "number" })),
	(.marks[]? | check("marks"; { name: "string|null", time: "number", maps: "number",
		sites: "array|null" }), (.sites[]? | check("mark sites"; { id: "number",
		live: "number", net: "number" }))),
	(.failures[]? | check("failures"; { call: "string|null", errno: "string|number",
		reason: "string", maps: "number", time: "number", stack: "array" }),
		(.stack[] | frame)))
