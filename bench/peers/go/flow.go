// W1, W2 and W7: events that go from one actor to the next.
//
// SPDX-License-Identifier: MIT
package main

import (
	"fmt"
	"time"
)

const (
	rounds        = 3_000_000
	flowEvents    = 5_000_000
	workingEvents = 100_000
	stages        = 3
	stageWork     = 2 * time.Microsecond
)

func pingPong(scale float64) ([]figure, error) {
	n := uint64(scaled(rounds, scale))
	ping, pong := make(chan event, mailboxSize), make(chan event, mailboxSize)
	ponged := make(chan uint64)
	go func() {
		count := uint64(0)
		for ev := range ping {
			count++
			pong <- ev
		}
		ponged <- count
	}()

	took := make(chan time.Duration)
	var inOrder uint64
	go func() {
		start := time.Now()
		ping <- event{0, 1}
		for ev := range pong {
			if ev.seq == inOrder {
				inOrder++
			}
			if ev.seq+1 >= n {
				break
			}
			ping <- event{ev.seq + 1, 1}
		}
		elapsed := time.Since(start)
		close(ping)
		took <- elapsed
	}()

	elapsed := <-took
	if count := <-ponged; inOrder != n || count != n {
		return nil, fmt.Errorf("%d pings, %d pongs in order, expected %d", count, inOrder, n)
	}
	return []figure{{"round_trip", "ns", float64(elapsed.Nanoseconds()) / float64(n)}}, nil
}

// flow sends n events through the stages, each of which calls work for each event.
func flow(n int, work func()) (time.Duration, error) {
	start := make(chan time.Time, 1)
	first := make(chan event, mailboxSize)
	in := first
	for i := 0; i < stages; i++ {
		from, to := in, make(chan event, mailboxSize)
		go func() {
			for ev := range from {
				work()
				to <- event{ev.seq, ev.value + 1}
			}
			close(to)
		}()
		in = to
	}

	sink := make(chan uint64)
	var end time.Time
	go func() {
		var inOrder uint64
		for ev := range in {
			if ev.seq == inOrder && ev.value == stages {
				inOrder++
			}
		}
		end = time.Now()
		sink <- inOrder
	}()
	go func() {
		start <- time.Now()
		for i := 0; i < n; i++ {
			first <- event{uint64(i), 0}
		}
		close(first)
	}()

	if arrived := <-sink; arrived != uint64(n) {
		return 0, fmt.Errorf("%d events in order at the sink, expected %d", arrived, n)
	}
	return end.Sub(<-start), nil
}

func pipeline(scale float64) ([]figure, error) {
	n := scaled(flowEvents, scale)
	took, err := flow(n, func() {})
	if err != nil {
		return nil, err
	}
	rate := perSecond(n, took)
	return []figure{{"events", "/s", rate}, {"hop", "ns", 1e9 / rate / (stages + 1)}}, nil
}

func workingPipeline(scale float64) ([]figure, error) {
	n := scaled(workingEvents, scale)
	took, err := flow(n, func() {
		for start := time.Now(); time.Since(start) < stageWork; {
		}
	})
	if err != nil {
		return nil, err
	}
	return []figure{{"events", "/s", perSecond(n, took)}}, nil
}
