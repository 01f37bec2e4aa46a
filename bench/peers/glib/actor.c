/*
 * actor.c - actors as sources of a main context.
 *
 * The source is ready when its queue is not empty. A send from the context's own thread need not
 * wake it; a send from another thread does, if the queue was empty.
 *
 * SPDX-License-Identifier: MIT
 */
#include "actor.h"

/* The maximum number of messages per dispatch; they are taken under one lock. */
enum { BATCH = 128 };

struct worker {
	GMainContext *context;
	GMainLoop *loop;
	GThread *thread;
	GPtrArray *sources;
};

struct actor {
	GSource source;
	GAsyncQueue *mailbox;
	worker *on;
	actor_handler handler;
	gpointer state;
};

static gboolean prepare(GSource *source, gint *ret_timeout_ms)
{
	*ret_timeout_ms = -1;
	return g_async_queue_length(((actor *)source)->mailbox) > 0;
}

static gboolean check(GSource *source) { return g_async_queue_length(((actor *)source)->mailbox) > 0; }

static gboolean dispatch(GSource *source, GSourceFunc unused, gpointer unused_data)
{
	actor *self = (actor *)source;
	gpointer batch[BATCH];
	int count = 0;

	(void)unused;
	(void)unused_data;
	g_async_queue_lock(self->mailbox);
	while (count < BATCH && (batch[count] = g_async_queue_try_pop_unlocked(self->mailbox)) != NULL)
		count++;
	g_async_queue_unlock(self->mailbox);
	for (int i = 0; i < count; i++)
		self->handler(self->state, batch[i]);
	return G_SOURCE_CONTINUE;
}

static void finalize(GSource *source) { g_async_queue_unref(((actor *)source)->mailbox); }

actor *actor_new(worker *on, actor_handler handler, gpointer state)
{
	static GSourceFuncs functions = {.prepare = prepare,
					 .check = check,
					 .dispatch = dispatch,
					 .finalize = finalize};
	GSource *source = g_source_new(&functions, sizeof(actor));
	actor *self = (actor *)source;

	self->mailbox = g_async_queue_new();
	self->on = on;
	self->handler = handler;
	self->state = state;
	g_source_attach(source, on->context);
	g_ptr_array_add(on->sources, source);
	return self;
}

void actor_send(actor *to, gpointer message)
{
	gboolean was_empty;

	g_async_queue_lock(to->mailbox);
	was_empty = g_async_queue_length_unlocked(to->mailbox) <= 0;
	g_async_queue_push_unlocked(to->mailbox, message);
	g_async_queue_unlock(to->mailbox);
	if (was_empty && !g_main_context_is_owner(to->on->context))
		g_main_context_wakeup(to->on->context);
}

static void free_source(gpointer source)
{
	g_source_destroy(source);
	g_source_unref(source);
}

worker *worker_new(void)
{
	worker *self = g_new0(worker, 1);

	self->context = g_main_context_new();
	self->loop = g_main_loop_new(self->context, FALSE);
	self->sources = g_ptr_array_new_with_free_func(free_source);
	return self;
}

static gpointer worker_body(gpointer data)
{
	worker *self = data;

	g_main_context_push_thread_default(self->context);
	g_main_loop_run(self->loop);
	g_main_context_pop_thread_default(self->context);
	return NULL;
}

void worker_start(worker *self) { self->thread = g_thread_new("worker", worker_body, self); }

static gboolean quit(gpointer loop)
{
	g_main_loop_quit(loop);
	return G_SOURCE_REMOVE;
}

void worker_stop(worker *self)
{
	/* In the context, because a loop that does not run yet cannot be quit. */
	g_main_context_invoke(self->context, quit, self->loop);
	g_thread_join(self->thread);
	g_ptr_array_free(self->sources, TRUE);
	g_main_loop_unref(self->loop);
	g_main_context_unref(self->context);
	g_free(self);
}

event *event_new(guint64 seq, guint64 value)
{
	event *ev = g_new(event, 1);

	*ev = (event){seq, value};
	return ev;
}

workers workers_new(int count)
{
	workers self = {.count = count};

	for (int i = 0; i < count; i++)
		self.all[i] = worker_new();
	return self;
}

void workers_start(const workers *self)
{
	for (int i = 0; i < self->count; i++)
		worker_start(self->all[i]);
}

void workers_stop(const workers *self)
{
	for (int i = 0; i < self->count; i++)
		worker_stop(self->all[i]);
}

worker *workers_share(const workers *self, int index, int count) { return self->all[index * self->count / count]; }
