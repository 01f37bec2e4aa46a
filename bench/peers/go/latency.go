// W6: the time from send to handle, at a given pace.
//
// SPDX-License-Identifier: MIT
package main

import (
	"fmt"
	"runtime"
	"sort"
	"syscall"
	"time"
)

func latency100k(scale float64) ([]figure, error) {
	return latency(scaled(100_000, scale), 10*time.Microsecond)
}

func latency1k(scale float64) ([]figure, error) {
	return latency(scaled(2_000, scale), time.Millisecond)
}

// latency: a sender that falls behind catches up. It sleeps between two events where the period
// allows it, and else spins: no timer keeps a period of 10 us. As it spins it yields, as Go expects
// of a goroutine that does not block, and so the receiver may be run on the same thread; one that
// does not yield is answered after 60 us, when another thread has stolen the receiver.
func latency(n int, period time.Duration) ([]figure, error) {
	const shortestSleep = 200 * time.Microsecond
	mailbox := make(chan event, mailboxSize)
	samples := make([]time.Duration, n)
	sink := make(chan uint64)
	origin := time.Now()
	go func() {
		var inOrder uint64
		for ev := range mailbox {
			if ev.seq == inOrder {
				samples[inOrder] = time.Since(origin) - time.Duration(ev.value)
				inOrder++
			}
		}
		sink <- inOrder
	}()

	cpuBefore, err := cpuTime()
	if err != nil {
		return nil, err
	}
	start := time.Now()
	go func() {
		for i := 0; i < n; i++ {
			due := start.Add(time.Duration(i) * period)
			if period > shortestSleep {
				time.Sleep(time.Until(due))
			}
			for time.Until(due) > 0 {
				runtime.Gosched()
			}
			mailbox <- event{uint64(i), uint64(time.Since(origin))}
		}
		close(mailbox)
	}()
	arrived := <-sink
	took := time.Since(start)
	cpuAfter, err := cpuTime()
	if err != nil {
		return nil, err
	}
	if arrived != uint64(n) {
		return nil, fmt.Errorf("%d events in order, expected %d", arrived, n)
	}

	sort.Slice(samples, func(i, j int) bool { return samples[i] < samples[j] })
	at := func(permille int) float64 {
		return float64(samples[(n-1)*permille/1000].Nanoseconds()) / 1e3
	}
	return []figure{
		{"p50", "us", at(500)},
		{"p99", "us", at(990)},
		{"p999", "us", at(999)},
		{"cpu", "s", (cpuAfter - cpuBefore).Seconds() / took.Seconds()},
	}, nil
}

// cpuTime is what the whole process has used, of all its threads.
func cpuTime() (time.Duration, error) {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0, err
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano()), nil
}
