#!/bin/sh
# The guide is true as far as a script can tell. Each finding is a line "page:line: what";
# any finding fails the test.
#
#   - Every ```c block of README.md and docs/*.md stands, line by line and apart from the
#     white space at the ends of lines, in a program of docs/code or examples. These are
#     compiled and run by tests of their own. (prose/prose.pl looks at everything else.) One
#     that begins with #include and has a main is a complete program.
#   - A block after a line that ends with "prints:" is the whole expected output of a program.
#   - Every relative link of any page leads to a file, and to a heading if it names one.
#   - The index, docs/README.md, lists every page.
#   - docs/threads.md names every call of the headers that maiko.h brings in.
#
#   docs.sh [ROOT]     ROOT: the project (default: the one this script is in)
#
# SPDX-License-Identifier: MIT
set -u
export LC_ALL=C # one order for sort(1)
cd "${1:-$(dirname "$0")/..}" || exit 1

findings=$(mktemp)
trap 'rm -f "$findings"' EXIT

pages() { ls README.md docs/*.md; }

all_pages() { ls ./*.md docs/*.md bench/*.md bench/peers/*.md | sed 's|^\./||'; }

programs() { find docs/code examples -name '*.[ch]' | sort; }

# Programs first, then pages.
blocks() {
	# shellcheck disable=SC2046 # names without spaces
	awk '
	function trimmed(text) {
		gsub(/^[ \t]+|[ \t\r]+$/, "", text)
		return text
	}
	# Whether the block is the program `p` from its first line to its expected output.
	function is_all_of(p, i) {
		for (i = 1; i <= size && code[p, i] == block[i]; i++) continue
		while (code[p, i] == "" && i < length_of[p]) i++
		return i > size && code[p, i] ~ /^\/\* Expected output/
	}
	# Whether the block is what the program `p` is expected to print.
	function is_output_of(p, i, last) {
		last = length_of[p]
		if (code[p, last] != "*/" || code[p, last - size - 1] !~ /^\/\* Expected output/) return 0
		for (i = 1; i <= size && code[p, last - size - 1 + i] == trimmed("* " block[i]); i++) continue
		return i > size
	}
	# Whether the block is lines of the program `p`, from some line on.
	function stands_in(p, at, i) {
		for (at = 1; at <= length_of[p] - size + 1; at++) {
			for (i = 1; i <= size && code[p, at + i - 1] == block[i]; i++) continue
			if (i > size) return 1
		}
		return 0
	}
	function check(p) {
		if (size == 0) {
			printf "%s:%d: an empty block\n", FILENAME, start
			return
		}
		for (p = 1; p <= programs; p++) if (complete ? is_all_of(p) : stands_in(p)) return
		printf "%s:%d: no program %s this block: %s\n", FILENAME, start + 1, complete ? "is" : "has", block[1]
	}
	function check_output(p) {
		for (p = 1; p <= programs; p++) if (is_output_of(p)) return
		printf "%s:%d: no program prints this, and nothing else: %s\n", FILENAME, start + 1, block[1]
	}
	function unclosed() {
		if (inside) printf "%s:%d: a block without an end\n", page, start
		inside = 0
	}
	FILENAME ~ /\.[ch]$/ {
		if (FNR == 1) programs++
		code[programs, FNR] = trimmed($0)
		length_of[programs] = FNR
		next
	}
	FNR == 1 { unclosed(); page = FILENAME }
	/^[ \t]*```/ {
		if (!inside) {
			inside = 1; start = FNR; size = 0; complete = 0
			ours = trimmed($0) == "```c"
			if (trimmed($0) ~ /^```[ \t]*[cC]([ \t].*|\{.*)?$/ && !ours)
				printf "%s:%d: write ```c, or the block is not checked\n", FILENAME, FNR
		} else {
			if (ours) check()
			else if (before ~ /prints:$/) check_output()
			inside = 0; before = ""
		}
		next
	}
	inside {
		block[++size] = trimmed($0)
		if (block[1] ~ /^#include/ && block[size] ~ /^int main\(/) complete = 1
		next
	}
	NF { before = trimmed($0) }
	END { unclosed() }' $(programs) $(pages)
}

# Each link outside blocks, as "page line target".
links() {
	# shellcheck disable=SC2046
	awk '
	FNR == 1 { inside = 0 }
	/^[ \t]*```/ { inside = !inside; next }
	inside { next }
	{
		gsub(/`[^`]*`/, "code")
		while (match($0, /\]\([^) \t]+/)) {
			print FILENAME, FNR, substr($0, RSTART + 2, RLENGTH - 2)
			$0 = substr($0, RSTART + RLENGTH)
		}
	}' $(all_pages)
}

# Whether a page has a heading of that anchor, as GitHub makes them.
has_heading() {
	awk -v anchor="$2" '
	/^[ \t]*```/ { inside = !inside }
	!inside && /^#+ / {
		text = tolower($0)
		sub(/^#+ +/, "", text)
		gsub(/[^a-z0-9 _-]/, "", text)
		gsub(/ /, "-", text)
		if (text == anchor) found = 1
	}
	END { exit !found }' "$1"
}

broken_links() {
	links | while read -r page line target; do
		case $target in
		[a-z]*://* | mailto:*) continue ;;
		esac
		case $target in
		'#'*) file=$page ;;
		*) file=$(dirname "$page")/${target%%#*} ;;
		esac
		if [ ! -e "$file" ]; then
			echo "$page:$line: leads nowhere: $target"
			continue
		fi
		case $target in
		*.md#* | '#'*)
			has_heading "$file" "${target#*#}" || echo "$page:$line: no such heading: $target"
			;;
		esac
	done
}

unlisted() {
	for page in docs/*.md; do
		name=$(basename "$page")
		[ "$name" = README.md ] || grep -qF "]($name)" docs/README.md ||
			echo "$page:1: docs/README.md does not list this page"
	done
}

# Functions as they are declared, and macros in small letters, which stand for functions. What ends
# with "_" is behind a macro.
calls() {
	for header in $(sed -n 's|^#include <\(maiko/.*\.h\)>$|include/\1|p' include/maiko/maiko.h); do
		sed -n -e 's/^MAIKO_API [^(]*[ *]\(maiko_[a-z0-9_]*\)(.*/\1/p' \
			-e 's/^static inline [^(]*[ *]\(maiko_[a-z0-9_]*\)(.*/\1/p' \
			-e 's/^#define \(maiko_[a-z0-9_]*\)(.*/\1/p' "$header"
	done | grep -v '_$' | sort -u
}

uncovered() {
	page=docs/threads.md
	for call in $(calls); do
		grep -qE "(^|[^a-z0-9_])$call([^a-z0-9_]|\$)" "$page" || echo "$page:1: does not name $call"
	done
}

{
	blocks
	broken_links
	unlisted
	uncovered
} >"$findings"

cat "$findings"
[ ! -s "$findings" ]
