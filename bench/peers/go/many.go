// W5 and W10: many actors.
//
// SPDX-License-Identifier: MIT
package main

import (
	"bytes"
	"fmt"
	"os"
	"runtime/debug"
	"strconv"
	"sync"
	"time"
)

const (
	idleActors  = 1_000_000
	idleState   = 8
	crowd       = 1_000
	tokenRounds = 10_000
	pingsEach   = 3_000
)

// residentBytes is the second field of statm, in pages.
func residentBytes() (int, error) {
	statm, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0, err
	}
	pages, err := strconv.Atoi(string(bytes.Fields(statm)[1]))
	return pages * os.Getpagesize(), err
}

// idle has mailboxes of one place: a channel's places are allocated when it is made, and a program
// with a million channels would not ask for 1,024 each.
func idle(scale float64) ([]figure, error) {
	n := scaled(idleActors, scale)
	mailboxes := make([]chan event, n)
	for i := range mailboxes {
		mailboxes[i] = nil // touches the page, so that it is not counted as an actor's
	}
	debug.FreeOSMemory()
	before, err := residentBytes()
	if err != nil {
		return nil, err
	}

	var started, stopped sync.WaitGroup
	started.Add(n)
	stopped.Add(n)
	events := make(chan uint64, n)
	begin := time.Now()
	for i := range mailboxes {
		mailbox := make(chan event, 1)
		mailboxes[i] = mailbox
		go func() {
			var handled uint64
			started.Done()
			for range mailbox {
				handled++
			}
			events <- handled
			stopped.Done()
		}()
	}
	started.Wait()
	startTook := time.Since(begin)
	after, err := residentBytes()
	if err != nil {
		return nil, err
	}

	begin = time.Now()
	for _, mailbox := range mailboxes {
		close(mailbox)
	}
	stopped.Wait()
	stopTook := time.Since(begin)
	for range mailboxes {
		if handled := <-events; handled != 0 {
			return nil, fmt.Errorf("an idle actor handled %d events", handled)
		}
	}
	return []figure{
		{"memory", "B", float64(after-before)/float64(n) - idleState},
		{"start", "actors/s", perSecond(n, startTook)},
		{"stop", "actors/s", perSecond(n, stopTook)},
	}, nil
}

// ring: as many tokens as actors, so that a mailbox can hold them all and no send ever blocks.
func ring(scale float64) ([]figure, error) {
	rounds := uint64(scaled(tokenRounds, scale))
	mailboxes := makeMailboxes()
	sinks := make(chan uint64, crowd)
	var tokens sync.WaitGroup
	tokens.Add(crowd)
	for i := range mailboxes {
		in, out := mailboxes[i], mailboxes[(i+1)%crowd]
		go func() {
			var hops uint64
			for ev := range in {
				hops++
				if ev.seq == 1 {
					tokens.Done()
				} else {
					out <- event{ev.seq - 1, ev.value}
				}
			}
			sinks <- hops
		}()
	}

	start := time.Now()
	for i, mailbox := range mailboxes {
		mailbox <- event{rounds, uint64(i)}
	}
	tokens.Wait()
	return crowdHops(mailboxes, sinks, time.Since(start), crowd*rounds)
}

const (
	ping = iota
	pong
)

// mesh: each actor has one ping in flight, to another one at random. At most 999 pings and a pong
// are in a mailbox then, and no send ever blocks. value is the kind, seq the sender of a ping.
func mesh(scale float64) ([]figure, error) {
	n := scaled(pingsEach, scale)
	mailboxes := makeMailboxes()
	sinks := make(chan uint64, crowd)
	var done sync.WaitGroup
	done.Add(crowd)
	begin := make(chan struct{})
	for i := range mailboxes {
		self := i
		go func() {
			<-begin
			hops := uint64(0)
			left := n
			random := uint64(self)*0x9e3779b97f4a7c15 + 1
			sendPing := func() {
				random ^= random << 13
				random ^= random >> 7
				random ^= random << 17
				other := (self + 1 + int(random%(crowd-1))) % crowd
				mailboxes[other] <- event{uint64(self), ping}
			}
			sendPing()
			for ev := range mailboxes[self] {
				hops++
				if ev.value == ping {
					mailboxes[ev.seq] <- event{uint64(self), pong}
				} else if left--; left > 0 {
					sendPing()
				} else {
					done.Done()
				}
			}
			sinks <- hops
		}()
	}

	start := time.Now()
	close(begin)
	done.Wait()
	return crowdHops(mailboxes, sinks, time.Since(start), 2*crowd*uint64(n))
}

func makeMailboxes() []chan event {
	mailboxes := make([]chan event, crowd)
	for i := range mailboxes {
		mailboxes[i] = make(chan event, mailboxSize)
	}
	return mailboxes
}

// crowdHops ends the actors, and adds up what each has handled.
func crowdHops(mailboxes []chan event, sinks chan uint64, took time.Duration, expected uint64) ([]figure, error) {
	for _, mailbox := range mailboxes {
		close(mailbox)
	}
	var hops uint64
	for range mailboxes {
		hops += <-sinks
	}
	if hops != expected {
		return nil, fmt.Errorf("%d hops, expected %d", hops, expected)
	}
	return []figure{{"hops", "/s", perSecond(int(hops), took)}}, nil
}
