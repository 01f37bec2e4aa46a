#!/bin/sh
# grown.sh BUILD: structs grow without breaking a program that was compiled before. Makes a
# copy of the headers in which every public struct has a field more, as a later version would
# have it, and builds the library with it. A program compiled with the headers of today runs
# with that library; one compiled with the grown headers is refused, with a clear error, by
# the library of today.
#
# SPDX-License-Identifier: MIT
set -u

build=$1
root=$(cd "$(dirname "$0")/../.." && pwd)
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cc="${CC:-cc} -std=gnu11 -D_GNU_SOURCE"

# step WHAT COMMAND...: in silence, unless it fails
step() {
	what=$1
	shift
	"$@" >"$dir/log" 2>&1 && return
	echo "failed: $what"
	head -n 40 "$dir/log"
	exit 1
}

# ---- the headers of a later version ------------------------------------------------

cp -R "$root/include" "$dir/include"
# A field takes a word of reserved_; what only the library makes gets three at its end.
grow() {
	perl -0pi -e '
		our $room += s/\tuint64_t reserved_\[(\d+)\]/"\tuint64_t grown_; uint64_t reserved_[" . ($1 - 1) . "]"/ge;
		our $end += s/\n\} (maiko_(?:observation|envelope|error|completion|failure|ledger|\w+_row));/\n\tuint64_t at_its_end_[3];\n} $1;/g;
		s/(#define MAIKO_FORMAT) 2\n/$1 3\n/;
		END { die "grown: $room with room, $end at the end" if $room < 10 || $end < 9 }' "$@"
}
# shellcheck disable=SC2046 # names without spaces
step "grow the headers" grow $(find "$dir/include" -name '*.h')

# ---- its library ------------------------------------------------------------------------

soname=$(readelf -d "$build/libmaiko.so" | sed -n 's/.*SONAME.*\[\(.*\)\]/\1/p')
uv=$(pkg-config --cflags --libs libuv)
mkdir "$dir/later"
# shellcheck disable=SC2086 # several flags
step "build a library that has grown" $cc -w -O0 -fPIC -shared -fvisibility=hidden -I"$dir/include" -I"$root/src/core" \
	"$root"/src/core/*/*.c -o "$dir/later/$soname" -Wl,-soname,"$soname" -Wl,--version-script="$build/libmaiko.map" \
	$uv -pthread

# ---- both ways ------------------------------------------------------------------------------

# program NAME INCLUDE FLAGS...: linked with the library of today
program() {
	name=$1 include=$2
	shift 2
	# shellcheck disable=SC2086 # several flags
	$cc "$@" -Wall -I"$include" "$root/tests/install/grown.c" -o "$dir/$name" "$build/$soname" $uv
}
step "build a program of today" program today "$root/include"
step "build a program of later" program later_program "$dir/include" -DGROWN
step "a program of today with a library of today" env LD_LIBRARY_PATH="$build" "$dir/today"
step "a program of today with a library that has grown" env LD_LIBRARY_PATH="$dir/later" "$dir/today"
step "a program of later with its library" env LD_LIBRARY_PATH="$dir/later" "$dir/later_program"
step "a program of later with a library of today" env LD_LIBRARY_PATH="$build" LIBRARY_OF_TODAY=1 "$dir/later_program"
