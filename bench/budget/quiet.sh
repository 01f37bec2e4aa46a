#!/bin/sh
# An event that stays on its worker costs no locked instruction and no system call: each
# instruction that a run executes is looked up in the program and its libraries. Between
# a run of N operations and one of 2N there may be as few more as polling libuv makes, which
# a busy worker does every 100 us: not one in a thousand operations. What goes to another
# worker may lock once a batch.
#
#   quiet.sh PROGRAM         PROGRAM: what budget.c was built as
#
# Exit code 77 where it cannot tell: no valgrind, no objdump, or another architecture.
#
# SPDX-License-Identifier: MIT
set -eu
program=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# operation; how often: whole batches, and enough of them; and how many of a thousand may
# lock or call the system
operations='hop 98304 1
delivery 192000 1
cross 81920 40'

# run OPERATION TIMES: "OBJECT ADDRESS COUNT" for each instruction executed into `executed`,
# and the number of system calls into `calls`
run() {
	if ! valgrind --tool=callgrind --dump-instr=yes --collect-systime=yes --compress-strings=no \
		--compress-pos=no --callgrind-out-file="$work/profile" "$program" "$1" "$2" >"$work/log" 2>&1; then
		cat "$work/log" >&2
		return 1
	fi
	# After calls= comes what the callee took, which is counted there.
	awk '
		/^ob=/ { object = substr($0, 4); next }
		/^calls=/ { getline; next }
		/^0x/ { print object, $1, $3 }' "$work/profile" >"$work/executed"
	sed -n 's/^totals: [0-9]* \([0-9]*\).*/\1/p' "$work/profile" >"$work/calls"
}

# locked: how often the instructions of `executed` that lock were executed, in all; xchg with
# memory does without the prefix
locked() {
	cut -d' ' -f1 "$work/executed" | sort -u | while read -r object; do
		[ -f "$object" ] || continue
		key=$(printf '%s' "$object" | tr / _)
		[ -f "$work/$key" ] || objdump -d --no-show-raw-insn "$object" | awk -v object="$object" '
			/\tlock / || /\txchg .*\(/ { sub(":", "", $1); print object, "0x" $1 }' >"$work/$key"
		cat "$work/$key"
	done >"$work/locks"
	awk '
		FNR == NR { locks[$0]; next }
		($1 " " $2) in locks { sum += $3 }
		END { print sum + 0 }' "$work/locks" "$work/executed"
}

for tool in valgrind objdump; do
	command -v $tool >/dev/null || { echo "no $tool here"; exit 77; }
done
case $("$program" about) in
*x86_64) ;;
*) echo "what locks is known of x86_64 only"; exit 77 ;;
esac

echo "$operations" | while read -r operation times most; do
	run "$operation" "$times"
	locked_once=$(locked) calls_once=$(cat "$work/calls")
	run "$operation" $((2 * times))
	locked_twice=$(locked) calls_twice=$(cat "$work/calls")
	# The start has some of both: were there none, they would not have been seen.
	if [ "$locked_once" -eq 0 ] || [ "$calls_once" -eq 0 ]; then
		echo "$operation: nothing was counted"
		exit 1
	fi
	more_locked=$((locked_twice - locked_once)) more_calls=$((calls_twice - calls_once))
	echo "$operation: $times more take $more_locked locked instructions, $more_calls system calls"
	if [ $((more_locked * 1000)) -ge $((most * times)) ] || [ $((more_calls * 1000)) -ge $((most * times)) ]; then
		echo "that is more than $most of a thousand"
		exit 1
	fi
done
