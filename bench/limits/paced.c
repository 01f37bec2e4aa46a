/*
 * paced.c - W6: the latency of an entry in a ring from one thread to another, at a given
 * rate. The receiver polls the ring or, in the idle variants, sleeps in the kernel until it
 * is woken.
 */
#include "limits.h"

#include "cause.h"
#include "pace.h"

#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <uv.h>

static ring there;
static uint64_t events, events_s, begun_ns, ended_ns;
static uint64_t *sent_ns, *samples_ns;
static uint64_t process_cpu_ns, receiver_cpu_ns; /* from the first event to the last */
static int wake_fd = -1;                         /* -1: no wake-up is needed */
static bool causes;                              /* note why events are late */

static void *next_entry(void)
{
	void *entry;
	while (!ring_pop(&there, &entry)) {
		uint64_t told;
		if (wake_fd >= 0)
			bench_check(read(wake_fd, &told, sizeof told) == sizeof told, "eventfd");
	}
	ring_show_popped(&there);
	return entry;
}

static void receiver_main(void *unused)
{
	(void)unused;
	bench_pin(1);
	for (uint64_t i = 0; i < events; i++) {
		const uint64_t *entry = next_entry();
		uint64_t now_ns = bench_now_ns();
		bench_check(entry == &sent_ns[i], "out of order");
		samples_ns[i] = now_ns - *entry;
		if (causes)
			cause_handled(now_ns);
		if (i == 0)
			receiver_cpu_ns = bench_thread_cpu_ns();
	}
	receiver_cpu_ns = bench_thread_cpu_ns() - receiver_cpu_ns;
	process_cpu_ns = bench_process_cpu_ns() - process_cpu_ns;
	ended_ns = bench_now_ns();
}

static void send_one(uint64_t i)
{
	sent_ns[i] = bench_now_ns();
	ring_push(&there, &sent_ns[i]);
	ring_show_pushed(&there);
	if (causes) {
		cause_sent(i, sent_ns[i]);
		cause_sender_runs(bench_now_ns());
	}
	if (wake_fd >= 0) {
		const uint64_t one = 1;
		bench_check(write(wake_fd, &one, sizeof one) == sizeof one, "eventfd");
	}
}

static void send_all(void)
{
	int fd = pace_by_descriptor(events_s) ? pace_open(events_s, true) : -1;
	begun_ns = bench_now_ns();
	process_cpu_ns = bench_process_cpu_ns();
	for (uint64_t i = 0; i < events;) {
		uint64_t due = fd >= 0 ? pace_read(fd) : pace_due(begun_ns, i, events_s);
		for (; due > 0 && i < events; due--)
			send_one(i++);
	}
	if (fd >= 0)
		close(fd);
}

static bool run(const bench_variant *v)
{
	uv_thread_t receiver;
	events_s = v->size;
	events = bench_scaled(pace_by_descriptor(events_s) ? 2 * events_s : events_s, 1);
	sent_ns = bench_lines(events, sizeof *sent_ns);
	samples_ns = bench_lines(events, sizeof *samples_ns);
	if (causes)
		cause_open(events);
	bench_pin(0);
	uv_thread_create(&receiver, receiver_main, NULL);
	send_all();
	uv_thread_join(&receiver);
	double ns = (double)(ended_ns - begun_ns);
	bench_percentiles(samples_ns, events);
	if (causes) {
		cause_figures();
		return true;
	}
	bench_figure("cpu", "s", (double)process_cpu_ns / ns);
	bench_figure("receiver_cpu", "s", (double)receiver_cpu_ns / ns);
	return true;
}

static bool run_idle(const bench_variant *v)
{
	wake_fd = eventfd(0, EFD_CLOEXEC);
	return wake_fd >= 0 && run(v);
}

static bool run_causes(const bench_variant *v)
{
	causes = true;
	return run(v);
}

const bench_variant paced_variants[] = {{.name = "W6/100k", .run = run, .size = 100000},
					{.name = "W6/1k", .run = run, .size = 1000},
					{.name = "W6/100k-idle", .run = run_idle, .size = 100000},
					{.name = "W6/100k-causes", .run = run_causes, .size = 100000},
					{.name = "W6/1k-causes", .run = run_causes, .size = 1000},
					{.name = "W6/1k-idle", .run = run_idle, .size = 1000},
					{.name = NULL}};
