#!/bin/sh
# Every public header compiles alone, as C11 and as C++17, and may be included
# twice; the smallest program compiles under the strictest of C11; enumerators have numbers.
#
# SPDX-License-Identifier: MIT
set -u
cd "$(dirname "$0")/.." || exit 1

failed=0
flags="-Wall -Wextra -Wpedantic -Werror -fsyntax-only -Iinclude $(pkg-config --cflags libuv)"

public_headers() { find include/maiko -name '*.h' | sort; }

# check WHAT COMPILER ARGUMENTS...: with a source on stdin
check() {
	what=$1
	shift
	command -v "$1" >/dev/null || return 0
	# shellcheck disable=SC2086 # several flags
	"$@" $flags - || {
		echo "$what: does not compile with: $*"
		failed=1
	}
}

for header in $(public_headers); do
	name=${header#include/}
	for compiler in "gcc -x c -std=c11" "clang -x c -std=c11" "g++ -x c++ -std=c++17"; do
		# The declaration is for headers of macros alone: C wants one in each file.
		# shellcheck disable=SC2086 # a compiler and its flags
		check "$header:1" $compiler <<-END
			#include <$name>
			#include <$name>
			extern int declaration;
		END
	done
done

# Each enumerator has a number, so that none moves when another is added.
for header in $(public_headers); do
	awk -v header="$header" '/^(typedef )?enum .*{$/ { inside = 1; next }
		/^}/ { inside = 0 }
		inside && (/^\t+MAIKO_[A-Z0-9_]+ *(,|$|\/\*)/ || /^#define .*ENUM\(.*,$/ && !/ = \(/) {
			print header ":" FNR ": an enumerator without a number"
			found = 1
		}
		END { exit found }' "$header" || failed=1
done

# libuv's own header may come before ours.
check uv.h:1 gcc -x c -std=gnu11 <<-END
	#include <uv.h>
	#include <maiko/maiko.h>
END

for compiler in gcc clang; do
	check examples/hello.c:1 $compiler -x c -std=c11 <examples/hello.c
done
exit $failed
