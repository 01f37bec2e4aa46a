// The peer "Go": goroutines and buffered channels, Debian 12 has Go 1.19.
//
// An actor is a goroutine that ranges over a channel of its own, its mailbox: 1,024 places, and a
// send blocks when they are taken. Events are structs of 16 bytes, copied into the channel; larger
// payloads are shared by reference. A channel keeps the order of each sender.
//
// "one" and "two" are GOMAXPROCS. Where a goroutine runs is the scheduler's choice: in the "two"
// variants and in W6 it may well keep two that talk to each other on one thread. (Locked to threads
// of their own, they would need 75 us for a round trip of W1.)
//
// There is no W4/threads: to Go a thread is not something that a program has.
//
// SPDX-License-Identifier: MIT
package main

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"time"
)

const mailboxSize = 1024

// event is the payload of 16 bytes: sinks check that seq has no gaps and no repeats.
type event struct {
	seq, value uint64
}

type figure struct {
	name, unit string
	value      float64
}

type variant struct {
	name  string
	procs int
	run   func(scale float64) ([]figure, error)
}

var variants = []variant{
	{"W1/one", 1, pingPong},
	{"W1/two", 2, pingPong},
	{"W2/one", 1, pipeline},
	{"W2/two", 2, pipeline},
	{"W3/one", 1, fanOutSmall},
	{"W3/two", 2, fanOutSmall},
	{"W3/one-1KiB", 1, fanOut1KiB},
	{"W3/one-64KiB", 1, fanOut64KiB},
	{"W4/actors", 1, fanIn},
	{"W4/actors-two", 2, fanIn},
	{"W5/idle", 2, idle},
	{"W6/100k", 2, latency100k},
	{"W6/1k", 2, latency1k},
	{"W7/one", 1, workingPipeline},
	{"W7/two", 2, workingPipeline},
	{"W10/ring", 1, ring},
	{"W10/ring-two", 2, ring},
	{"W10/mesh", 1, mesh},
	{"W10/mesh-two", 2, mesh},
}

// scaled is a count of events at a scale, at least one.
func scaled(count int, scale float64) int {
	if n := int(float64(count) * scale); n > 1 {
		return n
	}
	return 1
}

func perSecond(count int, took time.Duration) float64 {
	return float64(count) / took.Seconds()
}

func run(name string, scale float64) error {
	for _, v := range variants {
		if v.name != name {
			continue
		}
		runtime.GOMAXPROCS(v.procs)
		figures, err := v.run(scale)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		for _, f := range figures {
			fmt.Printf("%s %s %.3f\n", f.name, f.unit, f.value)
		}
		return nil
	}
	return fmt.Errorf("no variant %q", name)
}

func command(args []string) error {
	switch {
	case len(args) == 1 && args[0] == "list":
		for _, v := range variants {
			fmt.Println(v.name)
		}
		return nil
	case len(args) == 1 && args[0] == "about":
		fmt.Printf("Go %s: goroutines and buffered channels; mailbox bounded (%d, W5: 1), a send blocks when "+
			"it is full and copies 16 bytes, larger payloads shared by reference; one/two: GOMAXPROCS, "+
			"placement is the scheduler's, also in W1/two and W6\n", runtime.Version(), mailboxSize)
		return nil
	case len(args) == 2 && args[0] == "run":
		return run(args[1], 1)
	case len(args) == 3 && args[0] == "run":
		scale, err := strconv.ParseFloat(args[2], 64)
		if err != nil {
			return err
		}
		return run(args[1], scale)
	}
	return fmt.Errorf("usage: run-peer list | about | run VARIANT [SCALE]")
}

func main() {
	if err := command(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
