# SPDX-License-Identifier: MIT
# The manual page vmatrace-cases(7) from doc/cases.md: headings, paragraphs and output as it is.
function text(line) {
	gsub(/\\/, "\\e", line)
	gsub(/-/, "\\-", line)
	gsub(/`/, "", line)
	if (line ~ /^[.']/)
		line = "\\&" line
	return line
}
BEGIN {
	print ".TH VMATRACE\\-CASES 7 \"\" vmatrace\n.SH NAME"
	print "vmatrace\\-cases \\- what vmatrace says of programs that need many maps\n.SH DESCRIPTION\n.ad l"
}
/^```/ {
	print (is_output = !is_output) ? ".PP\n.in 0\n.nf" : ".fi\n.in"
	next
}
is_output { print text($0); next }
/^# / { next }
/^## / { print ".SS \"" text(substr($0, 4)) "\""; next }
/^$/ { print ".PP"; next }
{ print text($0) }
END { print ".SH SEE ALSO\n.BR vmatrace\\-maps (1),\n.BR vmatrace\\-report (1)" }
