/*
 * send_as.c - see send_as.h.
 *
 * A request passes through the control lane of the actor's worker to the actor's tasks. The
 * caller waits for its end; if the caller gives up before, the request is `cancelled`, and `end`
 * frees it. The lock guards `progress` and `cancelled`.
 */
#include "sim/send_as.h"

#include "base/error.h"
#include "lifecycle/quiescence.h"
#include "registry/directory.h"
#include "routing/in_transit.h"
#include "runtime/callback.h"
#include "runtime/lane.h"
#include "runtime/ready.h"

#include <stdio.h>
#include <string.h>

typedef enum progress { WAITING, SENDING, OVER } progress;

typedef struct request {
	mk_message message;
	mk_task task;
	mk_sup *sup;
	maiko_actor_id actor;
	const maiko_event_type *type;
	progress progress;
	bool cancelled; /* its caller no longer waits */
	bool host;      /* its caller runs the loop */
	int status;
	char why[MK_ERROR_SIZE]; /* the error text of a failed send, from its worker's thread; or "" */
	maiko_id id;
	_Alignas(16) unsigned char value[];
} request;

/* ---- on the worker ------------------------------------------------------------------------- */

static void end(request *r, int status)
{
	mk_sup *sup = r->sup;
	mk_lock(sup);
	bool cancelled = r->cancelled;
	r->status = status;
	r->progress = OVER;
	if (r->host && !cancelled)
		uv_stop(sup->options.loop); /* the next poll must not sleep */
	uv_cond_broadcast(&sup->cond);
	mk_unlock(sup);
	if (cancelled)
		mk_free_aligned(r);
}

static bool begin_to_send(request *r)
{
	mk_lock(r->sup);
	bool goes = !r->cancelled;
	if (goes)
		r->progress = SENDING;
	mk_unlock(r->sup);
	return goes;
}

static void task_run(mk_actor *a, mk_task *task)
{
	request *r = MK_OF(task, request, task);
	mk_worker *w = a->worker;
	int rc = MAIKO_ECANCELED;
	if (begin_to_send(r)) {
		r->id = (maiko_id){w->origin, w->sequence + 1};
		mk_callback_enter(w, a);
		rc = maiko_ctx_send(a, r->type, r->value, MAIKO_SEND_ROOT);
		mk_callback_leave(w);
		if (rc != 0)
			(void)snprintf(r->why, sizeof r->why, "%s", maiko_last_error());
	}
	end(r, rc);
}

/* The actor has ended. */
static void task_drop(mk_task *task) { end(MK_OF(task, request, task), MAIKO_EFAILED); }

static void message_run(mk_worker *w, mk_message *m)
{
	request *r = MK_OF(m, request, message);
	if (mk_arrival_keeps(w, r->actor, m))
		return;
	mk_actor *a = mk_directory_look(w->sup, r->actor);
	r->task = (mk_task){.run = task_run, .drop = task_drop};
	if (a == NULL)
		end(r, MAIKO_ENOENT);
	else if (mk_extra_of(a) == NULL)
		end(r, MAIKO_ENOMEM);
	else
		mk_task_add(w, a, &r->task);
}

static void message_drop(mk_message *m) { end(MK_OF(m, request, message), MAIKO_ESHUTDOWN); }

/* ---- the caller ------------------------------------------------------------------------------- */

/* With the lock, which is released while it waits. */
static int wait_a_little(mk_sup *sup, bool host, uint64_t until)
{
	if (!host) {
		mk_await_until(sup, until);
		return 0;
	}
	mk_unlock(sup);
	int rc = mk_quiescence_host(sup, until);
	mk_lock(sup);
	return rc;
}

/* With the lock. 0: the request has ended; else it is cancelled, and the error says why. */
static int wait_for(request *r, bool host, uint64_t until)
{
	mk_sup *sup = r->sup;
	int rc = 0;
	while (r->progress != OVER && rc == 0) {
		rc = wait_a_little(sup, host, until);
		if (r->progress == OVER)
			break;
		if (mk_state_of(sup) >= MK_STOPPED) /* the messages left in the lanes are not run any more */
			rc = MAIKO_ESHUTDOWN;
		else if (r->progress == WAITING && mk_now(&sup->seam) >= until)
			rc = MAIKO_ETIMEDOUT;
	}
	r->cancelled = r->progress != OVER;
	return r->cancelled ? rc : 0;
}

/* With the lock: posts it to the actor's worker. */
static int post(mk_sup *sup, request *r)
{
	int state = mk_state_of(sup);
	if (state != MK_STARTED)
		return state < MK_STARTED ? mk_fail_text(MAIKO_ESTATE, "the supervisor has not been started")
					  : mk_fail_text(MAIKO_ESHUTDOWN, "the supervisor is stopping or has stopped");
	const mk_actor *a = mk_directory_find(sup, r->actor);
	if (a == NULL)
		return mk_fail(MAIKO_ENOENT, "there is no actor %#llx", (unsigned long long)r->actor);
	if (a->worker == NULL)
		return mk_fail(MAIKO_ESTATE, "actor '%s' is still being added", a->self->name);
	mk_lane_post(mk_worker_of(sup, a->self), &r->message);
	return 0;
}

static request *request_new(mk_sup *sup, maiko_actor_id actor, const maiko_event_type *type, const void *value)
{
	uint32_t size = type->layout->size;
	request *r = mk_calloc_aligned(sizeof *r + size, 16);
	if (r == NULL)
		return NULL;
	r->message = (mk_message){.run = message_run, .drop = message_drop, .post = MK_POST_UNSEEN};
	r->sup = sup;
	r->actor = actor;
	r->type = type;
	memcpy(r->value, value, size);
	return r;
}

int mk_send_as(mk_sup *sup, maiko_actor_id actor, const maiko_event_type *type, const void *value, uint64_t timeout_ms,
	       maiko_id *ret_id)
{
	if (sup == NULL || type == NULL || value == NULL)
		return MK_NULL(sup, type, value);
	if (mk_check_format("an event type", type->format) != 0 || maiko_layout_check(type->layout) != 0)
		return MAIKO_EINVAL; /* the check has set the error text */
	if (mk_forked(sup))
		return mk_fail_forked();
	if (sup->seam.noted)
		return mk_fail_text(MAIKO_EBUSY, "a recorder watches: what is sent in an actor's name from outside "
						 "could not be replayed");
	bool host = mk_quiescence_is_host(sup);
	if (!host && !mk_may_wait())
		return mk_fail_text(MAIKO_EDEADLK, "a thread inside a callback may not wait for an actor's send");
	request *r = request_new(sup, actor, type, value);
	if (r == NULL)
		return MAIKO_ENOMEM;
	r->host = host;
	mk_lock(sup);
	int rc = post(sup, r);
	bool posted = rc == 0;
	if (posted)
		rc = wait_for(r, host, mk_deadline(&sup->seam, timeout_ms));
	bool mine = !posted || r->progress == OVER;
	if (rc == 0)
		rc = r->status;
	if (rc == 0 && ret_id != NULL)
		*ret_id = r->id;
	if (posted && rc != 0)
		(void)mk_fail(rc, "%s", mine && r->why[0] != '\0' ? r->why : maiko_strerror(rc));
	mk_unlock(sup);
	if (mine)
		mk_free_aligned(r);
	return rc;
}
