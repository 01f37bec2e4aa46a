#!/bin/sh
# run.sh: verifies the models with spin, and that each broken variant is found out. Prints a
# line for each property; exits with 1 if one does not hold, or if a search was cut short.
#
#   run.sh [--small] [MODEL...]     --small: one small configuration of each, for a few seconds;
#                                   exits with 77 if spin is not here
#
# A search that runs out of the memory or the depth given here was cut short. States are kept
# as they are; where they are compressed, without loss (COLLAPSE), the line says so.
#
# SPDX-License-Identifier: MIT
# shellcheck disable=SC2317 # functions that are called by name
set -u

here=$(cd "$(dirname "$0")" && pwd)
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1
failed=0
SAFE="-DSAFETY -DNOCLAIM" # assertions and ends alone, without the claim of progress

# verify MODEL DEFINES COMPILER_FLAGS PAN_FLAGS: spin's answer in $dir/out
verify() {
	# shellcheck disable=SC2086 # several flags
	spin $2 -a "$here/$1.pml" >out 2>&1 && gcc -O1 -w -DMEMLIM=4000 $3 -o pan pan.c >out 2>&1 && ./pan -m1000000 $4 >out 2>&1
}

# holds MODEL DEFINES PROPERTY COMPILER_FLAGS PAN_FLAGS
holds() {
	name="$1${2:+ $2}: $3"
	if verify "$1" "$2" "$4" "$5" && grep -q 'errors: 0' out && ! grep -qE 'depth too small|out of memory|not completed' out; then
		case $4 in
		*COLLAPSE*) how=", compressed" ;;
		*) how= ;;
		esac
		echo "$name: holds ($(sed -n 's/ states, stored.*//p' out | tr -d ' ') states$how)"
	else
		echo "$name: DOES NOT HOLD"
		sed 's/^/    /' out
		failed=1
	fi
}

# finds MODEL DEFINES VARIANT...: each is broken, and found to be
finds() {
	model=$1 defines=$2
	shift 2
	for variant in "$@"; do
		verify "$model" "$defines -D$variant" "$SAFE" ""
		if grep -q 'errors: 1' out && ! grep -q 'VECTORSZ' out; then
			echo "$model${defines:+ $defines}: broken as $variant: found"
		else
			echo "$model${defines:+ $defines}: broken as $variant: NOT FOUND"
			sed 's/^/    /' out
			failed=1
		fi
	done
}

small_watchdog() {
	holds watchdog "" "a callback that does not return is seen" "$SAFE" ""
	finds watchdog "" LOOKS_FIRST
}

small_channel() {
	holds channel "-DEVENTS=4 -DMARKERS=0" "order, no overwriting, no lost wake-up" "$SAFE" ""
	finds channel "" LOST_WAKE
}

small_mute() {
	holds mute "-DSENDS_EACH=2" "no deadlock, no lost release" "$SAFE" ""
	finds mute "" NO_RELEASE
}

small_stop() {
	holds stop "-DWORK=2" "nothing is left when it goes on" "$SAFE" ""
	finds stop "-DWORK=2" TRUSTS_ANSWERS
}

small_topology() {
	holds topology "-DMOVES -DEVENTS=1 -DLAST_WORDS=3" "no event too many, too few, twice or late" "$SAFE" ""
	finds topology "-DMOVES -DEVENTS=2" RUNS_BEFORE_HAND_OVER
}

small_watch() {
	holds watch "" "told once, each half freed once" "$SAFE" ""
	finds watch "" NOT_KEPT
}

all_watch() {
	for defines in "" "-DWATCHER_MOVES=6 -DWATCHED_MOVES=6 -DWATCHES=3" "-DCHANGES=3 -DWATCHER_MOVES=10 -DWATCHED_MOVES=12"; do
		holds watch "$defines" "told once, each half freed once" "$SAFE" ""
	done
	finds watch "" NOT_SENT_ON NOT_KEPT BACK_NOT_KEPT TELLS_CANCELLED FORGOTTEN
}

small_receipt() {
	holds receipt "-DNO_MEMORY=1" "one receipt, its counts, behind the replies" "$SAFE" ""
	holds receipt "-DEVENTS=1 -DFIRST=BOTH_MOVE -DNO_MEMORY=1 -DFULL=1" "one receipt, its counts, behind the replies" "$SAFE" ""
	finds receipt "-DNO_MEMORY=1" ASIDE_ON_LANE
	holds receipt "-DASKS -DEVENTS=1 -DNO_MEMORY=1" "each question ends once, for the true reason" "$SAFE" ""
	finds receipt "-DASKS -DEVENTS=1" NOT_DISOWNED
}

small_interest() {
	holds interest "-DMOVES=2 -DNO_MEMORY=1" "told in time, before all else, and the truth" "$SAFE" ""
	finds interest "-DNO_MEMORY=1" NO_DOUBT
}

small_feed() {
	holds feed "-DSTOPS -DEVENTS=1" "all that is accepted is taken, no lost wake-up" "$SAFE" ""
	finds feed "-DFEEDS=1 -DSTOPS" CLOSES_LISTED
}

small_retained() {
	holds retained "-DEVENTS=1" "no gap, none twice, none older last" "$SAFE" ""
	finds retained "-DEVENTS=1" NOT_SPLIT
}

all_channel() {
	holds channel "" "order, no overwriting, no lost wake-up" "$SAFE" ""
	holds channel "-DEVENTS=3 -DPARCELS=2" "order, no overwriting, no lost wake-up" "$SAFE" ""
	holds channel "-DEVENTS=3 -DSTAND_INS=2" "order, no overwriting, no lost wake-up" "$SAFE" ""
	holds channel "-DEVENTS=4" "all is delivered, under weak fairness" "" "-a -f -N delivered"
	finds channel "" LOST_WAKE RELAXED_PUBLISH LATE_BIT NO_WAITS NO_HEAD_LOOK ACK_EARLY PAST_SPILL NO_KEPT_SLOT \
		MARK_AT_PASS NO_LAST_SHOW
	finds channel "-DEVENTS=3 -DPARCELS=1" SLEEPS_ON_PARCEL
	finds channel "-DEVENTS=3 -DSTAND_INS=2" CALL_LOST RISES_STOOD_IN STANDS_IN_AWAKE PASSES_AHEAD
}

# Three actors: two on one worker, or probes at once, where there would be too many states.
all_mute() {
	for defines in "" "-DCAPACITY=2" "-DTOGETHER=1" "-DTOGETHER=2" "-DENDER=0" "-DFAN" "-DCHANNEL" "-DCHANNEL -DSENDS_EACH=8 -DDUE=0" \
		"-DRING=3 -DMUTED -DSENDS_EACH=0 -DTOGETHER=1" \
		"-DHUB -DMUTED -DSENDS_EACH=0 -DTOGETHER=1 -DPROBE_AT_ONCE" \
		"-DHUB -DMUTED -DGROWS -DSENDS_EACH=0 -DTOGETHER=1 -DPROBE_AT_ONCE"; do
		holds mute "$defines" "no deadlock, no lost release, the bound" "$SAFE -DCOLLAPSE" ""
	done
	holds mute "-DHOLDS -DSENDS_EACH=2" "no deadlock, no lost release" "$SAFE -DCOLLAPSE" ""
	holds mute "-DSENDS_EACH=2" "the end comes, without fairness" "" "-a -N progress"
	finds mute "" NO_RELEASE NO_PROBES TWO_EDGES RELEASE_OVERTAKES
	finds mute "-DHOLDS -DSENDS_EACH=2" HOLD_STOPS_PROBES
	finds mute "-DHOLDS -DRING=3 -DMUTED -DSENDS_EACH=0 -DTOGETHER=1 -DPROBE_AT_ONCE" UNHOLD_UNSEEN
	finds mute "-DENDER=0" ORPHAN_FREED
	finds mute "-DCHANNEL -DSENDS_EACH=8 -DDUE=0" MUTES_LAST MARK_UNSEEN
	finds mute "-DCHANNEL" DUE_UNSEEN
	finds mute "-DHUB -DMUTED -DGROWS -DSENDS_EACH=0 -DTOGETHER=1 -DPROBE_AT_ONCE" NO_REPROBE LAST_CYCLE PATH_CROSSES
}

all_stop() {
	for defines in "" "-DWORK=4" "-DWORKERS=3 -DWORK=2" "-DHOLDS"; do
		holds stop "$defines" "nothing is left when it goes on" "$SAFE" ""
	done
	holds stop "" "the end comes, without fairness" "" "-a -N stops"
	finds stop "" TRUSTS_ANSWERS COUNT_ALONE NO_LANE NO_CHANNELS COUNT_FIRST LANE_UNCOUNTED CHANNEL_UNCOUNTED NO_FINISH
}

all_topology() {
	for defines in "-DOWN_EVENTS=2" "-DWORKERS=3 -DEVENTS=1" "-DLAST_WORDS=3" "-DMOVES -DEVENTS=2 -DLAST_WORDS=3" \
		"-DMOVES -DEVENTS=1 -DOWN_EVENTS=2 -DCALLS=2" "-DMOVES -DEVENTS=2 -DRUNS_WHILE_JOINING" \
		"-DWORKERS=3 -DMOVES -DEVENTS=1 -DSENDERS=4 -DCALLS=1" \
		"-DWORKERS=3 -DMOVES -DSENDERS=0 -DCALLS=2 -DMUTES" "-DWORKERS=3 -DMOVES -DSENDERS=0 -DOWN_EVENTS=2"; do
		holds topology "$defines" "no event too many, too few, twice or late" "$SAFE" ""
	done
	for defines in "-DSTAND_INS -DEVENTS=2 -DOWN_EVENTS=1" "-DSTAND_INS -DWORKERS=3 -DEVENTS=1" \
		"-DSTAND_INS -DMOVES -DEVENTS=1 -DLAST_WORDS=3 -DCALLS=1"; do
		holds topology "$defines" "no event too many, too few, twice or late" "$SAFE" ""
	done
	holds topology "-DMOVES -DEVENTS=1 -DOWN_EVENTS=1 -DCALLS=1" "each change completes, without fairness" "" "-a -N complete"
	finds topology "" MARKER_ON_CONTROL BORN_UNMARKED TAKES_AHEAD UNCOUNTED INTEREST_EARLY INTEREST_LATE
	finds topology "-DMOVES -DEVENTS=1 -DOWN_EVENTS=2" MOVES_AT_ONCE RUNS_WHILE_MOVING
	finds topology "-DMOVES -DEVENTS=2" RUNS_BEFORE_HAND_OVER
	finds topology "-DMOVES -DCALLS=2" ADDRESS_ON_ARRIVAL
	finds topology "-DWORKERS=3 -DMOVES -DSENDERS=0 -DCALLS=1 -DMUTES" MUTES_OVERTAKE POSTED_UNLOCKED
	finds topology "-DMOVES -DLAST_WORDS=3" MOVES_BEFORE_WORDS JOINS_BEFORE_WORDS
	finds topology "-DSTAND_INS -DEVENTS=2" PASSES_AHEAD
}

all_watch() {
	for defines in "" "-DWATCHER_MOVES=6 -DWATCHED_MOVES=6 -DWATCHES=3" "-DCHANGES=3 -DWATCHER_MOVES=10 -DWATCHED_MOVES=12"; do
		holds watch "$defines" "told once, each half freed once" "$SAFE" ""
	done
	finds watch "" NOT_SENT_ON NOT_KEPT BACK_NOT_KEPT TELLS_CANCELLED FORGOTTEN
}

all_receipt() {
	for defines in "-DNO_MEMORY=2 -DFULL=1" "-DSECOND=SENDER_MOVES_BACK -DNO_MEMORY=1 -DFULL=1" "-DSECOND=SENDER_GOES -DNO_MEMORY=2 -DFULL=1" \
		"-DFIRST=SUBSCRIBER_MOVES -DSECOND=SUBSCRIBER_GOES -DNO_MEMORY=2 -DFULL=1" \
		"-DFIRST=BOTH_MOVE -DSECOND=SENDER_MOVES_BACK -DNO_MEMORY=2 -DFULL=1" \
		"-DFIRST=SUBSCRIBER_MOVES -DSECOND=SENDER_MOVES -DOTHER=0 -DNO_MEMORY=1 -DFULL=1" \
		"-DWORKERS=3 -DSUBSCRIBER=2 -DOTHER=1 -DSECOND=SENDER_MOVES_BACK -DEVENTS=1 -DNO_MEMORY=1" \
		"-DWORKERS=3 -DSUBSCRIBER=2 -DOTHER=3 -DFIRST=BOTH_MOVE -DSECOND=SENDER_GOES -DEVENTS=1 -DNO_MEMORY=2 -DFULL=1"; do
		holds receipt "$defines" "one receipt, its counts, behind the replies" "$SAFE" ""
	done
	finds receipt "-DNO_MEMORY=1" ON_LANE ASIDE_ON_LANE LOST_ASIDE TO_THE_NEWEST NOT_KEPT NOT_SENT_ON NO_SHIFT
	finds receipt "-DFIRST=SUBSCRIBER_MOVES" SHARES_PART SPLIT_UNCOUNTED
	finds receipt "-DFIRST=SUBSCRIBER_GOES -DFULL=1 -DOTHER=WORKERS" DROP_UNCOUNTED REFUSED_UNTOLD
	for defines in "-DNO_MEMORY=1 -DFULL=1" "-DSECOND=SENDER_GOES -DNO_MEMORY=2 -DFULL=1" \
		"-DFIRST=SUBSCRIBER_MOVES -DSECOND=SUBSCRIBER_GOES -DNO_MEMORY=2 -DFULL=1" \
		"-DFIRST=BOTH_MOVE -DSECOND=SENDER_MOVES_BACK -DNO_MEMORY=2 -DFULL=1"; do
		holds receipt "-DASKS -DEVENTS=1 $defines" "each question ends once, for the true reason" "$SAFE" ""
	done
	finds receipt "-DASKS -DEVENTS=1" REPLY_UNCOUNTED NOT_DISOWNED COMPLETE_FIRST
}

all_interest() {
	for defines in "" "-DNO_MEMORY=2" "-DMOVES=6 -DNO_MEMORY=1" "-DCHANGES=4 -DMOVES=12 -DNO_MEMORY=2"; do
		holds interest "$defines" "told in time, before all else, and the truth" "$SAFE" ""
	done
	finds interest "-DNO_MEMORY=1" TOLD_IN_APPLY NOT_RESTING NO_DOUBT NOT_FIRST OLD_WORD
	finds interest "-DMOVES=2" TOLD_AHEAD
}

all_feed() {
	for defines in "" "-DSTOPS" "-DFEEDS=1 -DEVENTS=5 -DCREDIT=3" "-DFEEDS=1 -DTHREADS=2 -DEVENTS=3 -DCREDIT=2 -DSTOPS"; do
		holds feed "$defines" "all that is accepted is taken, no lost wake-up" "$SAFE" ""
	done
	finds feed "" REST_BLIND WAKES_FIRST SLEEPS_BLIND WAITS_BLIND SIGNALS_FIRST
	finds feed "-DFEEDS=1 -DSTOPS" CLOSED_APART CLOSES_LISTED
	finds feed "-DFEEDS=1 -DTHREADS=2" LOADS_TWICE FREES_BLIND FREES_LATE TAKES_OVER_EARLY
}

all_retained() {
	for defines in "" "-DRETAIN=1" "-DRETAIN=2 -DMOVES_TOO" "-DMOVES_TOO" "-DJOINER=0 -DRETAIN=2" "-DJOINER=2 -DFROM=1 -DTO=0 -DMOVES_TOO" \
		"-DEVENTS=3 -DRETAIN=2"; do
		holds retained "$defines" "no gap, none twice, none older last" "$SAFE" ""
	done
	finds retained "" NOT_SPLIT OWN_NUMBER COPIES_EARLY RUNS_AT_ONCE QUEUED_BEHIND LATE_LOST
	finds retained "-DRETAIN=1 -DMOVES_TOO" NOT_SPLIT OWN_NUMBER COPIES_EARLY LATE_LOST
}

all_watchdog() {
	for defines in "" "-DWORKERS=3 -DROUNDS=3"; do
		holds watchdog "$defines" "a callback that does not return is seen" "$SAFE" ""
	done
	finds watchdog "" LOOKS_FIRST RISES_LATE WAKES_UNLOCKED
}

size=all
if [ "${1:-}" = --small ]; then
	size=small
	shift
	command -v spin >/dev/null || { echo "spin is not installed"; exit 77; }
fi
[ $# -gt 0 ] || set -- channel mute stop topology retained receipt watch interest feed watchdog
for model in "$@"; do
	case $model in
	channel | mute | stop | topology | retained | receipt | watch | interest | feed | watchdog) "${size}_$model" || failed=1 ;;
	*)
		echo "run.sh: no such model: $model" >&2
		exit 2
		;;
	esac
done
exit $failed
