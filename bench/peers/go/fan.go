// W3 and W4: one publisher and many subscribers, many producers and one consumer.
//
// SPDX-License-Identifier: MIT
package main

import (
	"fmt"
	"time"
)

const (
	subscribers = 100
	publishes   = 100_000
	producers   = 8
	produced    = 1_000_000
)

// fanOut publishes n events to all subscribers; follows says whether an event is the next one.
func fanOut[T any](n int, newEvent func(seq uint64) T, follows func(ev T, seq uint64) bool) ([]figure, error) {
	mailboxes := make([]chan T, subscribers)
	sinks := make(chan uint64, subscribers)
	for i := range mailboxes {
		mailbox := make(chan T, mailboxSize)
		mailboxes[i] = mailbox
		go func() {
			var inOrder uint64
			for ev := range mailbox {
				if follows(ev, inOrder) {
					inOrder++
				}
			}
			sinks <- inOrder
		}()
	}

	start := make(chan time.Time, 1)
	go func() {
		start <- time.Now()
		for seq := uint64(0); seq < uint64(n); seq++ {
			ev := newEvent(seq)
			for _, mailbox := range mailboxes {
				mailbox <- ev
			}
		}
		for _, mailbox := range mailboxes {
			close(mailbox)
		}
	}()

	for range mailboxes {
		if arrived := <-sinks; arrived != uint64(n) {
			return nil, fmt.Errorf("%d events in order at a subscriber, expected %d", arrived, n)
		}
	}
	return []figure{{"deliveries", "/s", perSecond(n*subscribers, time.Since(<-start))}}, nil
}

func fanOutSmall(scale float64) ([]figure, error) {
	return fanOut(scaled(publishes, scale),
		func(seq uint64) event { return event{seq, 1} },
		func(ev event, seq uint64) bool { return ev.seq == seq })
}

// sharedEvent carries a payload that was written once and that all receivers read in place.
type sharedEvent struct {
	seq     uint64
	payload []byte
}

func fanOutShared(size int, scale float64) ([]figure, error) {
	payload := make([]byte, size)
	for i := range payload {
		payload[i] = byte(i)
	}
	last := payload[size-1]
	return fanOut(scaled(publishes, scale),
		func(seq uint64) sharedEvent { return sharedEvent{seq, payload} },
		func(ev sharedEvent, seq uint64) bool {
			return ev.seq == seq && len(ev.payload) == size && ev.payload[size-1] == last
		})
}

func fanOut1KiB(scale float64) ([]figure, error)  { return fanOutShared(1<<10, scale) }
func fanOut64KiB(scale float64) ([]figure, error) { return fanOutShared(64<<10, scale) }

// fanIn: value is the producer, seq counts per producer.
func fanIn(scale float64) ([]figure, error) {
	n := scaled(produced, scale)
	mailbox := make(chan event, mailboxSize)
	sink := make(chan [producers]uint64)
	go func() {
		var inOrder [producers]uint64
		for left := n * producers; left > 0; left-- {
			if ev := <-mailbox; ev.seq == inOrder[ev.value] {
				inOrder[ev.value]++
			}
		}
		sink <- inOrder
	}()

	start := time.Now()
	for p := uint64(0); p < producers; p++ {
		p := p
		go func() {
			for seq := uint64(0); seq < uint64(n); seq++ {
				mailbox <- event{seq, p}
			}
		}()
	}
	arrived := <-sink
	took := time.Since(start)
	for p, inOrder := range arrived {
		if inOrder != uint64(n) {
			return nil, fmt.Errorf("%d events in order from producer %d, expected %d", inOrder, p, n)
		}
	}
	return []figure{{"events", "/s", perSecond(n*producers, took)}}, nil
}
