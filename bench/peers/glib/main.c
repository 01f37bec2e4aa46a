/*
 * The peer "GLib": sources of a main context over GAsyncQueues; Debian 12 has GLib 2.74.6.
 *
 * An actor is a GSource whose messages are in a GAsyncQueue, its mailbox: unbounded, in order. A
 * send passes a pointer: an event is allocated by the sender and owned by one actor at a time;
 * an event for many receivers is shared and reference-counted, payloads are GBytes. Sends do not
 * block: where a workload needs backpressure, receivers give credit, and a sender without credit
 * waits for more. The windows equal the capacity of mailboxes of 1,024.
 *
 * "one" and "two" are threads, each with a main context; neighbours of a pipeline share one.
 *
 * SPDX-License-Identifier: MIT
 */
#include "actor.h"

#define ROUNDS 400000
#define ROUNDS_TWO 60000

static int w1_one(double scale) { return ping_pong(1, ROUNDS, scale); }
static int w1_two(double scale) { return ping_pong(2, ROUNDS_TWO, scale); }
static int w2_one(double scale) { return pipeline(1, scale); }
static int w2_two(double scale) { return pipeline(2, scale); }
static int w3_one(double scale) { return fan_out(1, 0, scale); }
static int w3_two(double scale) { return fan_out(2, 0, scale); }
static int w3_1KiB(double scale) { return fan_out(1, 1 << 10, scale); }
static int w3_64KiB(double scale) { return fan_out(1, 64 << 10, scale); }
static int w4_one(double scale) { return fan_in_from_actors(1, scale); }
static int w4_two(double scale) { return fan_in_from_actors(2, scale); }
static int w6_100k(double scale) { return latency(100000, 10000, scale); }
static int w6_1k(double scale) { return latency(2000, 1000000, scale); }
static int w7_one(double scale) { return working_pipeline(1, scale); }
static int w7_two(double scale) { return working_pipeline(2, scale); }

static const variant variants[] = {
	{"W1/one", w1_one},
	{"W1/two", w1_two},
	{"W2/one", w2_one},
	{"W2/two", w2_two},
	{"W3/one", w3_one},
	{"W3/two", w3_two},
	{"W3/one-1KiB", w3_1KiB},
	{"W3/one-64KiB", w3_64KiB},
	{"W4/actors", w4_one},
	{"W4/actors-two", w4_two},
	{"W4/threads", fan_in_from_threads},
	{"W6/100k", w6_100k},
	{"W6/1k", w6_1k},
	{"W7/one", w7_one},
	{"W7/two", w7_two},
};

int main(int argc, char **argv)
{
	gchar *about =
		g_strdup_printf("GLib %u.%u.%u: sources of a main context over GAsyncQueues; mailbox unbounded, a send "
				"passes a pointer (events are allocated; fan-out shares them by counting); flow "
				"control by credit, as much as mailboxes of 1024 would hold; one/two: main contexts, "
				"a thread each; W6: an external thread sends",
				glib_major_version, glib_minor_version, glib_micro_version);
	int rc = measure_main(argc, argv, about, variants, G_N_ELEMENTS(variants));

	g_free(about);
	return rc;
}
