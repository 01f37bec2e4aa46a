#!/bin/sh
# The instructions of one operation of each kind, counted, against bench/budget/budgets.txt:
# a count more than 3 % above its budget fails. Unlike a time, a count does not depend on
# how busy the machine is.
#
#   check.sh PROGRAM            PROGRAM: what budget.c was built as
#   check.sh PROGRAM --update   makes today's counts the budgets
#
# The difference between a run of N operations and one of 2N is what N of them take, without
# the start. Exit code 77 where there is nothing to compare: no valgrind, or another compiler
# than the one that the budgets are for.
#
# SPDX-License-Identifier: MIT
set -eu
program=$1
budgets=$(cd "$(dirname "$0")" && pwd)/budgets.txt
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# operation, and how often: whole batches, and enough of them
operations='hop 98304
watched 98304
named 98304
delivery 192000
cross 81920
add 4096'

# count OPERATION TIMES: the instructions of that run
count() {
	if ! valgrind --tool=callgrind --callgrind-out-file=/dev/null "$program" "$1" "$2" >"$work/log" 2>&1; then
		cat "$work/log" >&2
		return 1
	fi
	sed -n 's/^==[0-9]*== Collected : \([0-9]*\)$/\1/p' "$work/log"
}

command -v valgrind >/dev/null || { echo "no valgrind here"; exit 77; }
about=$("$program" about)

echo "$operations" | while read -r operation times; do
	once=$(count "$operation" "$times")
	twice=$(count "$operation" $((2 * times)))
	awk -v name="$operation" -v once="$once" -v twice="$twice" -v times="$times" \
		'BEGIN { printf "%s %.1f\n", name, (twice - once) / times }'
done >"$work/counts"
[ "$(wc -l <"$work/counts")" -eq "$(echo "$operations" | wc -l)" ]

if [ "${2:-}" = --update ]; then
	{
		echo "# Instructions an operation, as check.sh counts them, by the compiler:"
		echo "# $about"
		cat "$work/counts"
	} >"$budgets"
	cat "$budgets"
	exit
fi

made_by=$(sed -n '2s/^# //p' "$budgets")
if [ "$made_by" != "$about" ]; then
	echo "the budgets are for $made_by, this is $about:"
	cat "$work/counts"
	exit 77
fi
awk '
	FNR == NR { if (!/^#/) budget[$1] = $2; next }
	!($1 in budget) { printf "%s: no budget\n", $1; bad = 1; next }
	{
		ratio = $2 / budget[$1]
		verdict = ratio > 1.03 ? "TOO MANY" : "ok"
		printf "%-10s %8.1f instructions, budget %8.1f, ratio %.3f  %s\n", $1, $2, budget[$1], ratio, verdict
		bad = bad || ratio > 1.03
	}
	END { exit bad }' "$budgets" "$work/counts"
