#!/bin/sh
# What an operation costs among a hundred things and among ten thousand (or one, and the most that there
# may be), in instructions: not more than twice as much. A search in a heap is in that; a search in a list is not.
#
#   growth.sh PROGRAM [OPERATION...]    PROGRAM: what growth.c was built as
#
# Exit code 77 where there is no valgrind.
#
# SPDX-License-Identifier: MIT
set -eu
program=$1
shift
few=100 many=10000
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

command -v valgrind >/dev/null || { echo "no valgrind here"; exit 77; }

# cost OPERATION N: the instructions of one of the operations
cost() {
	if ! valgrind --tool=callgrind --collect-atstart=no --toggle-collect='growth_measured*' \
		--callgrind-out-file=/dev/null "$program" "$1" "$2" >"$work/log" 2>&1; then
		cat "$work/log" >&2
		return 1
	fi
	awk '$1 == "done" { done = $2 } $2 == "Collected" { count = $4 } END { printf "%.0f\n", count / done }' "$work/log"
}

"$program" list >"$work/list"
while read -r operation most; do
	case " $* " in "  " | *" $operation "*) ;; *) continue ;; esac
	n=$many
	m=$few
	[ "$most" -eq 0 ] || [ "$most" -gt "$n" ] || n=$most
	[ "$n" -gt "$m" ] || m=1
	echo "$operation $n $(cost "$operation" $m) $(cost "$operation" "$n") $m"
done <"$work/list" >"$work/counts"
awk '
	{
		ratio = $4 / $3
		verdict = ratio > 2 ? "GROWS" : "ok"
		printf "%-18s %8d instructions among %3d, %8d among %5d, ratio %.2f  %s\n", $1, $3, $5, $4, $2, ratio, verdict
		bad = bad || ratio > 2
	}
	END { exit bad || NR == 0 }' "$work/counts"
