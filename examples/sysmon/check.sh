#!/bin/sh
# check.sh BINARY: sysmon on this machine, on files that make no sense, on a full disk,
# interrupted, and with bad options. Prints what is wrong, and then the run's output.
#
# SPDX-License-Identifier: MIT
set -u

binary=$1
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
mkdir "$dir/watched"
failures=0

fail() {
	echo "$name: $*"
	sed 's/^/    /' "$dir/out" "$dir/err"
	failures=$((failures + 1))
}

# run NAME STATUS ARGUMENT...: to the end
run() {
	name=$1 wanted=$2
	shift 2
	"$binary" --watch "$dir/watched" "$@" >"$dir/out" 2>"$dir/err"
	status=$?
	[ "$status" -eq "$wanted" ] || fail "ended with status $status, not $wanted"
}

# prints PATTERN...: in the output of the run there is a line for each
prints() {
	for pattern in "$@"; do
		grep -q -e "$pattern" "$dir/out" "$dir/err" || fail "nothing printed is like '$pattern'"
	done
}

# The ledger has a row for each actor; nothing else prints these two names.
prints_ledger() { prints '^ *rates ' '^ *alerter '; }

# journal_has PATTERN...: only whole lines, and one for each pattern
journal_has() {
	if grep -qv '^{.*}$' "$dir/journal"; then fail "the journal has a line that is no object"; fi
	for pattern in "$@"; do
		grep -q -e "$pattern" "$dir/journal" || fail "nothing in the journal is like '$pattern'"
	done
}

# begin NAME ARGUMENT...: in the background; finish: interrupts it
begin() {
	name=$1
	shift
	: >"$dir/out"
	"$binary" --watch "$dir/watched" "$@" >>"$dir/out" 2>"$dir/err" &
	pid=$!
}
finish() {
	kill -INT "$pid"
	wait "$pid"
	status=$?
	[ "$status" -eq 0 ] || fail "ended with status $status, not 0"
}

# await PATTERN: until the run in the background has printed it, or has ended
await() {
	until grep -q -e "$1" "$dir/out"; do
		kill -0 "$pid" 2>/dev/null || return
		sleep 0.05
	done
}

run "real" 0 --interval 100 --seconds 2 --workers 2 --journal "$dir/journal" --alert memory=0:0
prints ' cpu ' ' memory ' ' net ' 'ALERT .*memory is too high'
prints_ledger
journal_has '"event":"cpu_sample"' '"event":"cpu_load"' '"event":"net_rate"' '"event":"alert","from":"alerter"'

run "recorded" 0 --interval 20 --seconds 1 --workers 2 --journal "$dir/journal" --alert memory=0:0 --record "$dir/run"
run "replayed" 0 --workers 2 --seconds 1 --journal "$dir/journal" --alert memory=0:0 --replay "$dir/run"
prints 'no divergence$'
run "replayed with another limit" 1 --workers 2 --seconds 1 --journal "$dir/journal" --alert memory=99:98 --replay "$dir/run"
prints 'record [0-9]*, worker .*recorded: dispatched, event alert #'
run "no recording" 1 --replay "$binary"
prints 'no recording'
run "recording on a full disk" 1 --interval 20 --seconds 1 --record /dev/full

mkdir -p "$dir/proc/net"
printf 'cpu  1 2 three 4\n' >"$dir/proc/stat"
printf 'MemTotal: 99999999999999999999999 kB\n' >"$dir/proc/meminfo"
printf 'Inter-| \n face | \n lo: 1 2 3\neth0: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n' >"$dir/proc/net/dev"
head -c 100000 /dev/zero | tr '\0' '7' >"$dir/proc/diskstats"
rm "$dir/journal"
run "malformed" 0 --interval 100 --seconds 2 --proc "$dir/proc" --journal "$dir/journal"
prints 'TROUBLE cpu: line 1: stat: system' 'TROUBLE memory: line 1: meminfo: MemTotal' \
	'TROUBLE network: line 3: net/dev' 'TROUBLE disk: .*diskstats' ' net  *eth0 '
prints_ledger
journal_has '"event":"trouble","from":"cpu"' '"event":"trouble","from":"disk"'

rm -r "$dir/proc/stat" "$dir/proc/net" "$dir/proc/diskstats"
: >"$dir/proc/meminfo"
mkdir "$dir/proc/stat"
run "missing" 0 --interval 100 --seconds 1 --proc "$dir/proc"
prints 'TROUBLE cpu: .*directory' 'TROUBLE memory: meminfo: MemTotal' 'TROUBLE network: ' 'TROUBLE disk: '
prints_ledger

# A file that goes away is a failure, which its group repairs when the file is back.
cp /proc/meminfo "$dir/proc/meminfo"
begin "pulled away" --interval 20 --seconds 50 --proc "$dir/proc" --journal "$dir/journal" --record "$dir/pulled"
await ' memory '
mv "$dir/proc/meminfo" "$dir/proc/away"
await 'TROUBLE memory: .*/meminfo: '
mv "$dir/proc/away" "$dir/proc/meminfo"
await 'again *memory: '
: >"$dir/out" # what comes from here on
await ' memory '
finish
prints '^+- sources .*without limit' '^|  +- memory .* restart' '^|  +- cpu .*failed'
run "pulled away, replayed" 0 --seconds 50 --journal "$dir/journal" --replay "$dir/pulled"
prints 'no divergence$'

# What is lost is told, and so is that not all went well.
run "full disk" 1 --interval 10 --seconds 1 --journal /dev/full
prints 'TROUBLE journal: /dev/full: ' 'TROUBLE journal: .* lines lost in all' \
	'^sysmon: .*journal.* failed in on_stop' '^failed: journal (journal) in on_stop, '
prints_ledger

# The console and the ledger themselves are lost.
name="nowhere to print"
"$binary" --watch "$dir/watched" --interval 10 --seconds 1 >/dev/full 2>"$dir/err"
status=$?
[ "$status" -eq 1 ] || fail "ended with status $status, not 1"

begin "interrupted" --seconds 50
await ' cpu '
: >"$dir/watched/new
file"
await 'written: new?file'
finish
prints 'file .*created: new?file' 'file .*written: new?file'
prints_ledger

run "bad interval" 2 --interval 5
prints '--interval 5: '
run "bad number" 2 --seconds 1x
prints '--seconds 1x: '
run "bad directory" 2 --proc "$dir/nowhere"
prints '--proc .*/nowhere: '
run "bad alert" 2 --alert cpu=50:60
prints '--alert cpu=50:60: '
run "bad option" 2 --colour
prints 'option.*colour'
run "bad journal" 1 --journal "$dir/nowhere/journal"
prints '--journal .*/nowhere/journal: '
run "help" 0 --help
prints '--interval' '--journal'

exit $((failures > 0))
