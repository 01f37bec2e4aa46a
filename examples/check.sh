#!/bin/sh
# check.sh BINARY SOURCE: the example prints what the end of its source says.
#
#   /* Expected output:
#    * Hello, World! (from outside)
#    */
#
# With "Expected output, in any order:" the lines may come in any order. The
# program must exit with 0 within ten minutes; and with 1 where what it prints is lost.
#
# SPDX-License-Identifier: MIT
set -u
export LC_ALL=C # one order for sort(1)

binary=$1
source=$2
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

heading=$(grep -E '^/\* Expected output(, in any order)?:$' "$source" | tail -n 1)
if [ -z "$heading" ]; then
	echo "$source:1: does not end with an  /* Expected output:  comment"
	exit 1
fi
case $heading in
*'any order'*) order='sort' ;;
*) order='cat' ;;
esac

# The last such block, without the comment's left edge.
awk -v heading="$heading" '
	$0 == heading { count = 0; inside = 1; next }
	inside && /^ \*\// { inside = 0 }
	inside { sub(/^ \* ?/, ""); line[++count] = $0 }
	END { for (i = 1; i <= count; i++) print line[i] }' "$source" | $order >"$dir/expected"

timeout 600 "$binary" </dev/null >"$dir/output"
rc=$?
$order <"$dir/output" >"$dir/actual"

if ! diff -u --label "$source" --label output "$dir/expected" "$dir/actual"; then
	exit 1
fi
case $rc in
0) ;;
124) echo "$binary: did not end within ten minutes" ;;
*) echo "$binary: ended with status $rc" ;;
esac
[ $rc -eq 0 ] || exit $rc

timeout 600 "$binary" </dev/null >/dev/full
rc=$?
[ $rc -eq 1 ] || { echo "$binary: ended with status $rc, not 1, although what it printed was lost"; exit 1; }
