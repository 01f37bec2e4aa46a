#!/usr/bin/env bash
# build.sh TARGET OUT: the libraries and their tests for another machine or C library, in
# OUT/TARGET/maiko. TARGET: i386, arm64, armhf or musl, the files beside this one. What they
# need is built before, from Debian's sources of it, of the release that this machine has.
#
# SPDX-License-Identifier: MIT
set -euo pipefail
target=$1 out=$(realpath -m "$2")
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
sources=$out/sources prefix=$out/$target/prefix
mkdir -p "$sources" "$out/$target"

# ---- sources: from where the packages come ----------------------------------------------

fetch() {
	local apt=$out/apt keyring=/usr/share/keyrings/debian-archive-keyring.gpg signed=
	mkdir -p "$apt/lists/partial"
	[[ ! -f $keyring ]] || signed="[signed-by=$keyring] "
	# Security updates last: the same version is in the release as well, once that has had an update.
	apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' |
		sort -u | awk -v signed="$signed" \
		'{ line = "deb-src " signed $0 } /-security/ { last = last line "\n"; next } { print line } END { printf "%s", last }' \
		>"$apt/sources.list"
	local options=(-qq -o Dir::Etc::SourceList="$apt/sources.list" -o Dir::Etc::SourceParts=-
		-o Dir::State::Lists="$apt/lists" -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache=
		-o APT::Sandbox::User=root)
	apt-get "${options[@]}" update
	(cd "$sources" && apt-get "${options[@]}" source libuv1 cmocka)
}

# source_of NAME: its unpacked folder
source_of() { find "$sources" -mindepth 1 -maxdepth 1 -type d -name "$1-*" | head -n 1; }

[[ -n $(source_of libuv1) && -n $(source_of cmocka) ]] || fetch

# musl's compiler looks for headers at one place, which has those of musl alone.
export MAIKO_KERNEL_HEADERS=$out/kernel
mkdir -p "$MAIKO_KERNEL_HEADERS"
for folder in linux asm asm-generic; do
	for place in /usr/include "/usr/include/$(uname -m)-linux-gnu"; do
		[[ ! -d $place/$folder ]] || ln -sfn "$place/$folder" "$MAIKO_KERNEL_HEADERS/$folder"
	done
done

# ---- builds --------------------------------------------------------------------------------

# build NAME SOURCE [cmake arguments]
build() {
	local name=$1 source=$2
	shift 2
	cmake -S "$source" -B "$out/$target/$name" -G Ninja -DCMAKE_TOOLCHAIN_FILE="$here/$target.cmake" \
		-DCMAKE_BUILD_TYPE=RelWithDebInfo -DCMAKE_INSTALL_PREFIX="$prefix" -DCMAKE_INSTALL_LIBDIR=lib "$@"
	cmake --build "$out/$target/$name" -j "$(nproc)" -- --quiet
}

export PKG_CONFIG_LIBDIR=$prefix/lib/pkgconfig
if [[ ! -f $prefix/done ]]; then
	build libuv "$(source_of libuv1)" -DBUILD_TESTING=OFF
	cmake --install "$out/$target/libuv"
	build cmocka "$(source_of cmocka)" -DBUILD_SHARED_LIBS=OFF -DWITH_STATIC_LIB=ON -DWITH_EXAMPLES=OFF
	cmake --install "$out/$target/cmocka"
	touch "$prefix/done"
fi
build maiko "$root" -DCMAKE_C_FLAGS_RELWITHDEBINFO="-O2 -g" -DMAIKO_WERROR=ON
