#!/bin/sh
# run.sh BUILD: the libraries as others get them. Installs the build into an empty
# prefix, moves that, and builds and runs programs against it: through pkg-config, shared
# and static; through find_package; from C++ without our macros; one that observes itself, which needs
# libmaiko-observe; a simulation, which needs libmaiko-test; a plugin that has the static libraries in itself; and the projects that the
# documents show.
#
# SPDX-License-Identifier: MIT
set -u

build=$1
root=$(cd "$(dirname "$0")/../.." && pwd)
hello=$root/examples/hello.c
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
prefix=$dir/moved

# step WHAT COMMAND...: in silence, unless it fails
step() {
	what=$1
	shift
	"$@" >"$dir/log" 2>&1 && return
	echo "failed: $what"
	echo "  $*"
	cat "$dir/log"
	exit 1
}

# Whether a program was linked with our shared libraries, or with none of them.
is_shared() { readelf -d "$1" | grep -q 'NEEDED.*\[libmaiko[.-]'; }
is_static() { ! is_shared "$1"; }

# Whether no installed text says where it was built or installed.
names_no_place() { ! grep -rIF -e "$build" -e "$root/include" -e "$root/src" -e "$dir" "$prefix"; }

flags='-Wall -Wextra -Wpedantic -Werror'

# compile OUTPUT COMPILER SOURCE LIBRARIES...
compile() {
	output=$1 compiler=$2 source=$3
	shift 3
	# shellcheck disable=SC2046,SC2086 # several flags
	$compiler $flags $(pkg-config --cflags maiko) "$source" -o "$output" "$@"
}

step "install" cmake --install "$build" --prefix "$dir/installed"
mv "$dir/installed" "$prefix"
step "the installed files name no place" names_no_place

libdir=$(dirname "$(find "$prefix" -name 'libmaiko.so')")
export PKG_CONFIG_PATH="$libdir/pkgconfig"
export LD_LIBRARY_PATH="$libdir"
cc="${CC:-cc} -std=c11"
cxx="${CXX:-g++} -std=c++17"

# ---- pkg-config ----------------------------------------------------------------

# shellcheck disable=SC2046 # several flags
step "build with pkg-config" compile "$dir/hello" "$cc" "$hello" $(pkg-config --libs maiko)
step "hello has the shared library" is_shared "$dir/hello"
step "run with pkg-config" "$root/examples/check.sh" "$dir/hello" "$hello"

# Only ours: of libuv there may be no static library. Found by its whole name, as a
# linker that is given both libraries takes the shared one.
# shellcheck disable=SC2046 # several flags
step "build with pkg-config, static" compile "$dir/hello_static" "$cc" "$hello" \
	$(pkg-config --static --libs maiko | sed 's/-lmaiko/-l:libmaiko.a/')
step "hello has the static library" is_static "$dir/hello_static"
step "run with pkg-config, static" "$root/examples/check.sh" "$dir/hello_static" "$hello"

# ---- C++ -----------------------------------------------------------------------

# shellcheck disable=SC2046 # several flags
step "build from C++" compile "$dir/raw" "$cxx" "$root/tests/install/raw.cpp" $(pkg-config --libs maiko)
step "run from C++" "$dir/raw"

# ---- libmaiko-observe -------------------------------------------------------------

# is_without_test PROGRAM
is_without_test() { ! readelf -d "$1" | grep -F libmaiko-test; }

# shellcheck disable=SC2046 # several flags
step "build a program that observes itself" compile "$dir/observe" "$cc" "$root/tests/install/observe.c" \
	$(pkg-config --libs maiko-observe)
step "it has nothing of libmaiko-test" is_without_test "$dir/observe"
step "observe" sh -c "cd '$dir' && rm -f observe.mkr && ./observe"

# ---- libmaiko-test ---------------------------------------------------------------

# shellcheck disable=SC2046 # several flags
step "build a simulation" compile "$dir/sim" "$cc" "$root/tests/install/sim.c" $(pkg-config --libs maiko-test)
step "run a simulation" "$dir/sim"

# ---- a plugin ---------------------------------------------------------------------

# Which has the libraries in itself, and so needs code that may lie anywhere.
# shellcheck disable=SC2046 # several flags
step "build a plugin" compile "$dir/plugin.so" "$cc" "$root/tests/install/plugin.c" -fPIC -shared -Wl,-z,defs \
	$(pkg-config --static --libs maiko-test | sed -E 's/-l(maiko-(test|observe)|maiko) /-l:lib\1.a /g')
step "the plugin has the static libraries" is_static "$dir/plugin.so"
step "build its host" compile "$dir/plugin_host" "$cc" "$root/tests/install/plugin_host.c" -ldl
step "run the plugin" "$dir/plugin_host" "$dir/plugin.so"

# ---- find_package ----------------------------------------------------------------

# On its own: neither pkg-config nor the loader is told where the library is.
unset PKG_CONFIG_PATH LD_LIBRARY_PATH
step "configure with find_package" cmake -S "$root/tests/install/project" -B "$dir/project" \
	-DCMAKE_C_COMPILER="${CC:-cc}" -DCMAKE_PREFIX_PATH="$prefix"
step "build with find_package" cmake --build "$dir/project"
for kind in shared static; do
	for program in hello observe sim; do
		step "${program}_$kind is linked $kind" is_$kind "$dir/project/${program}_$kind"
	done
	step "run hello with find_package" "$root/examples/check.sh" "$dir/project/hello_$kind" "$hello"
	step "observe with find_package" sh -c "cd '$dir' && rm -f observe.mkr && project/observe_$kind"
	step "run a simulation with find_package" "$dir/project/sim_$kind"
done

# ---- the projects of the documents -----------------------------------------------

shown=$dir/shown

# copy PROJECT SOURCE: a folder with both
copy() {
	mkdir -p "$shown/$1"
	cp "$root/tests/install/$1/CMakeLists.txt" "$2" "$shown/$1"
}

first=$root/docs/code/first.c
copy first "$first"
copy hello "$hello"

# The pages' own lines, with the compiler that they name.
shown_lines() { awk -v start='^cc .*pkg-config' '/^```/ { on = 0 } $0 ~ start { on = 1 } on' "$1"; }

# follow PAGE FOLDER: the commands of that page that compile and run a program
follow() {
	commands=$(shown_lines "$root/$1")
	[ -n "$commands" ] && (cd "$shown/$2" && PKG_CONFIG_PATH=$libdir/pkgconfig LD_LIBRARY_PATH=$libdir sh -ec "$commands")
}

step "follow README.md" follow README.md hello
step "follow getting-started.md" follow docs/getting-started.md first
step "follow installing.md" follow docs/installing.md hello

for name in first hello; do
	step "configure $name" cmake -S "$shown/$name" -B "$shown/$name/build" \
		-DCMAKE_C_COMPILER="${CC:-cc}" -DCMAKE_PREFIX_PATH="$prefix"
	step "build $name" cmake --build "$shown/$name/build"
done
step "run first" "$root/examples/check.sh" "$shown/first/build/first" "$first"
step "run hello" "$root/examples/check.sh" "$shown/hello/build/hello" "$hello"

# Not built once more: that the target is there is known when it is configured.
copy subdirectory "$first"
ln -s "$root" "$shown/subdirectory/maiko"
step "configure with the sources in the tree" cmake -S "$shown/subdirectory" -B "$shown/subdirectory/build" \
	-DCMAKE_C_COMPILER="${CC:-cc}"
