/*
 * fan.c - W3 and W4: one publisher and many subscribers, many producers and one consumer.
 *
 * SPDX-License-Identifier: MIT
 */
#include "actor.h"

enum {
	SUBSCRIBERS = 100,
	PUBLISHES = 30000,
	PRODUCERS = 8,
	PRODUCED = 500000,
	/* A mailbox may have two rounds of events: 1,024. */
	ROUND = 512,
	/* The producers share a mailbox of 1,024. */
	PRODUCER_WINDOW = 128,
	PRODUCER_CREDIT = 64
};

/* Reference-counted, shared by all subscribers. The payload, if any, is written once. */
typedef struct shared_event {
	event ev;
	GBytes *payload;
} shared_event;

typedef struct publisher {
	actor *to[SUBSCRIBERS];
	guint64 published, count;
	GBytes *payload;
	/* For the two rounds that may be under way, by the parity of their number. */
	guint handled[2];
} publisher;

typedef struct subscriber {
	actor *publisher;
	guint64 count, arrived, in_order, done_ns;
	gsize payload_size;
	GAsyncQueue *done;
} subscriber;

static void clear_event(gpointer data)
{
	shared_event *shared = data;

	g_clear_pointer(&shared->payload, g_bytes_unref);
}

static void publish_round(publisher *self)
{
	for (int i = 0; i < ROUND && self->published < self->count; i++, self->published++) {
		shared_event *shared = g_atomic_rc_box_new(shared_event);

		shared->ev = (event){self->published, 1};
		shared->payload = self->payload != NULL ? g_bytes_ref(self->payload) : NULL;
		for (int s = 0; s < SUBSCRIBERS; s++)
			actor_send(self->to[s], g_atomic_rc_box_acquire(shared));
		g_atomic_rc_box_release_full(shared, clear_event);
	}
}

/* A subscriber has handled the round with that number, from 1. */
static void publisher_on_handled(gpointer state, gpointer message)
{
	publisher *self = state;
	guint *handled = &self->handled[GPOINTER_TO_UINT(message) % 2];

	if (++*handled == SUBSCRIBERS) {
		*handled = 0;
		publish_round(self);
	}
}

/* The first message to a publisher. */
static void publisher_start(publisher *self, actor *address)
{
	for (guint round = 1; round <= 2; round++) {
		self->handled[round % 2] = SUBSCRIBERS - 1;
		actor_send(address, GUINT_TO_POINTER(round));
	}
}

static void subscriber_on_event(gpointer state, gpointer message)
{
	subscriber *self = state;
	shared_event *shared = message;
	gsize size = shared->payload != NULL ? g_bytes_get_size(shared->payload) : 0;

	self->in_order += shared->ev.seq == self->in_order && size == self->payload_size;
	g_atomic_rc_box_release_full(shared, clear_event);
	if (++self->arrived % ROUND == 0)
		actor_send(self->publisher, GUINT_TO_POINTER((guint)(self->arrived / ROUND)));
	if (self->arrived == self->count) {
		self->done_ns = measure_now_ns();
		g_async_queue_push(self->done, self);
	}
}

int fan_out(int workers_count, gsize payload_size, double scale)
{
	static subscriber subscribers[SUBSCRIBERS];
	workers workers = workers_new(workers_count);
	publisher publisher = {.count = measure_scaled(PUBLISHES, scale)};
	actor *address = actor_new(workers.all[0], publisher_on_handled, &publisher);
	GAsyncQueue *done = g_async_queue_new();
	guint64 end_ns = 0;
	int rc = 0;

	if (payload_size > 0)
		publisher.payload = g_bytes_new_take(g_malloc0(payload_size), payload_size);
	for (int i = 0; i < SUBSCRIBERS; i++) {
		subscribers[i] = (subscriber){.publisher = address, .count = publisher.count, .done = done};
		subscribers[i].payload_size = payload_size;
		publisher.to[i] =
			actor_new(workers_share(&workers, i, SUBSCRIBERS), subscriber_on_event, &subscribers[i]);
	}
	workers_start(&workers);
	guint64 start_ns = measure_now_ns();
	publisher_start(&publisher, address);
	for (int i = 0; i < SUBSCRIBERS; i++) {
		subscriber *ended = g_async_queue_pop(done);

		rc |= measure_expect("events in order at a subscriber", ended->in_order, publisher.count);
		end_ns = MAX(end_ns, ended->done_ns);
	}
	workers_stop(&workers);
	g_async_queue_unref(done);
	g_clear_pointer(&publisher.payload, g_bytes_unref);
	if (rc == 0)
		measure_rate("deliveries", "/s", publisher.count * SUBSCRIBERS, end_ns - start_ns);
	return rc;
}

/* For its credit, an actor has an address, a thread a queue. */
typedef struct producer {
	actor *to, *address;
	GAsyncQueue *credit;
	GThread *thread;
	guint64 index, sent, count;
} producer;

typedef struct consumer {
	producer producers[PRODUCERS];
	guint64 in_order[PRODUCERS], arrived, count, done_ns;
	GAsyncQueue *done;
} consumer;

static void producer_send(producer *self, guint credit)
{
	for (; credit > 0 && self->sent < self->count; credit--, self->sent++)
		actor_send(self->to, event_new(self->sent, self->index));
}

static void producer_on_credit(gpointer state, gpointer message) { producer_send(state, GPOINTER_TO_UINT(message)); }

static gpointer producer_body(gpointer data)
{
	producer *self = data;

	producer_send(self, PRODUCER_WINDOW);
	while (self->sent < self->count)
		producer_send(self, GPOINTER_TO_UINT(g_async_queue_pop(self->credit)));
	return NULL;
}

static void give_credit(producer *to)
{
	if (to->address != NULL)
		actor_send(to->address, GUINT_TO_POINTER(PRODUCER_CREDIT));
	else
		g_async_queue_push(to->credit, GUINT_TO_POINTER(PRODUCER_CREDIT));
}

/* value is the producer, seq counts per producer. */
static void consumer_on_event(gpointer state, gpointer message)
{
	consumer *self = state;
	event *ev = message;

	self->in_order[ev->value] += ev->seq == self->in_order[ev->value];
	if ((ev->seq + 1) % PRODUCER_CREDIT == 0)
		give_credit(&self->producers[ev->value]);
	g_free(ev);
	if (++self->arrived == self->count * PRODUCERS) {
		self->done_ns = measure_now_ns();
		g_async_queue_push(self->done, self);
	}
}

static void consumer_init(consumer *self, worker *on, double scale)
{
	*self = (consumer){.count = measure_scaled(PRODUCED, scale), .done = g_async_queue_new()};
	actor *address = actor_new(on, consumer_on_event, self);
	for (guint i = 0; i < PRODUCERS; i++)
		self->producers[i] = (producer){.to = address, .index = i, .count = self->count};
}

static int consumer_finish(consumer *self, guint64 start_ns)
{
	int rc = 0;

	for (int i = 0; i < PRODUCERS; i++)
		rc |= measure_expect("events in order from a producer", self->in_order[i], self->count);
	if (rc == 0)
		measure_rate("events", "/s", self->count * PRODUCERS, self->done_ns - start_ns);
	g_async_queue_unref(self->done);
	return rc;
}

int fan_in_from_actors(int workers_count, double scale)
{
	workers workers = workers_new(workers_count);
	consumer consumer;

	consumer_init(&consumer, workers.all[0], scale);
	for (int i = 0; i < PRODUCERS; i++)
		consumer.producers[i].address =
			actor_new(workers_share(&workers, i, PRODUCERS), producer_on_credit, &consumer.producers[i]);
	workers_start(&workers);
	guint64 start_ns = measure_now_ns();
	for (int i = 0; i < PRODUCERS; i++)
		actor_send(consumer.producers[i].address, GUINT_TO_POINTER(PRODUCER_WINDOW));
	g_async_queue_pop(consumer.done);
	workers_stop(&workers);
	return consumer_finish(&consumer, start_ns);
}

int fan_in_from_threads(double scale)
{
	workers workers = workers_new(1);
	consumer consumer;

	consumer_init(&consumer, workers.all[0], scale);
	workers_start(&workers);
	guint64 start_ns = measure_now_ns();
	for (int i = 0; i < PRODUCERS; i++) {
		consumer.producers[i].credit = g_async_queue_new();
		consumer.producers[i].thread = g_thread_new("producer", producer_body, &consumer.producers[i]);
	}
	g_async_queue_pop(consumer.done);
	for (int i = 0; i < PRODUCERS; i++) {
		g_thread_join(consumer.producers[i].thread);
		g_async_queue_unref(consumer.producers[i].credit);
	}
	workers_stop(&workers);
	return consumer_finish(&consumer, start_ns);
}
