#!/bin/sh
# package.sh BUILD: the Debian packages that `cpack -G DEB` makes of a build: their files,
# what they depend on, how the loader and the linker find the libraries; and programs that
# are built and run with nothing but them. With build/package (./dev package) it looks at
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
# The modules with which libmaiko-dev comes.
modules='observe test'
# package NAME: its file
package() { echo "$dir/$1_${version}_$architecture.deb"; }
runtime=$(package "libmaiko$soname")
development=$(package libmaiko-dev)

cpack -G DEB --config "$build/CPackConfig.cmake" -B "$dir" >"$dir/log" 2>&1 || { cat "$dir/log"; exit 1; }
(cd "$dir" && ls ./*.deb) >"$dir/found"
for name in libmaiko-dev "libmaiko$soname" $(printf "libmaiko-%s$soname " $modules); do
	echo "./$(basename "$(package "$name")")"
done | sort >"$dir/expected"
same "the packages"

# ---- what they say of themselves ---------------------------------------------------

for package in "$dir"/*.deb; do
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
dpkg-deb -f "$development" Depends | sed 's/, /\n/g' | sort >"$dir/found"
{
	printf "libmaiko-%s$soname (= $version)\n" $modules
	printf '%s\n' "libmaiko$soname (= $version)" "libuv1-dev (>= 1.44)"
} | sort >"$dir/expected"
same "what libmaiko-dev depends on"
# Modules use the core as it is, to the patch.
for module in $modules; do
	field "$(package "libmaiko-$module$soname")" Section libs
	dpkg-deb -f "$(package "libmaiko-$module$soname")" Depends | grep -qF "libmaiko$soname (= $version)" ||
		fail "libmaiko-$module$soname does not depend on libmaiko$soname"
done
dpkg-deb -f "$(package "libmaiko-test$soname")" Depends | grep -qF "libmaiko-observe$soname (= $version)" ||
	fail "libmaiko-test$soname does not depend on libmaiko-observe$soname"
# What the libraries were linked with, as the system's own packages say.
depends=$(dpkg-deb -f "$runtime" Depends)
for needed in libc6 libuv1; do
	case ", $depends" in
	*", $needed ("*) ;;
	*) fail "the runtime package does not depend on $needed: $depends" ;;
	esac
done

# loads SUFFIX: what that library's package tells the system's loader and the packages that use it
loads() {
	rm -rf "$dir/control"
	dpkg-deb -e "$(package "libmaiko$1$soname")" "$dir/control"
	echo "activate-noawait ldconfig" >"$dir/expected"
	cp "$dir/control/triggers" "$dir/found"
	same "triggers of libmaiko$1"
	echo "libmaiko$1 $soname libmaiko$1$soname (>= $version)" >"$dir/expected"
	cp "$dir/control/shlibs" "$dir/found"
	same "shlibs of libmaiko$1"
}
loads ""
for module in $modules; do
	loads "-$module"
done

# ---- their files --------------------------------------------------------------------------

# Unpacked as dpkg would; `files` says what is there: files, and where links lead.
unpack() { dpkg-deb -x "$1" "$dir/$2"; }
files() { (cd "$dir/$1" && find . -type l -printf '%P -> %l\n' -o ! -type d -printf '%P\n' | sort); }

unpack "$runtime" runtime
unpack "$development" development
libdir=$(dirname "$(cd "$dir/runtime" && find usr -name "libmaiko.so.$soname")")

# has FOLDER SUFFIX: a run-time package, unpacked there, has its library and nothing else
has() {
	files "$1" >"$dir/found"
	sort >"$dir/expected" <<-END
		$libdir/libmaiko$2.so.$soname -> libmaiko$2.so.$version
		$libdir/libmaiko$2.so.$version
		usr/share/doc/libmaiko$2$soname/changelog.gz
		usr/share/doc/libmaiko$2$soname/copyright
	END
	same "the files of libmaiko$2$soname"
}
has runtime ""
for module in $modules; do
	unpack "$(package "libmaiko-$module$soname")" "$module"
	has "$module" "-$module"
done

files development | grep -v '^usr/share/man/' >"$dir/found"
{
	cat <<-END
		$libdir/cmake/maiko/maiko-config-version.cmake
		$libdir/cmake/maiko/maiko-config.cmake
		$libdir/cmake/maiko/maiko-observe-targets-relwithdebinfo.cmake
		$libdir/cmake/maiko/maiko-observe-targets.cmake
		$libdir/cmake/maiko/maiko-observe.cmake
		$libdir/cmake/maiko/maiko-targets-relwithdebinfo.cmake
		$libdir/cmake/maiko/maiko-targets.cmake
		$libdir/cmake/maiko/maiko-test-targets-relwithdebinfo.cmake
		$libdir/cmake/maiko/maiko-test-targets.cmake
		$libdir/cmake/maiko/maiko-test.cmake
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

# Each where the program looks that uses it.
cp -a "$dir/development/." "$dir/runtime"
for module in $modules; do
	cp -a "$dir/$module/." "$dir/runtime"
done
for name in maiko maiko-observe maiko-test; do
	library=$dir/runtime/$libdir/lib$name.so.$version
	readelf -d "$library" | grep -q "SONAME.*\[lib$name.so.$soname\]" || fail "lib$name: another soname"
	! readelf -d "$library" | grep -E 'RPATH|RUNPATH' || fail "lib$name: looks for libraries where it was built"
	! readelf -S "$library" | grep -F .debug_info || fail "lib$name: not stripped"
	grep -qx "prefix=/usr" "$dir/development/$libdir/pkgconfig/$name.pc" || fail "$name.pc: another prefix"
	grep -qx "Version: $version" "$dir/development/$libdir/pkgconfig/$name.pc" || fail "$name.pc: another version"
done

export PKG_CONFIG_PATH="$dir/runtime/$libdir/pkgconfig" LD_LIBRARY_PATH="$dir/runtime/$libdir"
# Where they are now, instead of /usr.
pkg() { pkg-config --define-variable=prefix="$dir/runtime/usr" --cflags --libs "$1"; }
# shellcheck disable=SC2046 # several flags
"${CC:-cc}" -std=c11 "$root/examples/hello.c" -o "$dir/hello" $(pkg maiko)
"$root/examples/check.sh" "$dir/hello" "$root/examples/hello.c"
# shellcheck disable=SC2046 # several flags
"${CC:-cc}" -std=c11 "$root/tests/install/observe.c" -o "$dir/observing" $(pkg maiko-observe)
(cd "$dir" && ./observing)
# shellcheck disable=SC2046 # several flags
"${CC:-cc}" -std=c11 "$root/tests/install/sim.c" -o "$dir/sim" $(pkg maiko-test)
"$dir/sim"
