#!/bin/sh
# run.sh: verifies the models with spin, and that each broken variant is found out. Prints a
# line for each property; exits with 1 if one does not hold, or if a search was cut short.
#
# SPDX-License-Identifier: MIT
set -u

here=$(cd "$(dirname "$0")" && pwd)
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1
failed=0

# verify MODEL DEFINE COMPILER_FLAGS PAN_FLAGS: spin's answer in $dir/out
verify() {
	# shellcheck disable=SC2086 # several flags
	spin $2 -a "$here/$1.pml" >out 2>&1 && gcc -O2 -w $3 -o pan pan.c && ./pan -m1000000 $4 >out 2>&1
}

# holds MODEL PROPERTY COMPILER_FLAGS PAN_FLAGS
holds() {
	if verify "$1" "" "$3" "$4" && grep -q 'errors: 0' out && ! grep -qE 'depth too small|out of memory' out; then
		echo "$1: $2: holds ($(sed -n 's/ states, stored.*//p' out | tr -d ' ') states)"
	else
		echo "$1: $2: DOES NOT HOLD"
		sed 's/^/    /' out
		failed=1
	fi
}

# finds MODEL VARIANT...: each is broken, and found to be
finds() {
	model=$1
	shift
	for variant in "$@"; do
		verify "$model" "-D$variant" -DSAFETY ""
		if grep -q 'errors: 1' out; then
			echo "$model: broken as $variant: found"
		else
			echo "$model: broken as $variant: NOT FOUND"
			failed=1
		fi
	done
}

holds channel "order, no overwriting, no lost wake-up" -DSAFETY ""
holds channel "all is delivered, under weak fairness" "" "-a -f -N delivered"
finds channel LOST_WAKE RELAXED_PUBLISH LATE_BIT NO_WAITS NO_HEAD_LOOK ACK_EARLY PAST_SPILL NO_KEPT_SLOT MARK_AT_PASS
exit $failed
