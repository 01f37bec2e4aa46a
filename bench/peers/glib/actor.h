/*
 * actor.h - actors as GLib's users build them: a GSource on a main context, which dispatches what
 * is in a GAsyncQueue.
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

/* Gets the state that the actor was made with. The message is the handler's to free. */
typedef void (*actor_handler)(gpointer state, gpointer message);

/* It is idle until worker_start, so that actors can be made before anything runs. */
worker *worker_new(void);
void worker_start(worker *self);

/* Ends the thread; its actors, which must have nothing left to handle, are freed. */
void worker_stop(worker *self);

actor *actor_new(worker *on, actor_handler handler, gpointer state);

/* From any thread. The message is the actor's from here on, and is not NULL. */
void actor_send(actor *to, gpointer message);

/* Events that have one owner at a time. */
event *event_new(guint64 seq, guint64 value);

/* As many workers as that, all started by the first message. */
typedef struct workers {
	worker *all[2];
	int count;
} workers;

workers workers_new(int count);
void workers_start(const workers *self);
void workers_stop(const workers *self);

/* The worker for the index-th of count actors: a run of neighbours each. */
worker *workers_share(const workers *self, int index, int count);

int ping_pong(int workers_count, guint64 rounds, double scale);
int pipeline(int workers_count, double scale);
int working_pipeline(int workers_count, double scale);
int fan_out(int workers_count, gsize payload_size, double scale);
int fan_in_from_actors(int workers_count, double scale);
int fan_in_from_threads(double scale);
int latency(guint64 events, guint64 period_ns, double scale);

#endif
