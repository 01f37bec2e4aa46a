#!/bin/sh
# What the project's style asks for and a script can check. Each finding is a line
# "file:line: what"; any finding fails the test.
#
#   style.sh [ROOT]     ROOT: the project (default: the one this script is in)
#
# SPDX-License-Identifier: MIT
set -u
cd "${1:-$(dirname "$0")/..}" || exit 1

findings=$(mktemp)
trap 'rm -f "$findings"' EXIT

# c_files FOLDER...: their C sources and headers
c_files() {
	for folder in "$@"; do
		[ -d "$folder" ] && find "$folder" -name '*.[ch]'
	done | sort
}

# The core stands on libuv, the C library and itself (structure.pl looks at the latter).
core_includes() {
	c_files src/core | xargs -r grep -HnE '^[[:space:]]*#[[:space:]]*include' |
	while IFS=: read -r file line text; do
		name=$(printf '%s' "$text" | sed 's/^[^<"]*[<"]\([^>"]*\)[>"].*/\1/')
		case $text in
		*\"*\"*) ok=true ;;
		*'<uv.h>'* | *'<uv/'*) ok=true ;;
		*'<maiko/'*) [ -f "include/$name" ] && ok=true || ok=false ;;
		*'<sys/'* | *'<netinet/'* | *'<arpa/'* | *'<net/'* | *'<linux/'*) ok=true ;;
		*'<'*/*'>'*) ok=false ;;
		*) ok=true ;;
		esac
		$ok || echo "$file:$line: the core may not include $name"
	done
}

# A test that sleeps is slow where it passes and fails where the machine is slow.
sleeps() {
	c_files tests | xargs -r grep -HnE '(^|[^[:alnum:]_])(sleep|usleep|nanosleep|clock_nanosleep|thrd_sleep|uv_sleep)[[:space:]]*\(' |
	sed 's/^\([^:]*:[0-9]*\):.*/\1: a test waits on a condition, it does not sleep/'
}

file_lengths() {
	c_files src bench | while read -r file; do
		lines=$(wc -l <"$file")
		[ "$lines" -le 600 ] || echo "$file:600: the file has $lines lines; at most 600"
	done
}

line_lengths() {
	c_files include src tests bench docs | xargs -r perl -CSD -ne '
		chomp;
		1 while s/\t/" " x (8 - length($`) % 8)/e;
		printf "%s:%d: the line has %d columns; at most 120\n", $ARGV, $., length if length > 120;
		close ARGV if eof'
}

function_lengths() {
	c_files src tests examples bench | xargs -r awk '
		FNR == 1 { start = 0 }
		/^{/ { start = FNR }
		/^}/ {
			if (start && FNR - start + 1 > 60)
				printf "%s:%d: the function has %d lines; at most 60\n", FILENAME, start, FNR - start + 1
			start = 0
		}'
}

# A comment documents the declarations that follow it, up to the next empty line. A name
# that ends with _ is not for users.
undocumented() {
	c_files include/maiko | xargs -r awk '
		FNR == 1 { comment = 0; documented = 0 }
		/^\/\*/ { comment = 1 }
		comment {
			if (/\*\//) { comment = 0; documented = 1 }
			next
		}
		/^$/ || /^}/ { documented = 0 }
		/^((extern )?MAIKO_API|static inline) / && !/_\(/ && !documented {
			printf "%s:%d: a public function without a comment\n", FILENAME, FNR
		}'
}

# Who calls the library learns more than a code: mk_fail has the words (src/core/base/error.h). A line
# that leaves them to another says to whom, in a comment.
wordless() {
	c_files src | grep '\.c$' | xargs -r grep -HnE 'return [^;]*MAIKO_E(INVAL|TYPE|2BIG|STATE|DEADLK|FORK|EXIST|BUSY)\>' |
	grep -vE 'mk_fail|MK_NULL|/\*' |
	sed 's/^\([^:]*:[0-9]*\):.*/\1: an error without words (mk_fail)/'
}

# What is still to do is said elsewhere; the brackets keep this line from finding
# itself.
leftovers() {
	for path in include src tests examples bench docs cmake .ci CMakeLists.txt dev ./*.md; do
		[ -e "$path" ] && grep -rnwIE 'T[O]DO|F[I]XME|X[X]X' "$path"
	done | sed 's/^\([^:]*:[0-9]*\):.*/\1: something left to do/'
}

{
	core_includes
	line_lengths
	sleeps
	file_lengths
	function_lengths
	undocumented
	wordless
	leftovers
} >"$findings"

cat "$findings"
[ ! -s "$findings" ]
