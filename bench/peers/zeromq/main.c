/*
 * The peer "ZeroMQ": threads and inproc sockets; Debian 12 has libzmq 4.3.4.
 *
 * An actor is a thread, which waits on its own socket. A pipe between two sockets is bounded
 * (the high-water marks of both sides, 1,000 each, add up), and a send blocks when it is full.
 * Messages of 16 bytes are copied; larger payloads are shared by reference. A pipe keeps its order.
 * Pipelines and fan-in are PUSH and PULL, round trips PAIR, fan-out XPUB and SUB, with XPUB_NODROP:
 * without it a publisher drops messages for slow subscribers.
 *
 * The subscribers of a fan-out are sockets of one thread.
 *
 * "one" and "two" are the cores that all threads share. Every producer is a thread, and so
 * W4/threads is W4/actors-two.
 *
 * SPDX-License-Identifier: MIT
 */
#include "bench.h"

#include <stdio.h>

enum { ROUNDS = 150000, ROUNDS_TWO = 60000 };

static int w1_one(double scale) { return ping_pong(1, ROUNDS, scale); }
static int w1_two(double scale) { return ping_pong(2, ROUNDS_TWO, scale); }
static int w2_one(double scale) { return pipeline(1, scale); }
static int w2_two(double scale) { return pipeline(2, scale); }
static int w3_one(double scale) { return fan_out(1, scale); }
static int w3_two(double scale) { return fan_out(2, scale); }
static int w3_1KiB(double scale) { return fan_out_shared(1 << 10, scale); }
static int w3_64KiB(double scale) { return fan_out_shared(64 << 10, scale); }
static int w4_one(double scale) { return fan_in(1, scale); }
static int w4_two(double scale) { return fan_in(2, scale); }
static int w6_100k(double scale) { return latency(100000, 10000, scale); }
static int w6_1k(double scale) { return latency(2000, 1000000, scale); }
static int w7_one(double scale) { return working_pipeline(1, scale); }
static int w7_two(double scale) { return working_pipeline(2, scale); }

static const variant variants[] = {
	{"W1/one", w1_one},    {"W1/two", w1_two},        {"W2/one", w2_one},       {"W2/two", w2_two},
	{"W3/one", w3_one},    {"W3/two", w3_two},        {"W3/one-1KiB", w3_1KiB}, {"W3/one-64KiB", w3_64KiB},
	{"W4/actors", w4_one}, {"W4/actors-two", w4_two}, {"W4/threads", w4_two},   {"W6/100k", w6_100k},
	{"W6/1k", w6_1k},      {"W7/one", w7_one},        {"W7/two", w7_two},
};

int main(int argc, char **argv)
{
	char about[400];
	int major, minor, patch;

	zmq_version(&major, &minor, &patch);
	snprintf(about, sizeof about,
		 "ZeroMQ %d.%d.%d: threads and inproc sockets; pipes bounded (high-water marks 1000 + 1000), a send "
		 "blocks when one is full and copies 16 bytes, larger payloads shared by reference; an actor is a "
		 "thread, one/two: the cores that all of them share",
		 major, minor, patch);
	return measure_main(argc, argv, about, variants, sizeof variants / sizeof variants[0]);
}
