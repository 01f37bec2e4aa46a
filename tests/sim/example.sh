#!/bin/sh
# example.sh BINARY SOURCE: an example in simulation prints what its source says, whatever
# the schedule: with a few seeds.
#
# SPDX-License-Identifier: MIT
set -u

check=$(cd "$(dirname "$0")/../.." && pwd)/examples/check.sh
for seed in 0 1 2 3 4 5 6 7 8 9 10 11; do
	MAIKO_TEST_SEED=$seed "$check" "$1" "$2" || {
		echo "with the seed $seed"
		exit 1
	}
done
