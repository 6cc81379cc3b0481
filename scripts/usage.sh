# SPDX-License-Identifier: MIT
# What the scripts here print for --help: the comment at their head. Sourced, not run.

usage() {
	awk 'NR > 1 && !/^#/ { exit } NR > 1 && !/SPDX/ { sub(/^# ?/, ""); print }' "$0"
}

# Answer --help, and refuse options that do not exist. A script with options of its own passes only
# what it does not know.
no_options() {	# ARGUMENT...
	local argument
	for argument; do
		case $argument in
		-h | --help)
			usage
			exit 0
			;;
		-*)
			echo "${0##*/}: there is no option $argument; --help lists what there is" >&2
			exit 2
			;;
		esac
	done
}
