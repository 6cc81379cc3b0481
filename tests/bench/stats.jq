# One measurement from its samples: {a: [[...], ...], b: ...} -> medians, quartiles, verdict. A
# budget is "x1.10" (ratio b / a), "+5e6" (b - a), "<12" (b alone) or "-" (none).
def quantile($p): sort | ((length - 1) * $p) as $at | ($at | floor) as $low |
	if length == 0 then null
	else .[$low] + ((.[$low + 1] // .[$low]) - .[$low]) * ($at - $low) end;
def spread: { median: quantile(0.5), low: quantile(0.25), high: quantile(0.75) };

(.a | map(.[$field])) as $a | (.b | map(.[$field])) as $b |
[range([($a | length), ($b | length)] | min)] as $pairs |
($budget[1:] | tonumber? // null) as $most |
{
	name: $name, unit: $unit,
	($label_a): ($a | spread), ($label_b): ($b | spread),
	ratio: (if ($a | length) > 0 then ([$pairs[] | $b[.] / $a[.]] | spread) else null end),
	more: (if ($a | length) > 0 then ([$pairs[] | $b[.] - $a[.]] | quantile(0.5)) else null end),
	budget: (if $most then $budget else null end),
} |
.met = (if .budget == null then null
	elif $budget[:1] == "x" then .ratio.median <= $most
	elif $budget[:1] == "+" then .more <= $most
	else .[$label_b].median <= $most end)
