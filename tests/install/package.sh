#!/bin/sh
# package.sh BUILD: the Debian packages that `cpack -G DEB` makes of a build: their files,
# what they depend on, how the loader and the linker find the libraries; and a program that
# is built and run with nothing but the two. With build/package (./dev package) it looks at
# the packages as they are given away.
#
# Exit code 77 where there is nothing to make a package with.
#
# SPDX-License-Identifier: MIT
set -eu
export LC_ALL=C

build=$(cd "$1" && pwd)
root=$(cd "$(dirname "$0")/../.." && pwd)
for tool in cpack dpkg-deb dpkg-shlibdeps file readelf; do
	command -v $tool >/dev/null || { echo "no $tool here"; exit 77; }
done
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

fail() {
	echo "$*"
	exit 1
}

# same WHAT: `expected` and `found`, which are files
same() { diff -u --label expected --label found "$dir/expected" "$dir/found" || fail "$1: not as expected"; }

# field PACKAGE NAME TEXT: that field of a package is that text
field() {
	found=$(dpkg-deb -f "$1" "$2")
	[ "$found" = "$3" ] || fail "$(basename "$1"): $2 is '$found', not '$3'"
}

version=$(sed -n 's/^#define MAIKO_VERSION_TEXT "\(.*\)"/\1/p' "$root/include/maiko/version.h")
case $version in
0.*) soname=${version%.*} ;;
*) soname=${version%%.*} ;;
esac
architecture=$(dpkg --print-architecture)
runtime=$dir/libmaiko${soname}_${version}_$architecture.deb
development=$dir/libmaiko-dev_${version}_$architecture.deb

cpack -G DEB --config "$build/CPackConfig.cmake" -B "$dir" >"$dir/log" 2>&1 || { cat "$dir/log"; exit 1; }
(cd "$dir" && ls ./*.deb) >"$dir/found"
printf './%s\n' "$(basename "$development")" "$(basename "$runtime")" >"$dir/expected"
same "the packages"

# ---- what they say of themselves ---------------------------------------------------

for package in "$runtime" "$development"; do
	field "$package" Source maiko
	field "$package" Version "$version"
	field "$package" Architecture "$architecture"
	dpkg-deb -f "$package" Description | grep -q '^event-driven actors for libuv - ' ||
		fail "$(basename "$package"): no synopsis"
	dpkg-deb -c "$package" >"$dir/listing"
	! awk '$2 != "root/root"' "$dir/listing" | grep . || fail "$(basename "$package"): not owned by root"
done
field "$runtime" Section libs
field "$development" Section libdevel
field "$development" Depends "libmaiko$soname (= $version), libuv1-dev (>= 1.44)"
# What the libraries were linked with, as the system's own packages say.
depends=$(dpkg-deb -f "$runtime" Depends)
for needed in libc6 libuv1; do
	case ", $depends" in
	*", $needed ("*) ;;
	*) fail "the runtime package does not depend on $needed: $depends" ;;
	esac
done

dpkg-deb -e "$runtime" "$dir/control"
echo "activate-noawait ldconfig" >"$dir/expected"
cp "$dir/control/triggers" "$dir/found"
same "triggers"
printf 'libmaiko%s %s libmaiko%s (>= %s)\n' -observe "$soname" "$soname" "$version" -test "$soname" "$soname" "$version" "" "$soname" "$soname" "$version" |
	sort >"$dir/expected"
sort "$dir/control/shlibs" >"$dir/found"
same "shlibs"

# ---- their files --------------------------------------------------------------------------

# Unpacked as dpkg would; `files` says what is there: files, and where links lead.
unpack() { dpkg-deb -x "$1" "$dir/$2"; }
files() { (cd "$dir/$1" && find . -type l -printf '%P -> %l\n' -o ! -type d -printf '%P\n' | sort); }

unpack "$runtime" runtime
unpack "$development" development
libdir=$(dirname "$(cd "$dir/runtime" && find usr -name "libmaiko.so.$soname")")

files runtime >"$dir/found"
sort >"$dir/expected" <<-END
	$libdir/libmaiko-observe.so.$soname -> libmaiko-observe.so.$version
	$libdir/libmaiko-observe.so.$version
	$libdir/libmaiko-test.so.$soname -> libmaiko-test.so.$version
	$libdir/libmaiko-test.so.$version
	$libdir/libmaiko.so.$soname -> libmaiko.so.$version
	$libdir/libmaiko.so.$version
	usr/share/doc/libmaiko$soname/changelog.gz
	usr/share/doc/libmaiko$soname/copyright
END
same "the files of the runtime package"

files development | grep -v '^usr/share/man/' >"$dir/found"
{
	cat <<-END
		$libdir/cmake/maiko/maiko-config-version.cmake
		$libdir/cmake/maiko/maiko-config.cmake
		$libdir/cmake/maiko/maiko-targets-relwithdebinfo.cmake
		$libdir/cmake/maiko/maiko-targets.cmake
		$libdir/libmaiko-observe.a
		$libdir/libmaiko-observe.so -> libmaiko-observe.so.$soname
		$libdir/libmaiko-test.a
		$libdir/libmaiko-test.so -> libmaiko-test.so.$soname
		$libdir/libmaiko.a
		$libdir/libmaiko.so -> libmaiko.so.$soname
		$libdir/pkgconfig/maiko-observe.pc
		$libdir/pkgconfig/maiko-test.pc
		$libdir/pkgconfig/maiko.pc
		usr/share/doc/libmaiko-dev/changelog.gz
		usr/share/doc/libmaiko-dev/copyright
	END
	(cd "$root/include" && find maiko -name '*.h' | sed 's|^|usr/include/|')
} | sort >"$dir/expected"
same "the files of the development package"

# The manual is there where it was built.
if [ -d "$build/reference/man" ]; then
	(cd "$build/reference" && find man -type f | sed 's|^|usr/share/|; s|$|.gz|' | sort) >"$dir/expected"
	files development | grep '^usr/share/man/' >"$dir/found"
	same "the manual"
fi

# ---- their use --------------------------------------------------------------------------------

for name in maiko maiko-observe maiko-test; do
	library=$dir/runtime/$libdir/lib$name.so.$version
	readelf -d "$library" | grep -q "SONAME.*\[lib$name.so.$soname\]" || fail "lib$name: another soname"
	! readelf -d "$library" | grep -E 'RPATH|RUNPATH' || fail "lib$name: looks for libraries where it was built"
	! readelf -S "$library" | grep -F .debug_info || fail "lib$name: not stripped"
	grep -qx "prefix=/usr" "$dir/development/$libdir/pkgconfig/$name.pc" || fail "$name.pc: another prefix"
	grep -qx "Version: $version" "$dir/development/$libdir/pkgconfig/$name.pc" || fail "$name.pc: another version"
done

cp -a "$dir/development/." "$dir/runtime"
export PKG_CONFIG_PATH="$dir/runtime/$libdir/pkgconfig" LD_LIBRARY_PATH="$dir/runtime/$libdir"
# Where they are now, instead of /usr.
pkg() { pkg-config --define-variable=prefix="$dir/runtime/usr" --cflags --libs "$1"; }
# shellcheck disable=SC2046 # several flags
"${CC:-cc}" -std=c11 "$root/examples/hello.c" -o "$dir/hello" $(pkg maiko)
"$root/examples/check.sh" "$dir/hello" "$root/examples/hello.c"
# shellcheck disable=SC2046 # several flags
"${CC:-cc}" -std=c11 "$root/tests/install/sim.c" -o "$dir/sim" $(pkg maiko-test)
"$dir/sim"
