#!/bin/sh
# loss.sh PROGRAM ARGUMENT...: a program that promises 0 if all went well fails when what it
# prints is lost, and only then.
#
# SPDX-License-Identifier: MIT
set -u

"$@" >/dev/null
status=$?
[ $status -eq 0 ] || { echo "$*: ended with status $status, although nothing was lost"; exit 1; }
"$@" >/dev/full
status=$?
[ $status -eq 1 ] || { echo "$*: ended with status $status, not 1, although what it printed was lost"; exit 1; }
