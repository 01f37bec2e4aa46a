/*
 * supervisor.c - the public calls of a supervisor: creating, freeing, starting and stopping it,
 * adding and finding actors.
 */
#include "base/cpu_count.h"
#include "base/error.h"
#include "lifecycle/actor.h"
#include "lifecycle/completion.h"
#include "lifecycle/start.h"
#include "lifecycle/stop.h"
#include "lifecycle/topology.h"
#include "lifecycle/watchdog.h"
#include "observe/monitor.h"
#include "observe/note.h"
#include "registry/departed.h"
#include "registry/directory.h"
#include "registry/failure.h"
#include "registry/group.h"
#include "registry/registry.h"
#include "registry/schema.h"
#include "registry/topic.h"
#include "routing/external.h"
#include "routing/origin.h"
#include "routing/receipt.h"
#include "runtime/callback.h"
#include "runtime/stop_state.h"
#include "sched/blocking.h"
#include "sched/worker.h"
#include "sim/step.h"

/* ---- creation and end -------------------------------------------------------------------------- */

static void set_default(uint32_t *option, uint32_t value)
{
	if (*option == 0)
		*option = value;
}

static int check_at_most(const char *option, uint32_t value, uint32_t most)
{
	return value <= most
		       ? 0
		       : mk_fail(MAIKO_EINVAL, "maiko_supervisor_new: .%s is %u; at most %u", option, value, most);
}

static int check_options(const maiko_options *o)
{
	int rc = check_at_most("workers", o->workers, MAIKO_WORKERS_MAX);
	if (rc == 0)
		rc = check_at_most("mailbox", o->mailbox, MAIKO_MAILBOX_MAX);
	if (rc == 0)
		rc = check_at_most("max_events_per_tick", o->max_events_per_tick, MAIKO_BUDGET_MAX);
	if (rc == 0)
		rc = check_at_most("external_credit", o->external_credit, MAIKO_MAILBOX_MAX);
	if (rc == 0)
		rc = check_at_most("blocking_threads", o->blocking_threads, 1024);
	if (rc == 0)
		rc = check_at_most("spin_us", o->spin_us, 1000);
	if (rc != 0)
		return rc;
	if (o->loop != NULL && o->workers != 1)
		return mk_fail(MAIKO_EINVAL, "maiko_supervisor_new: .workers is %u; with .loop it must be 1",
			       o->workers);
	if (o->channel < 16 || o->channel > 65536 || (o->channel & (o->channel - 1)) != 0)
		return mk_fail(MAIKO_EINVAL,
			       "maiko_supervisor_new: .channel is %u; it must be a power of 2, 16 to 65536",
			       o->channel);
	return 0;
}

static int set_options(mk_sup *sup, const maiko_options *options)
{
	maiko_options *o = &sup->options;
	int rc = MK_RESERVED("maiko_supervisor_new", options);
	if (rc != 0)
		return rc;
	if (options != NULL)
		*o = *options;
	uint32_t cores = o->workers != 0 && o->no_spin && o->no_balance ? 1 : mk_cpu_count(); /* 1: not used */
	sup->embedded = o->loop != NULL;
	set_default(&o->workers, sup->embedded ? 1 : cores < MAIKO_WORKERS_MAX ? cores : MAIKO_WORKERS_MAX);
	set_default(&o->mailbox, 1024);
	set_default(&o->max_events_per_tick, 128);
	set_default(&o->external_credit, 1024);
	set_default(&o->channel, 4096);
	set_default(&o->blocking_threads, 4);
	set_default(&o->spin_us, 200);
	if (o->mailbox_bytes == 0)
		o->mailbox_bytes = MAIKO_MAILBOX_BYTES;
	sup->balance = !o->no_balance && !sup->embedded && o->workers > 1;
	sup->spin = !o->no_spin && o->workers > 1;
	sup->cores = cores;
	return check_options(o);
}

/* Frees a supervisor, also one whose creation has failed at any step. */
static void free_all(mk_sup *sup)
{
	mk_monitor_fini(sup); /* first: its callbacks may use the rest */
	mk_blocking_fini(sup);
	if (sup->topology != NULL)
		mk_topology_fini(sup);
	if (mk_state_of(sup) < MK_STOPPED) /* a simulation that has failed: nobody is told anything any more */
		atomic_store_explicit(&sup->state, MK_ABANDONED, memory_order_relaxed);
	mk_workers_free(sup);
	mk_free(sup->start); /* after the workers: a failed simulation may have left it in a control lane */
	mk_receipts_fini(sup);
	mk_external_fini(sup);
	mk_directory_fini(sup);
	mk_departed_fini(sup);
	mk_origins_fini(sup);
	mk_registry_fini(sup);
	mk_schemas_fini(sup);
	mk_stop_fini(sup);
	mk_failures_fini(sup);
	mk_groups_fini(sup);
	mk_watchdog_fini(sup);
	mk_free(sup->watched);
	mk_alive_free(sup->alive);
	if (sup->magic == MK_SUP_MAGIC) { /* else they were not created */
		uv_cond_destroy(&sup->cond);
		uv_mutex_destroy(&sup->lock);
	}
	sup->magic = 0;
	mk_free(sup);
}

static int no_worker_left(void)
{
	return mk_fail(MAIKO_E2BIG, "no .own_thread: the supervisor has MAIKO_WORKERS_MAX workers, %d",
		       MAIKO_WORKERS_MAX);
}

static int add_worker(mk_sup *sup, bool own_thread, mk_worker **ret_worker)
{
	uint32_t index = mk_worker_total(sup);
	if (index == MAIKO_WORKERS_MAX)
		return no_worker_left();
	mk_worker *w = mk_worker_new(sup, index, own_thread);
	if (w == NULL)
		return MAIKO_ENOMEM;
	mk_monitor_welcome(w);
	if (MK_UNLIKELY(sup->seam.noted))
		mk_topics_know_all(w);
	sup->workers[index] = w;
	atomic_store_explicit(&sup->worker_count, index + 1, memory_order_release);
	if (ret_worker != NULL)
		*ret_worker = w;
	return 0;
}

static uint32_t next_serial(void)
{
	static _Atomic(uint32_t) last;
	uint32_t serial;
	do
		serial = atomic_fetch_add_explicit(&last, 1, memory_order_relaxed) + 1;
	while (serial == 0); /* 0 marks an unused slot */
	return serial;
}

/* Sets `magic` when both exist. */
static int lock_init(mk_sup *sup)
{
	/* Recursive: mk_actor_arrive, mk_topic_here and mk_topology_settle_all take the lock themselves, because
	 * workers call them without it. maiko_add (before the start, or for a new worker) and a replay call them
	 * with the lock held, as part of a larger critical section. mk_await needs the lock held once. */
	int rc = uv_mutex_init_recursive(&sup->lock);
	if (rc == 0 && (rc = uv_cond_init(&sup->cond)) != 0)
		uv_mutex_destroy(&sup->lock);
	if (rc == 0)
		sup->magic = MK_SUP_MAGIC;
	return rc;
}

/* `seam` NULL: that of the machine. */
static int seam_init(mk_sup *sup, const mk_seam *seam)
{
	int rc = 0;
	if (seam != NULL)
		sup->seam = *seam;
	else
		rc = mk_seam_init(&sup->seam);
	sup->seam.steered = sup->seam.choose != NULL;
	return rc;
}

static int fill(mk_sup *sup)
{
	sup->last = &sup->first;
	sup->stop_ms = MAIKO_STOP_DEADLINE_MS;
	sup->serial = next_serial();
	sup->alive = mk_alive_new();
	if (sup->alive == NULL)
		return mk_fail(MAIKO_ENOMEM, "not enough memory: no page to notice a fork by");
	mk_directory_init(sup);
	int rc = mk_registry_init(sup);
	if (rc == 0)
		rc = mk_failures_init(sup);
	if (rc == 0)
		rc = mk_groups_init(sup);
	if (rc == 0)
		rc = mk_topology_init(sup);
	if (rc == 0)
		rc = mk_stop_init(sup);
	if (rc == 0)
		rc = mk_blocking_init(sup);
	for (uint32_t i = 0; rc == 0 && i < sup->options.workers; i++)
		rc = add_worker(sup, false, NULL);
	return rc;
}

static int supervisor_new(mk_sup **ret_sup, const maiko_options *options, const mk_seam *seam)
{
	mk_sup *sup = MK_NEW(mk_sup);
	int rc = sup == NULL ? MAIKO_ENOMEM : set_options(sup, options);
	if (rc == 0)
		rc = seam_init(sup, seam);
	if (rc == 0)
		rc = lock_init(sup);
	if (rc == 0)
		rc = fill(sup);
	if (rc == 0)
		*ret_sup = sup;
	else if (sup != NULL)
		free_all(sup);
	return rc;
}

int maiko_supervisor_new(maiko_supervisor **ret_sup, const maiko_options *options)
{
	if (ret_sup == NULL)
		return MK_NULL(ret_sup);
	return supervisor_new(ret_sup, options, NULL);
}

int mk_supervisor_simulated(mk_sup **ret_sup, const maiko_options *options, const mk_seam *seam)
{
	if (ret_sup == NULL || options == NULL || options->workers == 0 || options->loop != NULL)
		return mk_fail(MAIKO_EINVAL, "a simulated supervisor has its own workers, 1 or more, and no .loop");
	return supervisor_new(ret_sup, options, seam);
}

/* Joins the threads; false if one does not return from a callback. */
static bool join_all(mk_sup *sup)
{
	bool all = true;
	for (uint32_t i = 0; i < mk_worker_total(sup); i++) {
		mk_worker *w = sup->workers[i];
		bool stuck =
			(mk_stop_stuck(sup) >> i & 1) != 0 && !atomic_load_explicit(&w->finished, memory_order_acquire);
		if (w->thread_made && !stuck)
			mk_worker_join(w);
		all &= !stuck;
	}
	return all;
}

/* Whether this is the thread of a worker, which cannot join itself. */
static bool is_worker_thread(const mk_sup *sup)
{
	uv_thread_t self = uv_thread_self();
	for (uint32_t i = 0; mk_hosting != 0 && i < mk_worker_total(sup); i++)
		if (sup->workers[i]->thread_made && uv_thread_equal(&self, &sup->workers[i]->thread))
			return true;
	return false;
}

/* Whether this thread cannot free the supervisor now. */
static bool is_in_use(mk_sup *sup)
{
	bool over = mk_state_of(sup) >= MK_STOPPED || mk_state_of(sup) == MK_NEW;
	return mk_inside != NULL || is_worker_thread(sup) || mk_watchdog_is_here(sup) || mk_blocking_is_worker(sup) ||
	       (!over && (sup->embedded || !mk_may_wait()));
}

maiko_supervisor *maiko_supervisor_free(maiko_supervisor *sup)
{
	if (sup == NULL || mk_forked(sup))
		return sup;
	if (mk_is_ending_here(sup)) /* embedded and ended: on_end was called by maiko_supervisor_free */
		return sup->embedded && mk_state_of(sup) >= MK_STOPPED ? NULL : sup;
	if (is_in_use(sup))
		return sup;
	mk_stop_untold(sup, &(maiko_stop_options){.now = true});
	const void *before = mk_ending_enter(sup);
	mk_stop_tell(sup);
	mk_ending_leave(sup, before);
	mk_watchdog_end(sup);
	/* A callback or job that still returns may use any memory: then nothing is freed. */
	bool left = (mk_state_of(sup) != MK_ABANDONED || sup->seam.simulated) &&
		    mk_blocking_drain(sup, MAIKO_STOP_GRACE_MS);
	if (join_all(sup) && left)
		free_all(sup);
	return NULL;
}

/* ---- start and stop ------------------------------------------------------------------------------ */

/* This thread is in a callback, or runs an embedded loop: it would wait for itself. */
static int fail_to_wait(const char *call)
{
	return mk_fail(MAIKO_EDEADLK,
		       "%s waits, which a thread inside a callback or job, or with an embedded loop, may not", call);
}

int maiko_start(maiko_supervisor *sup)
{
	int rc = mk_check_sup(sup);
	if (rc == 0 && (mk_inside != NULL || (!sup->embedded && !mk_may_wait())))
		rc = fail_to_wait("maiko_start");
	return rc != 0 ? rc : mk_start(sup);
}

int maiko_stop_begin(maiko_supervisor *sup, const maiko_stop_options *options, void (*done)(void *arg, int status),
		     void *arg)
{
	int rc = mk_check_sup(sup);
	return rc != 0 ? rc : mk_stop_begin(sup, options, done, arg);
}

/* Whether this thread would wait for itself if it waited for the end of the supervisor. */
static bool would_deadlock(mk_sup *sup)
{
	bool may_wait = mk_may_wait() && !mk_blocking_is_worker(sup) && !mk_is_ending_here(sup);
	return !may_wait && mk_state_of(sup) != MK_NEW && mk_state_of(sup) < MK_STOPPED;
}

int maiko_stop(maiko_supervisor *sup, const maiko_stop_options *options)
{
	int rc = mk_check_sup(sup);
	if (rc == 0 && would_deadlock(sup))
		rc = fail_to_wait("maiko_stop");
	if (rc != 0)
		return rc;
	rc = mk_stop_say(sup, "maiko_stop", mk_stop_untold(sup, options));
	if (options != NULL && options->ret_report != NULL) {
		int reported = maiko_report(sup, options->ret_report);
		rc = rc == 0 ? reported : rc;
	}
	mk_stop_tell(sup);
	return rc;
}

int maiko_join(maiko_supervisor *sup)
{
	int rc = mk_check_sup(sup);
	if (rc != 0)
		return rc;
	if (mk_state_of(sup) == MK_NEW)
		return mk_fail(MAIKO_ESTATE, "maiko_join: the supervisor has never been started");
	return would_deadlock(sup) ? fail_to_wait("maiko_join") : mk_stop_say(sup, "maiko_join", mk_stop_wait(sup));
}

uint32_t maiko_worker_count(const maiko_supervisor *sup) { return sup == NULL ? 0 : mk_worker_total(sup); }

/* ---- adding ------------------------------------------------------------------------------------- */

/* Finds a worker for an actor with .own_thread: one whose actor was removed (not in a replay), or
 * a new one, which runs if the others do. With the lock. */
static int own_worker(mk_sup *sup, const mk_told *led, mk_worker **ret_worker, bool *ret_new)
{
	uint32_t count = mk_worker_total(sup);
	*ret_new = false;
	for (uint32_t i = sup->options.workers; i < count && led == NULL; i++)
		if (!sup->workers[i]->busy) {
			*ret_worker = sup->workers[i];
			return 0;
		}
	if (mk_state_of(sup) == MK_NEW)
		return add_worker(sup, true, ret_worker);
	if (count + sup->workers_coming >= MAIKO_WORKERS_MAX)
		return no_worker_left();
	mk_worker *w = mk_worker_new(sup, MK_NO_WORKER, true); /* begin_add sets its index */
	if (w == NULL)
		return MAIKO_ENOMEM;
	w->go = true;
	int rc = mk_worker_open(w);
	if (rc == 0)
		rc = mk_worker_spawn(w);
	if (rc != 0) {
		mk_worker_free(w);
		return rc;
	}
	sup->workers_coming++;
	*ret_worker = w;
	*ret_new = true;
	return 0;
}

/* The worker of an actor for which the caller has named none. An actor that is added by another begins beside it. */
static uint32_t place_for(mk_sup *sup, const mk_worker *caller)
{
	if (!mk_begins_together(sup))
		return mk_next_worker(sup);
	if (sup->seam.simulated) /* in a replay it counts those to come */
		sup->together--;
	else
		sup->together++;
	return caller != NULL && caller->index < sup->options.workers ? caller->index : 0;
}

static int place_actor(mk_sup *sup, mk_actor *a, const maiko_add_options *o, const mk_worker *caller,
		       const mk_told *led, mk_worker **ret_new)
{
	mk_worker *w;
	bool made = false, own = o != NULL && o->own_thread;
	*ret_new = NULL;
	if (MK_UNLIKELY(led != NULL) && led->value != MK_NOTE_NEW_WORKER) {
		if (led->value < 0 || led->value >= mk_worker_total(sup))
			return MAIKO_EBROKEN;
		w = sup->workers[led->value];
		w->busy = own;
		a->pinned = !own && o != NULL && o->worker != 0;
	} else if (own) {
		int rc = own_worker(sup, led, &w, &made);
		if (rc != 0)
			return rc;
		w->busy = true;
	} else {
		w = sup->workers[o != NULL && o->worker != 0 ? o->worker - 1 : place_for(sup, caller)];
		a->pinned = o != NULL && o->worker != 0;
	}
	mk_home_set(a->self, mk_home_word(0, w->index, w->index));
	if (made)
		*ret_new = w;
	return 0;
}

static int add_before_start(mk_sup *sup, mk_actor *a, const maiko_add_options *o)
{
	maiko_actor_id id = a->self->id;
	int rc = mk_topology_add_now(sup, a);
	if (rc != 0) {
		mk_worker_at(sup, mk_home_now(a->self))->busy = false;
		mk_directory_leave(sup, a);
		mk_actor_discard(a);
		return rc;
	}
	*sup->last = a;
	sup->last = &a->next;
	if (o != NULL && o->ret_id != NULL)
		*o->ret_id = id;
	return 0;
}

/* Waits until a failed actor's name is free again. */
static void wait_until_gone(mk_sup *sup, maiko_actor_id id)
{
	mk_lock(sup);
	while (mk_directory_find(sup, id) != NULL && mk_state_of(sup) == MK_STARTED)
		mk_change_await(sup, NULL);
	mk_unlock(sup);
}

static int fail_stopping(const char *name)
{
	return mk_fail(MAIKO_ESHUTDOWN, "actor '%.80s' cannot be added: the supervisor is stopping or has stopped",
		       name == NULL ? "" : name);
}

/* Creates the change for an addition to a running supervisor. NULL: no memory. */
static mk_change *addition_new(const maiko_actor_type *type, const char *name, const maiko_add_options *o,
			       const mk_actor *requester)
{
	mk_change *c = MK_NEW(mk_change);
	if (c == NULL)
		return NULL;
	c->kind = MAIKO_CHANGE_ADD;
	c->requester = requester == NULL ? 0 : requester->self->id;
	c->life = requester == NULL || requester->extra == NULL ? 0 : requester->extra->life;
	if (o != NULL) {
		c->done = o->done;
		c->done_arg = o->done_arg;
		c->ret_id = o->ret_id;
	}
	bool completes = c->done != NULL || (requester != NULL && requester->class->done != NULL);
	c->told = completes || (requester == NULL && mk_may_wait());
	c->given = completes ? mk_given_new(type, name, o == NULL ? NULL : o->init) : NULL;
	if (completes && c->given == NULL) {
		mk_free(c);
		return NULL;
	}
	return c;
}

/* Gives the actor an id and a worker; in a replay, those of the recording. With the lock. */
static int enter_actor(mk_sup *sup, mk_actor *a, const maiko_add_options *o, mk_worker *caller, mk_worker **ret_new)
{
	mk_told told, *led = NULL;
	int rc = 0;
	if (MK_UNLIKELY(sup->seam.led) && mk_state_of(sup) != MK_NEW) {
		led = &told;
		rc = mk_caller_is_told(sup, caller, MK_NOTE_ADD, MK_ANY_NUMBER, led) ? 0 : MAIKO_EBROKEN;
		if (rc == 0 && led->value < 0)
			rc = (int)led->value;
	} else if (mk_state_of(sup) >= MK_STOPPING) {
		rc = fail_stopping(a->self->name);
	}
	if (rc == 0 && a->timed && mk_state_of(sup) != MK_NEW)
		rc = mk_watchdog_need(sup);
	if (rc == 0)
		rc = led != NULL ? mk_directory_enter_as(sup, a, led->number) : mk_directory_enter(sup, a);
	if (rc == 0 && (rc = place_actor(sup, a, o, caller, led, ret_new)) != 0)
		mk_directory_leave(sup, a);
	return rc;
}

static void note_addition(mk_sup *sup, const mk_actor *a, const maiko_add_options *o, mk_worker *caller,
			  const mk_change *c, const mk_worker *made, int rc)
{
	if (rc != 0 && caller == NULL)
		return; /* it had no effect */
	int64_t value = made != NULL ? (int64_t)MK_NOTE_NEW_WORKER : (int64_t)mk_home_now(a->self);
	if (rc != 0)
		value = rc;
	mk_note_call(
		sup, caller, MK_NOTE_ADD, a->self->id, value,
		&(mk_call){.type = a->class->desc, .name = a->self->name, .options = o, .told = c != NULL && c->told});
}

/* One critical section makes the actor visible and queues its addition, so another thread's
 * change of the actor is queued after it. */
static int add(mk_sup *sup, const maiko_actor_type *type, const char *name, const maiko_add_options *o,
	       mk_actor *requester)
{
	mk_actor *a;
	mk_worker *made = NULL, *caller = mk_caller(sup, requester);
	bool early = mk_state_of(sup) >= MK_STOPPING && (caller == NULL || !sup->seam.noted);
	int status = 0, rc = early ? fail_stopping(name) : mk_change_tellable(requester);
	if (rc == 0)
		rc = mk_actor_new(sup, type, name, o, &a);
	if (rc != 0)
		return rc;
	mk_lock(sup);
	int state = mk_state_of(sup);
	bool running = state != MK_NEW && state < MK_STOPPING;
	mk_change *c = running ? addition_new(type, name, o, requester) : NULL;
	rc = running && c == NULL ? MAIKO_ENOMEM : enter_actor(sup, a, o, caller, &made);
	if (MK_UNLIKELY(sup->seam.noted) && state != MK_NEW)
		note_addition(sup, a, o, caller, c, made, rc);
	if (rc != 0) {
		mk_unlock(sup);
		mk_change_free(c);
		mk_actor_discard(a);
		return rc;
	}
	maiko_actor_id id = a->self->id;
	if (running) {
		c->id = id;
		c->actor = a;
		c->worker = made;
		c->home = mk_home_now(a->self);
		rc = mk_topology_ask(sup, caller, c, requester == NULL && mk_may_wait() ? &status : NULL);
		assert(rc == 0); /* the state has not changed under the lock */
		mk_change_awaited(requester);
	} else {
		rc = add_before_start(sup, a, o);
	}
	mk_unlock(sup);
	if (status != 0) {
		wait_until_gone(sup, id);
		(void)mk_fail(status, "actor '%s' did not start: %s", name, maiko_strerror(status));
	}
	return rc != 0 ? rc : status;
}

int maiko_supervisor_add(maiko_supervisor *sup, const maiko_actor_type *type, const char *name,
			 const maiko_add_options *options)
{
	int rc = mk_check_sup(sup);
	if (rc == 0 && type == NULL)
		rc = MK_NULL(type);
	return rc != 0 ? rc : add(sup, type, name, options, NULL);
}

int maiko_ctx_add(maiko_ctx *ctx, const maiko_actor_type *type, const char *name, const maiko_add_options *options)
{
	if (ctx == NULL || type == NULL)
		return MK_NULL(ctx, type);
	assert(mk_is_inside(ctx));
	if (mk_forked(ctx->worker->sup))
		return mk_fail_forked();
	return add(ctx->worker->sup, type, name, options, ctx);
}

int maiko_find(maiko_supervisor *sup, const char *name, maiko_actor_id *ret_id)
{
	int rc = mk_check_sup(sup);
	if (rc == 0 && (name == NULL || ret_id == NULL))
		rc = MK_NULL(name, ret_id);
	if (rc != 0)
		return rc;
	mk_worker *caller = MK_LIKELY(!sup->seam.noted) ? NULL : mk_caller(sup, NULL);
	mk_told told;
	mk_lock(sup);
	const mk_actor *a = mk_name_index_get(&sup->actor_names, name);
	maiko_actor_id id = a == NULL ? 0 : a->self->id;
	if (caller != NULL && sup->seam.led && mk_is_told(caller, MK_NOTE_FOUND, MK_ANY_NUMBER, &told))
		id = (maiko_actor_id)told.value;
	else if (caller != NULL)
		mk_note_here(caller, MK_NOTE_FOUND, 0, (int64_t)id);
	mk_unlock(sup);
	if (id != 0)
		*ret_id = id;
	return id == 0 ? mk_fail(MAIKO_ENOENT, "maiko_find: there is no actor '%s'", name) : 0;
}
