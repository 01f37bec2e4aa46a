#!/bin/sh
# symbols.sh LIBRARY...: C15, a good guest takes no names of others. Our shared libraries
# together export what the headers declare MAIKO_API, under public versions, and what the
# sources declare MK_PRIVATE, under MAIKO_..._PRIVATE_...; nothing else, and nothing is missing. The
# static libraries, where nothing is hidden, take no name but maiko_, mk_, mo_ and mt_.
#
# SPDX-License-Identifier: MIT
set -u
export LC_ALL=C # one order for sort(1) and comm(1)

root=$(dirname "$0")/../..
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
failed=0

# declared MACRO FILE...: the names declared with it
declared() {
	macro=$1
	shift
	sed -nE "s/^(extern )?$macro [^(;[]*[ *]([A-Za-z_][A-Za-z0-9_]*)[[(;].*/\2/p" "$@" | sort -u
}

# compare WHAT: the names of its two files, which should be the same
compare() {
	comm -23 "$dir/declared" "$dir/exported" | sed "s/\$/: $1, but not exported/" >"$dir/differences"
	comm -13 "$dir/declared" "$dir/exported" | sed "s/\$/: exported, but not $1/" >>"$dir/differences"
	cat "$dir/differences"
	[ ! -s "$dir/differences" ] || failed=1
}

for library in "$@"; do
	case $library in
	*.a)
		nm -g --defined-only "$library" >"$dir/nm" || exit 1
		awk 'NF == 3 && $3 !~ /^(maiko|mk|mo|mt)_/ { print $3 }' "$dir/nm" |
			sed "s|\$|: in $library, outside of our names|" >"$dir/strangers"
		cat "$dir/strangers"
		[ ! -s "$dir/strangers" ] || failed=1
		;;
	*)
		# name@@VERSION, one per line; the versions themselves are absolute symbols
		nm -D --defined-only --with-symbol-versions "$library" >"$dir/nm" || exit 1
		awk '$2 != "A" { print $3 }' "$dir/nm" >>"$dir/symbols"
		;;
	esac
done

# Headers of modules that this build leaves out.
public=$(cd "$root/include/maiko" && find . -name '*.h' | sed 's|^\./||')
for header in ${LEFT_OUT:-}; do
	public=$(printf '%s\n' "$public" | grep -vE "^$header(/|\$)")
done
# shellcheck disable=SC2046 # names without spaces
declared MAIKO_API $(printf "$root/include/maiko/%s\n" $public) >"$dir/declared"
grep -v '@MAIKO_\([A-Z]*_\)*PRIVATE_[0-9.]*$' "$dir/symbols" | sed 's/@@*MAIKO_[A-Z0-9_.]*$//' | sort >"$dir/exported"
compare "declared MAIKO_API in a header"
[ -s "$dir/exported" ] || { echo "nothing is exported"; failed=1; }

declared MK_PRIVATE "$root"/src/core/*/*.h "$root"/src/observe/*.h >"$dir/declared"
sed -n 's/@@*MAIKO_\([A-Z]*_\)*PRIVATE_[0-9.]*$//p' "$dir/symbols" | sort >"$dir/exported"
compare "declared MK_PRIVATE"
exit $failed
