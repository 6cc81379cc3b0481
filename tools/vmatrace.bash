# SPDX-License-Identifier: MIT
# Completion of vmatrace in bash: commands and options are those that --help shows.

_vmatrace() {
	local current=${COMP_WORDS[COMP_CWORD]} command=${COMP_WORDS[1]} words
	COMPREPLY=()
	if [ "$COMP_CWORD" = 1 ]; then
		words="$(vmatrace --help 2>/dev/null | sed -n 's/^  \([a-z][a-z]*\)  .*/\1/p') \
			--help --version --print-lib"
		mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
		return
	fi
	case $current in
	-*)
		words=$(vmatrace "$command" --help 2>/dev/null |
			grep -o -- '--[a-z][a-z-]*=\{0,1\}' | sort -u)
		mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
		[[ ${COMPREPLY[0]-} != *= ]] || compopt -o nospace
		;;
	*)
		compopt -o default
		[ "$command" != run ] || mapfile -t COMPREPLY < <(compgen -c -- "$current" |
			sort -u)
		;;
	esac
}
complete -F _vmatrace vmatrace
