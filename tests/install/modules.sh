#!/bin/sh
# modules.sh BUILD: maiko_module (cmake/MaikoModule.cmake) makes what it says. Copies the project with four modules more:
# one that depends on a library, once by pkg-config and once by CMake; one that is made of it; one whose
# dependency no system has, and one that depends on that. Configures, builds, makes the packages, and
# builds programs with what is in them.
#
# Exit code 77 where there is nothing to make a package with.
#
# SPDX-License-Identifier: MIT
set -u
export LC_ALL=C

build=$1
root=$(cd "$(dirname "$0")/../.." && pwd)
for tool in cpack dpkg-deb dpkg-shlibdeps file; do
	command -v $tool >/dev/null || { echo "no $tool here"; exit 77; }
done
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cc="${CC:-cc} -std=c11 -Wall -Wextra -Werror"

fail() {
	echo "$*"
	exit 1
}

# step WHAT COMMAND...: in silence, unless it fails
step() {
	what=$1
	shift
	"$@" >"$dir/log" 2>&1 && return
	echo "failed: $what"
	head -n 40 "$dir/log"
	exit 1
}

# ---- a project with more modules ----------------------------------------------------

tree=$dir/tree
mkdir -p "$tree/src" "$tree/include/maiko"
ln -s "$root/CMakeLists.txt" "$root/cmake" "$root/docs" "$root/LICENSE" "$tree"
ln -s "$root"/src/* "$tree/src"
ln -s "$root"/include/maiko/* "$tree/include/maiko"

# add NAME CALLS...: the source and the header of a module, whose function adds up what these return
add() {
	name=$1
	shift
	mkdir -p "$tree/src/$name"
	printf '#include <maiko/export.h>\nMAIKO_API int maiko_%s_answer(void);\n' "$name" >"$tree/include/maiko/$name.h"
	{
		echo "#include <maiko/$name.h>"
		printf '#include <maiko/%s.h>\n' "$@"
		echo "int maiko_${name}_answer(void) { return 1$(printf ' + maiko_%s_answer()' "$@"); }"
	} | grep -v '<maiko/.h>' | sed 's/ + maiko__answer()//' >"$tree/src/$name/$name.c"
}
add found
add above found
add missing
add stranded missing

rm "$tree/src/modules.cmake"
cat "$root/src/modules.cmake" - >"$tree/src/modules.cmake" <<-'END'
	maiko_module(found DESCRIPTION "first" PREFIX mf_ SOURCES src/found/*.c HEADERS found.h
		DEPENDS "pkg-config libuv>=1.44 (libuv1-dev)" "CMake Threads Threads::Threads (libc6-dev)")
	maiko_module(above DESCRIPTION "second" PREFIX ma_ SOURCES src/above/*.c HEADERS above.h DEPENDS found)
	maiko_module(missing DESCRIPTION "third" PREFIX mm_ SOURCES src/missing/*.c HEADERS missing.h
		DEPENDS "pkg-config libuv>=1000 (libuv1000-dev)" "CMake NoSuchPackage NoSuch::package (libnosuch-dev)")
	maiko_module(stranded DESCRIPTION "fourth" PREFIX ms_ SOURCES src/stranded/*.c HEADERS stranded.h DEPENDS missing)
END

# ---- what configuring says ------------------------------------------------------------

made=$dir/made
step "configure" cmake -S "$tree" -B "$made" -DCMAKE_C_COMPILER="${CC:-cc}" -DCMAKE_BUILD_TYPE=Debug \
	-DCMAKE_INSTALL_LIBDIR=lib -DMAIKO_BUILD_TESTS=OFF -DMAIKO_BUILD_EXAMPLES=OFF -DMAIKO_WITHOUT=test
grep 'is not built' "$dir/log" >"$dir/found"
cat >"$dir/expected" <<-'END'
	-- maiko-missing is not built: it needs the Debian package libuv1000-dev, the Debian package libnosuch-dev
	-- maiko-stranded is not built: it needs the Debian package libuv1000-dev, the Debian package libnosuch-dev
END
diff -u --label expected --label found "$dir/expected" "$dir/found" || fail "what is missing is not said in a line"

step "build" cmake --build "$made" -j 2

# ---- its packages ----------------------------------------------------------------------

version=$(sed -n 's/^#define MAIKO_VERSION_TEXT "\(.*\)"/\1/p' "$root/include/maiko/version.h")
soname=$(sed -n 's/^set(CPACK_MAIKO_DEB_runtime "libmaiko\(.*\)")/\1/p' "$made/CPackConfig.cmake")
step "make the packages" cpack -G DEB --config "$made/CPackConfig.cmake" -B "$dir/deb"
(cd "$dir/deb" && ls ./*.deb | sed 's|./\([^_]*\)_.*|\1|') >"$dir/found"
printf '%s\n' libmaiko-above"$soname" libmaiko-dev libmaiko-found-dev libmaiko-found"$soname" \
	libmaiko-observe"$soname" libmaiko"$soname" | sort >"$dir/expected"
sort -o "$dir/found" "$dir/found"
diff -u --label expected --label found "$dir/expected" "$dir/found" || fail "other packages"

# depends PACKAGE WHAT: on exactly that
depends() {
	found=$(dpkg-deb -f "$dir"/deb/"$1"_*.deb Depends)
	[ "$found" = "$2" ] || fail "$1 depends on '$found', not on '$2'"
}
depends libmaiko-found-dev "libmaiko-dev (= $version), libmaiko-found$soname (= $version), libuv1-dev, libc6-dev"

for package in "$dir"/deb/*.deb; do
	dpkg-deb -x "$package" "$dir/root"
done
for name in "maiko/found.h" "maiko/observe/recorder.h"; do
	[ -f "$dir/root/usr/include/$name" ] || fail "$name is not installed"
done
for name in maiko/missing.h maiko/stranded.h maiko/testing.h maiko/testing; do
	[ ! -e "$dir/root/usr/include/$name" ] || fail "$name is installed without its library"
done

# ---- a program with it -------------------------------------------------------------------

libdir=$dir/root/usr/lib
printf '#include <maiko/above.h>\nint main(void) { return maiko_above_answer() == 2 ? 0 : 1; }\n' >"$dir/program.c"
export PKG_CONFIG_PATH="$libdir/pkgconfig"
# shellcheck disable=SC2046,SC2086 # several flags
step "build with pkg-config" $cc "$dir/program.c" -o "$dir/program" \
	$(pkg-config --define-variable=prefix="$dir/root/usr" --cflags --libs maiko-above) -Wl,-rpath-link,"$libdir"
step "run with pkg-config" env LD_LIBRARY_PATH="$libdir" "$dir/program"

# project COMPONENT LIBRARY: one that needs that component
project() {
	mkdir -p "$dir/project"
	cat >"$dir/project/CMakeLists.txt" <<-END
		cmake_minimum_required(VERSION 3.25)
		project(user LANGUAGES C)
		find_package(maiko CONFIG REQUIRED COMPONENTS $1)
		add_executable(program ../program.c)
		target_link_libraries(program PRIVATE $2)
	END
	rm -rf "$dir/project/build"
	cmake -S "$dir/project" -B "$dir/project/build" -DCMAKE_C_COMPILER="${CC:-cc}" -DCMAKE_PREFIX_PATH="$dir/root/usr"
}
for library in maiko::above maiko::above_static; do
	step "configure with $library" project above $library
	step "build with $library" cmake --build "$dir/project/build"
	step "run with $library" env LD_LIBRARY_PATH="$libdir" "$dir/project/build/program"
done
project stranded maiko::stranded >"$dir/log" 2>&1 && fail "a component that is not installed was found"
tr -s ' \n' '  ' <"$dir/log" | grep -qF "maiko's module stranded needs libmaiko-stranded-dev" || {
	cat "$dir/log"
	fail "a component that is not installed is not named"
}
