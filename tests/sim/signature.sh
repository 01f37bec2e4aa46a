#!/bin/sh
# A seed is one run, on every machine and with every compiler: the core, the simulation and
# the mixed scenario are compiled by gcc and clang, plain and optimised, and must give one
# signature.
#
#   signature.sh WORK_DIR LIBUV...
#
# SPDX-License-Identifier: MIT
set -eu
work=$1
shift
root=$(cd "$(dirname "$0")/../.." && pwd)
seeds=200
rm -rf "$work"
mkdir -p "$work"

: >"$work/signatures"
for compiler in gcc clang; do
	command -v "$compiler" >/dev/null || { echo "no $compiler here"; continue; }
	for level in -O0 -O3; do
		name=$compiler$level
		"$compiler" -std=c11 "$level" -w -D_GNU_SOURCE -I "$root/include" -I "$root/src/core" \
			"$root"/src/core/*.c "$root"/src/test/sim.c "$root"/src/test/sim_memory.c \
			"$root"/src/test/laws.c "$root"/src/test/order.c "$root"/src/test/shrink.c \
			"$root"/src/test/explore*.c "$root"/tests/sim/scenario*.c "$root"/tests/sim/explore_main.c \
			"$@" -pthread -o "$work/$name"
		"$work/$name" --seeds "$seeds" --jobs 2 --quiet >"$work/$name.log" || { cat "$work/$name.log"; exit 1; }
		signature=$(sed -n 's/.*signature \([0-9a-f]*\)$/\1/p' "$work/$name.log")
		echo "$name: $signature"
		echo "$signature" >>"$work/signatures"
	done
done
[ -s "$work/signatures" ] && [ "$(sort -u "$work/signatures" | wc -l)" -eq 1 ]
