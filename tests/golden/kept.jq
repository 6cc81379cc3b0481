# SPDX-License-Identifier: MIT
# Of a JSON report what a golden recording must always be read as: what the recording itself says. Names
# and lines are those of the reader's machine; explanations and notes may be worded better some day.
def recorded: map(select(.inlined or .tail_call | not) | del(.inlined, .tail_call, .by_pointer));
(.processes[] | .sites[], .failures[]).stack |= recorded |
del(.. | .function?, .file?, .line?) |
.processes[] |= ({ pid, parent_pid, image, exe, command, os_release, "end": .end, status, duration, maps,
	coverage: (.coverage | del(.notes)), calls, sites, timeline, marks, failures })
