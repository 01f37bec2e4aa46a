#!/bin/sh
# abi.sh [--renew] BUILD: the binary interface of the shared libraries against its descriptions
# in the tree, libmaiko.abi, libmaiko-observe.abi and libmaiko-test.abi. It may grow as export.h says: by functions,
# by fields that take the place of reserved_, and at the end of what only the library makes.
# Any other change fails while the soname stays the same. --renew writes the descriptions.
#
# Exit code 77 where there is nothing to compare with: another machine, no abidw and abidiff, a
# build without debug information.
#
# SPDX-License-Identifier: MIT
set -u

renew=no
[ "$1" != --renew ] || { renew=yes; shift; }
build=$1
root=$(cd "$(dirname "$0")/../.." && pwd)
here=$root/tests/install
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
failed=0

[ "$(uname -m)" = x86_64 ] || { echo "the descriptions are of x86_64"; exit 77; }
for tool in abidw abidiff; do
	command -v $tool >/dev/null || { echo "no $tool here"; exit 77; }
done

# What promises nothing is not described. (maiko_monitor is opaque, but its private header has the name of a public one.)
cat >"$dir/private" <<-'END'
	[suppress_function]
	name_regexp = ^m[ko]_
	drop = yes
	[suppress_variable]
	name_regexp = ^m[ko]_
	drop = yes
	[suppress_type]
	name_regexp = ^(mk_|mo_|mt_|maiko_monitor$)
	drop = yes
END

# What export.h allows. That a struct has another size is always told.
cat >"$dir/growth" <<-'END'
	[suppress_type]
	type_kind = struct
	name_regexp = ^maiko_
	has_data_member_inserted_between = {offset_of(reserved_), end}
	[suppress_type]
	type_kind = struct
	name_regexp = ^maiko_(observation|envelope|error|completion|violation|failure|ledger|explore_progress|record|actor_row|topic_row|pair_row)$
	has_data_member_inserted_at = end
	has_size_change = yes
END

# Without the symbols that promise nothing, and without what is in the structs of libuv and the C library.
opaque() {
	awk '/<elf-symbol name=.m[ko]_/ { next }
		skipping { skipping += /<(class|union)-decl.*[^\/]>$/; skipping -= /<\/(class|union)-decl>/; next }
		/<(class|union)-decl name=.(uv_|_IO_|__pthread).*[^\/]>$/ {
			sub(/ size-in-bits=.[0-9]*./, "")
			sub(/>$/, " is-declaration-only=\x27yes\x27/>")
			skipping = 1
		}
		{ print }'
}

soname_of() { readelf -d "$1" | sed -n 's/.*SONAME.*\[\(.*\)\]/\1/p'; }

for name in libmaiko libmaiko-observe libmaiko-test; do
	library=$build/$name.so
	kept=$here/$name.abi
	readelf -S "$library" | grep -q '\.debug_info' || { echo "$library has no debug information"; exit 77; }
	abidw --headers-dir "$root/include" --drop-private-types --suppressions "$dir/private" --no-show-locs \
		--no-corpus-path --no-comp-dir-path --no-parameter-names --drop-undefined-syms --no-elf-needed \
		--no-architecture "$library" >"$dir/all" || { echo "abidw: cannot read $library"; exit 1; }
	opaque <"$dir/all" >"$dir/$name.abi"
	if [ $renew = yes ]; then
		cp "$dir/$name.abi" "$kept"
		continue
	fi
	before=$(sed -n "s/.*soname='\([^']*\)'.*/\1/p" "$kept" | head -n 1)
	if [ "$before" != "$(soname_of "$library")" ]; then
		echo "$kept is of $before, $library is $(soname_of "$library"): renew it with ./dev abi"
		failed=1
		continue
	fi
	abidiff --leaf-changes-only --no-added-syms --suppressions "$dir/growth" "$kept" "$dir/$name.abi" >"$dir/differences" 2>&1 || {
		cat "$dir/differences"
		echo "the interface of $name has moved, and its soname has not: keep to what export.h says of growth,"
		echo "or give it another minor version (version.h) and renew the description (./dev abi)"
		failed=1
	}
done
exit $failed
