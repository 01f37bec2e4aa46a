#!/bin/sh
# build.sh OUTPUT: the reference of every public name, into OUTPUT/html and OUTPUT/man.
# Says what Doxygen finds wrong, a name in a comment that is none; fails if a public
# function has no page.
#
# SPDX-License-Identifier: MIT
set -eu

mkdir -p "$1"
output=$(cd "$1" && pwd)
cd "$(dirname "$0")/.."

MAIKO_DOCS_OUTPUT=$output
MAIKO_VERSION=$(sed -n 's/^#define MAIKO_VERSION_TEXT "\(.*\)"/\1/p' include/maiko/version.h)
export MAIKO_DOCS_OUTPUT MAIKO_VERSION
rm -rf "$output/html" "$output/man"
doxygen docs/Doxyfile

# A manual is one for the whole system: only names of ours stay. The page of a header is
# maiko_send.h(3), as sys/stat.h is sys_stat.h(0), and its names lead to it.
cd "$output/man/man3"
for page in *.h.3; do
	header=$(sed -n 's|^\.TH "\([a-z/]*\.h\)".*|\1|p' "$page")
	sed -i "s|^\.SH SYNOPSIS|&\n.PP\n\\\\fC#include <$header>\\\\fP|" "$page"
	[ "$page" = maiko.h.3 ] || mv "$page" "maiko_$page"
done
find . -type f ! -name 'maiko*' ! -name 'MAIKO_*' -exec rm {} +
find . -type f -exec sed -i \
	-e 's|^\.so man3/\([a-z]*\.h\.3\)$|.so man3/maiko_\1|' \
	-e 's|^\.TH "maiko/\([a-z]*/\)*\([a-z]*\.h\)"|.TH "maiko_\2"|; s|^\.TH "maiko_maiko\.h"|.TH "maiko.h"|' \
	-e '/^\.SH NAME/ { n; /\\-/! s/ *$/ \\- a struct of maiko/ }' \
	-e '/^\.SH "Author"/,$d' \
	-e 's/″/\\(dq/g' {} +
find ../../html -name '*.html' -exec sed -i 's/″/\&quot;/g' {} +

missing=$(find "$OLDPWD/include" -name '*.h' -exec \
	sed -nE 's/^(MAIKO_API|static inline) [^(]*[ *](maiko_[a-z0-9_]*[a-z0-9])\(.*/\2/p' {} + |
	while read -r name; do
		[ -f "$name.3" ] || echo "$name: has no page"
	done)
[ -z "$missing" ] || { echo "$missing"; exit 1; }
