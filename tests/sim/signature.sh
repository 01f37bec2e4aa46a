#!/bin/sh
# A seed is one run, on every machine and with every compiler: the core, the simulation and
# the mixed scenario are compiled by gcc and clang, plain, optimised and with sanitizers, and
# must give one signature. With sanitizers for fewer seeds, which the others run apart, too.
#
#   signature.sh WORK_DIR LIBUV...
#
# SPDX-License-Identifier: MIT
set -eu
work=$1
shift
root=$(cd "$(dirname "$0")/../.." && pwd)
all=200
few=40
rm -rf "$work"
mkdir -p "$work"

# A thread sanitizer may not start where addresses are random.
fixed=
if command -v setarch >/dev/null && setarch -R true 2>/dev/null; then
	fixed="setarch -R"
fi

# explore NAME SEEDS: their signature, to signatures.SEEDS
explore() {
	log=$work/$1.$2.log
	$fixed "$work/$1" --seeds "$2" --jobs 2 --quiet >"$log" || { cat "$log"; return 1; }
	signature=$(sed -n 's/.*signature \([0-9a-f]*\)$/\1/p' "$log")
	echo "$1, $2 seeds: $signature"
	echo "$signature" >>"$work/signatures.$2"
}

# build NAME COMPILER ARGUMENTS...
build() {
	name=$1
	compiler=$2
	shift 2
	"$compiler" -std=c11 -w -D_GNU_SOURCE -I "$root/include" -I "$root/src/core" \
		"$root"/src/core/*/*.c "$root"/src/testing/sim*.c \
		"$root"/src/testing/code_text.c "$root"/src/testing/properties*.c "$root"/src/testing/order.c "$root"/src/testing/shrink.c \
		"$root"/src/testing/explore*.c "$root"/tests/sim/scenario*.c "$root"/tests/sim/explore_main.c \
		"$@" -pthread -o "$work/$name"
}

# plain COMPILER LIBUV...
plain() {
	compiler=$1
	shift
	for level in -O0 -O3; do
		build "$compiler$level" "$compiler" "$level" "$@"
		explore "$compiler$level" "$all"
		explore "$compiler$level" "$few"
	done
}

# sanitized COMPILER LIBUV...
sanitized() {
	compiler=$1
	shift
	for kind in address,undefined thread; do
		if ! echo 'int main(void) { return 0; }' | "$compiler" -x c -fsanitize=$kind -o "$work/try" - 2>/dev/null; then
			echo "no -fsanitize=$kind of $compiler here"
			continue
		fi
		build "$compiler-$kind" "$compiler" -O0 -fsanitize=$kind "$@"
		explore "$compiler-$kind" "$few"
	done
}

# agree SEEDS: all who ran them have one signature
agree() { [ -s "$work/signatures.$1" ] && [ "$(sort -u "$work/signatures.$1" | wc -l)" -eq 1 ]; }

: >"$work/signatures.$all"
: >"$work/signatures.$few"
for compiler in gcc clang; do
	command -v "$compiler" >/dev/null || { echo "no $compiler here"; continue; }
	# Both at one time: what takes long is to compile.
	plain "$compiler" "$@" &
	other=$!
	sanitized "$compiler" "$@"
	wait "$other"
done
agree "$all" && agree "$few"
