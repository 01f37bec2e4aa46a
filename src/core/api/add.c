/*
 * add.c - adding an actor, before the start and later; finding one by its name.
 */
#include "api/add.h"

#include "base/error.h"
#include "lifecycle/actor.h"
#include "lifecycle/completion.h"
#include "lifecycle/topology.h"
#include "lifecycle/watchdog.h"
#include "observe/monitor.h"
#include "observe/note.h"
#include "registry/directory.h"
#include "registry/topic.h"
#include "runtime/callback.h"
#include "sched/worker.h"

static int no_worker_left(void)
{
	return mk_fail(MAIKO_E2BIG, "no .own_thread: the supervisor has MAIKO_WORKERS_MAX workers, %d",
		       MAIKO_WORKERS_MAX);
}

int mk_worker_add(mk_sup *sup, bool own_thread, mk_worker **ret_worker)
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
		return mk_worker_add(sup, true, ret_worker);
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
		mk_actor_discard(sup, a);
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
		rc = mk_watchdog_need(sup, mk_deadline(&sup->seam, a->extra->stuck_ms));
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
	if (MK_UNLIKELY(a->asks))
		mk_actor_asked(sup, a);
	int state = mk_state_of(sup);
	bool running = state != MK_NEW && state < MK_STOPPING;
	mk_change *c = running ? addition_new(type, name, o, requester) : NULL;
	rc = running && c == NULL ? MAIKO_ENOMEM : enter_actor(sup, a, o, caller, &made);
	if (MK_UNLIKELY(sup->seam.noted) && state != MK_NEW)
		note_addition(sup, a, o, caller, c, made, rc);
	if (rc != 0) {
		mk_unlock(sup);
		mk_change_free(c);
		mk_actor_discard(sup, a);
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
	mk_lock(sup);
	const mk_actor *a = mk_name_index_get(&sup->actor_names, name);
	maiko_actor_id id = mk_note_found(sup, a == NULL ? 0 : a->self->id);
	mk_unlock(sup);
	if (id != 0)
		*ret_id = id;
	return id == 0 ? mk_fail(MAIKO_ENOENT, "maiko_find: there is no actor '%s'", name) : 0;
}
