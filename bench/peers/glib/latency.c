/*
 * latency.c - W6: the time from send to handle, at a given pace, from a thread to an actor.
 *
 * SPDX-License-Identifier: MIT
 */
#include "actor.h"

typedef struct receiver {
	guint64 count, arrived, in_order, done_ns, *samples_ns;
	GAsyncQueue *done;
} receiver;

static void receiver_on_event(gpointer state, gpointer message)
{
	receiver *self = state;
	event *ev = message;

	self->samples_ns[self->arrived++] = measure_now_ns() - ev->value;
	self->in_order += ev->seq == self->in_order;
	g_free(ev);
	if (self->arrived == self->count) {
		self->done_ns = measure_now_ns();
		g_async_queue_push(self->done, self);
	}
}

int latency(guint64 events, guint64 period_ns, double scale)
{
	receiver receiver = {.count = measure_scaled(events, scale), .done = g_async_queue_new()};
	workers workers = workers_new(1);
	actor *to = actor_new(workers.all[0], receiver_on_event, &receiver);

	receiver.samples_ns = g_new0(guint64, receiver.count);
	workers_start(&workers);
	double cpu_s = measure_cpu_s();
	guint64 start_ns = measure_now_ns();
	for (guint64 seq = 0; seq < receiver.count; seq++) {
		measure_wait_until(start_ns + seq * period_ns, period_ns);
		actor_send(to, event_new(seq, measure_now_ns()));
	}
	g_async_queue_pop(receiver.done);
	cpu_s = measure_cpu_s() - cpu_s;
	workers_stop(&workers);

	int rc = measure_expect("events in order", receiver.in_order, receiver.count);
	if (rc == 0)
		measure_latencies(receiver.samples_ns, receiver.count, cpu_s, receiver.done_ns - start_ns);
	g_async_queue_unref(receiver.done);
	g_free(receiver.samples_ns);
	return rc;
}
