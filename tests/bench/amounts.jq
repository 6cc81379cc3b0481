# How figures are written; included by the tables.
def digits($n): if . >= 100 then round elif . >= 10 then (. * 10 | round) / 10
	else (. * pow(10; $n) | round) / pow(10; $n) end | tostring;
def amount($unit): if . == null then "-"
	elif $unit != "ns" then digits(1) + (if $unit == "" then "" else " " + $unit end)
	elif . >= 1e9 then (. / 1e9 | digits(2)) + " s"
	elif . >= 1e6 then (. / 1e6 | digits(2)) + " ms"
	elif . >= 1e4 then (. / 1e3 | digits(2)) + " us"
	else digits(1) + " ns" end;
