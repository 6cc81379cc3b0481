# A measurement as a line: name, a, b, ratio, quartiles of the ratio (of b, if it is alone), budget,
# verdict.
include "amounts";
def ratio: if . == null then "-" elif . >= 100 then round | tostring
	else (. * 1000 | round) / 1000 | tostring end;
def wanted($unit): if . == null then "-"
	elif .[:1] == "x" then "<= " + .[1:]
	elif .[:1] == "+" then "+" + (.[1:] | tonumber | amount($unit))
	else "<= " + (.[1:] | tonumber | amount($unit)) end;
.unit as $unit |
[ .name,
  (.[$label_a].median | amount($unit)),
  (.[$label_b].median | amount($unit)),
  (.ratio.median | ratio),
  (if .ratio then (.ratio.low | ratio) + " to " + (.ratio.high | ratio)
   else .[$label_b] | if .low == .high then "-" else [.low, .high] | map(amount($unit)) | join(" to ") end
   end),
  (.budget | wanted($unit)),
  (if .met == null then "" elif .met then "met" else "over" end)
] | join("\t")
