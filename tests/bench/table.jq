# A measurement as a line: name, a, b, ratio, quartiles of the ratio, budget, verdict.
def digits($n): if . >= 100 then round elif . >= 10 then (. * 10 | round) / 10
	else (. * pow(10; $n) | round) / pow(10; $n) end | tostring;
def amount($unit): if . == null then "-"
	elif $unit != "ns" then digits(1) + (if $unit == "" then "" else " " + $unit end)
	elif . >= 1e9 then (. / 1e9 | digits(2)) + " s"
	elif . >= 1e6 then (. / 1e6 | digits(2)) + " ms"
	elif . >= 1e4 then (. / 1e3 | digits(2)) + " us"
	else digits(1) + " ns" end;
def ratio: if . == null then "-" else (. * 1000 | round) / 1000 | tostring end;
def wanted($unit): if . == null then "-"
	elif .[:1] == "x" then "<= " + .[1:]
	elif .[:1] == "+" then "+" + (.[1:] | tonumber | amount($unit))
	else "<= " + (.[1:] | tonumber | amount($unit)) end;
.unit as $unit |
[ .name,
  (.[$label_a].median | amount($unit)),
  (.[$label_b].median | amount($unit)),
  (.ratio.median | ratio),
  (if .ratio then (.ratio.low | ratio) + " to " + (.ratio.high | ratio) else "-" end),
  (.budget | wanted($unit)),
  (if .met == null then "" elif .met then "met" else "NOT MET" end)
] | join("\t")
