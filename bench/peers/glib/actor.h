/*
 * actor.h - actors as GLib's users build them: a GSource on a main context, which dispatches the
 * messages of a GAsyncQueue.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GLIB_ACTOR_H
#define GLIB_ACTOR_H

#include "measure.h"

#include <glib.h>

/* A thread that runs a main context. */
typedef struct worker worker;

typedef struct actor actor;

/* Gets the state of the actor. The handler frees the message. */
typedef void (*actor_handler)(gpointer state, gpointer message);

/* Creates a worker that is idle until worker_start, so that actors can be created first. */
worker *worker_new(void);
void worker_start(worker *self);

/* Ends the thread and frees its actors. Precondition: they have no messages left. */
void worker_stop(worker *self);

actor *actor_new(worker *on, actor_handler handler, gpointer state);

/* Any thread. The actor takes ownership of the message, which is not NULL. */
void actor_send(actor *to, gpointer message);

/* Events that have one owner at a time. */
event *event_new(guint64 seq, guint64 value);

/* A number of workers, all started by the first message. */
typedef struct workers {
	worker *all[2];
	int count;
} workers;

workers workers_new(int count);
void workers_start(const workers *self);
void workers_stop(const workers *self);

/* The worker for the index-th of count actors: each worker has a series of neighbours. */
worker *workers_share(const workers *self, int index, int count);

int ping_pong(int workers_count, guint64 rounds, double scale);
int pipeline(int workers_count, double scale);
int working_pipeline(int workers_count, double scale);
int fan_out(int workers_count, gsize payload_size, double scale);
int fan_in_from_actors(int workers_count, double scale);
int fan_in_from_threads(double scale);
int latency(guint64 events, guint64 period_ns, double scale);

#endif
