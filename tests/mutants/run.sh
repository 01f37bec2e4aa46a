#!/bin/sh
# One mutant: a copy of the core with a bug must be found by exploration, soon, and with a
# schedule that a person can follow.
#
#   run.sh PATCH WORK_DIR COMPILER "FLAG;FLAG..." OBJECT_OR_LIBRARY...
#
# The changed files are compiled alone and linked before the library, whose own objects of
# them are then left out. Prints a line: name, seed, choices.
#
# SPDX-License-Identifier: MIT
set -eu
patch=$1 work=$2 compiler=$3 flags=$(printf '%s' "$4" | tr ';' ' ')
shift 4
seeds=30000 choices_max=40
# A seed takes milliseconds. One that hangs is tried again many times, to shorten its schedule.
seed_ms=2000
root=$(cd "$(dirname "$0")/../.." && pwd)
name=$(basename "$patch" .patch)
dir=$work/$name
scenario=
case $name in
question_*) scenario=--questions ;;
pattern_*) scenario=--patterns ;;
retained_*) scenario=--retained ;;
share_*) scenario=--shares ;;
esac

fail() { echo "mutant $name: $*"; exit 1; }

rm -rf "$dir"
mkdir -p "$dir"
cp -r "$root/src/core" "$dir/core"
patch --quiet --no-backup-if-mismatch -d "$dir/core" -p3 <"$patch" >"$dir/patch.log" 2>&1 || {
	cat "$dir/patch.log"
	fail "the patch does not apply to src/core any more: make it anew"
}

objects=
for file in $(sed -n 's|^+++ b/src/core/\([^[:space:]]*\.c\).*|\1|p' "$patch"); do
	# shellcheck disable=SC2086 # several flags
	$compiler $flags -I "$root/include" -I "$dir/core" -c "$dir/core/$file" -o "$dir/$(basename "$file").o"
	objects="$objects $dir/$(basename "$file").o"
done
[ -n "$objects" ] || fail "the patch changes no .c file of src/core"
# shellcheck disable=SC2086
$compiler $flags $objects "$@" -o "$dir/explore"

# Some seeds fail only by many choices; then a later one is asked.
from=0
while [ "$from" -lt "$seeds" ]; do
	# shellcheck disable=SC2086 # one or none
	"$dir/explore" $scenario --from "$from" --seeds $((seeds - from)) --jobs 1 --seed-ms "$seed_ms" --quiet >"$dir/log" && break
	seed=$(sed -n 's/^FAILED: seed \([0-9]*\):.*/\1/p' "$dir/log")
	choices=$(sed -n 's/^schedule: \([0-9]*\) choices.*/\1/p' "$dir/log")
	[ -n "$seed" ] || fail "the explorer failed: $(head -n 3 "$dir/log")"
	if [ "$choices" -le "$choices_max" ]; then
		echo "mutant $name: seed $seed, $choices choices: $(sed -n 's/^FAILED: seed [0-9]*: //p' "$dir/log")"
		exit 0
	fi
	from=$((seed + 1))
done
[ -n "${seed:-}" ] && fail "seed $seed fails, but with $choices choices"
fail "not found in $seeds seeds"
