# SPDX-License-Identifier: MIT
# The functions and lines of scripts in the stacks of a report, which the recording itself has.
[.processes[].sites[].stack[] | select((.file // "") | endswith(".py")) | "\(.function) \(.file):\(.line)"] |
	unique | .[]
