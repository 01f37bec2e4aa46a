#!/bin/sh
# run.sh FILE.c: shows that a misuse does not compile, and for the right reason.
#
# The first line of FILE is  /* expect: REGEX */ , an extended regular expression.
# With each compiler at hand, FILE must fail with a message that matches REGEX, also
# where warnings are no errors, and must compile once CONTROL is defined: the misuse is
# all that is wrong with it. A second line is for what a compiler knows only then:
# /* optimised */ , or only warns of: /* a warning */ .
#
# SPDX-License-Identifier: MIT
set -u
export LC_ALL=C # the compilers' messages in English, with plain quotes

file=$1
include=$(dirname "$0")/../../include
failed=0

expect=$(sed -n '1s|^/\* expect: \(.*\) \*/$|\1|p' "$file")
if [ -z "$expect" ]; then
	echo "$file:1: the first line must be  /* expect: REGEX */"
	exit 1
fi

how=-fsyntax-only
case $(sed -n 2p "$file") in
'/* optimised */') how='-O2 -c -o /dev/null' ;;
'/* a warning */') how='-fsyntax-only -Werror' ;;
esac

# compile COMPILER FLAGS...: prints what the compiler says, returns what it returns
compile() {
	# shellcheck disable=SC2046,SC2086 # several flags, or none
	"$@" -std=c11 -Wall -Wextra $how -I"$include" $(pkg-config --cflags libuv) "$file" 2>&1
}

for cc in gcc clang; do
	command -v $cc >/dev/null || continue
	if output=$(compile $cc); then
		echo "$file:1: $cc compiles it"
		failed=1
	elif ! printf '%s\n' "$output" | grep -Eq -e "$expect"; then
		echo "$file:1: $cc does not say \"$expect\", but:"
		printf '%s\n' "$output"
		failed=1
	fi
	if ! output=$(compile $cc -Werror -DCONTROL); then
		echo "$file:1: $cc does not compile it with CONTROL defined either:"
		printf '%s\n' "$output"
		failed=1
	fi
done
exit $failed
