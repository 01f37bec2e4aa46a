/*
 * completion.c - see completion.h.
 */
#include "lifecycle/completion.h"

#include "lifecycle/joining.h"
#include "observe/note.h"
#include "registry/directory.h"
#include "registry/filter.h"
#include "registry/members.h"
#include "registry/registry.h"
#include "runtime/callback.h"
#include "runtime/lane.h"
#include "runtime/ready.h"
#include "sched/actors.h"
#include "sched/end.h"

#include <sched.h>
#include <string.h>

static maiko_completion completion_of(mk_sup *sup, const mk_change *c)
{
	bool topic = c->kind == MAIKO_CHANGE_SUBSCRIBE || c->kind == MAIKO_CHANGE_UNSUBSCRIBE;
	maiko_completion completion = {.change = c->kind,
				       .status = c->status,
				       .actor = c->id,
				       .name = c->given == NULL ? "" : c->given->name,
				       .init = c->given == NULL ? NULL : c->given->init};
	if (topic && c->place_count == 1)
		completion.topic = &mk_record_at(sup, c->places.one.topic)->desc;
	return completion;
}

mk_given *mk_given_new(const maiko_actor_type *type, const char *name, const void *init)
{
	enum { ALIGN = 64 }; /* the largest alignment of a state */
	const size_t front = (sizeof(mk_given) + ALIGN - 1) / ALIGN * ALIGN;
	mk_given *given = mk_calloc_aligned(front + (init == NULL ? 0 : type->state_size), ALIGN);
	if (given == NULL)
		return NULL;
	memcpy(given->name, name, strlen(name) + 1);
	if (init != NULL)
		given->init = memcpy((char *)given + front, init, type->state_size);
	return given;
}

void mk_change_free(mk_change *c)
{
	if (c == NULL)
		return;
	mk_arrival_drop(&c->arrival);
	mk_joining_free(c);
	if (c->on_way)
		mk_actor_free(c->actor);
	if (c->shadow != NULL)
		mk_actor_free(c->shadow);
	mk_subscriptions_free(&c->places, c->place_count);
	mk_filters_free(c->filters);
	mk_free_aligned(c->given);
	mk_free(c);
}

/* As it was asked for. */
static maiko_subscription subscription_of(mk_sup *sup, const mk_change *c, const mk_subscription *place)
{
	const mk_filter *filter = place->filter == 0 ? NULL : mk_filters_find(c->filters, place->topic);
	const mk_record *r = mk_record_at(sup, place->topic);
	return (maiko_subscription){.topic = mk_members_topic(sup, r),
				    .share = r->members == NULL ? NULL : r->members->share,
				    .overflow = (maiko_overflow)place->overflow,
				    .where = filter == NULL ? NULL : &filter->desc};
}

/* Records a change with its topics. With the lock. */
static void note_change(mk_sup *sup, mk_worker *caller, mk_change *c, int rc)
{
	mk_call call = {.change = c->kind};
	maiko_subscription *topics = NULL;
	if (c->kind == MAIKO_CHANGE_SUBSCRIBE || c->kind == MAIKO_CHANGE_UNSUBSCRIBE) {
		const mk_subscription *places = mk_subscriptions_at(&c->places, c->place_count);
		topics = mk_calloc((size_t)c->place_count + 1, sizeof *topics);
		if (topics == NULL) { /* the recording ends here */
			mk_note_sup(sup, MK_NOTE_GIVE_UP, 0, MAIKO_ENOMEM);
			return;
		}
		for (uint32_t i = 0; i < c->place_count; i++)
			topics[i] = subscription_of(sup, c, &places[i]);
		call.topics = topics;
	}
	mk_note_call(sup, caller, MK_NOTE_CHANGE, c->id, rc, &call);
	mk_free(topics);
}

int mk_change_accept(mk_sup *sup, mk_worker *caller, mk_change *change, int rc)
{
	mk_told told;
	bool added = change->kind == MAIKO_CHANGE_ADD; /* recorded in one note with its request */
	if (MK_UNLIKELY(sup->seam.led) && caller != NULL && !added)
		rc = mk_is_told(caller, MK_NOTE_CHANGE, change->id, &told) ? (int)told.value : MAIKO_EBROKEN;
	if (rc == 0) {
		change->by = caller == NULL ? 0 : (uint16_t)(caller->index + 1);
		change->number = caller == NULL ? sup->asked_changes++ : caller->asked_changes++;
	}
	if (MK_UNLIKELY(sup->seam.noted) && !added)
		note_change(sup, caller, change, rc);
	return rc;
}

static void task_run(mk_actor *a, mk_task *task)
{
	mk_change *c = MK_OF(task, mk_change, task);
	maiko_completion completion = completion_of(a->worker->sup, c);
	mk_callback_enter(a->worker, a);
	int rc = mk_result(a->worker->sup, a, MAIKO_PHASE_DONE, a->class->done(mk_actor_state(a), &completion, a));
	mk_callback_leave(a->worker);
	mk_change_free(c); /* also frees the name and the init of the completion */
	MK_NOTE(a->worker, MK_NOTE_TASK_DONE, 0, rc);
	if (rc < 0)
		mk_actor_error(a->worker, a, rc, MAIKO_PHASE_DONE, NULL);
}

static void task_drop(mk_task *task) { mk_change_free(MK_OF(task, mk_change, task)); }

static void tell_requester(mk_worker *w, mk_message *m)
{
	mk_change *c = MK_OF(m, mk_change, message);
	if (mk_arrival_keeps(w, c->requester, m))
		return;
	mk_actor *a = mk_directory_look(w->sup, c->requester);
	c->task = (mk_task){.run = task_run, .drop = task_drop};
	/* In a damaged recording it may have the id of an actor that has not arrived at its worker. */
	bool told = a != NULL && a->worker == w && a->class->done != NULL;
	if (told)
		a->extra->changes--;
	if (told && a->extra->life == c->life) {
		mk_task_add(w, a, &c->task);
	} else {
		mk_change_free(c);
	}
}

static void tell_drop(mk_message *m) { mk_change_free(MK_OF(m, mk_change, message)); }

void mk_change_tell(mk_worker *w, mk_change *c)
{
	mk_sup *sup = w->sup;
	if (c->done != NULL) {
		maiko_completion completion = completion_of(sup, c);
		c->done(c->done_arg, &completion);
	}
	mk_lock(sup);
	const mk_actor *a = c->requester == 0 ? NULL : mk_directory_find(sup, c->requester);
	mk_worker *home = a == NULL ? NULL : mk_worker_at(sup, mk_home_of(w, a->self));
	mk_unlock(sup);
	if (home == NULL) {
		mk_change_free(c);
		return;
	}
	c->message = (mk_message){.run = tell_requester,
				  .drop = tell_drop,
				  .post = MK_POST_CHANGE,
				  .from = c->by,
				  .number = c->number};
	mk_lane_post(home, &c->message);
}

void mk_change_tell_waiting(mk_change *c)
{
	if (c->wait != NULL) {
		c->wait->status = c->status;
		atomic_store_explicit(&c->wait->complete, true, memory_order_release); /* it may be gone after this */
	}
}

void mk_change_told(mk_sup *sup)
{
	if (sup->sleeping_for_changes != 0)
		uv_cond_broadcast(&sup->cond);
}

/* For a while, as long as a wake-up takes. False: it is not complete. */
static bool spin(const mk_sup *sup, _Atomic(bool) *complete)
{
	enum { SPIN_NS = 50000, CHECKS = 64 };
	uint64_t until_ns = mk_now(&sup->seam) + SPIN_NS;
	do {
		for (int i = 0; i < CHECKS; i++)
			if (atomic_load_explicit(complete, memory_order_acquire))
				return true;
		(void)sched_yield(); /* the worker may need this core */
	} while (mk_now(&sup->seam) < until_ns);
	return false;
}

void mk_change_await(mk_sup *sup, _Atomic(bool) *complete)
{
	bool spins = !sup->options.no_spin && sup->options.workers < sup->cores; /* the caller has a core */
	if (complete != NULL && spins && !sup->seam.simulated) {
		uv_mutex_unlock(&sup->lock);
		bool done = spin(sup, complete);
		uv_mutex_lock(&sup->lock);
		if (done || atomic_load_explicit(complete, memory_order_acquire))
			return;
	}
	sup->sleeping_for_changes++;
	mk_await(sup);
	sup->sleeping_for_changes--;
}

int mk_change_wait_for(mk_sup *sup, mk_change *c, mk_change_wait *wait, int last)
{
	while (!wait->complete && mk_state_of(sup) < last)
		mk_change_await(sup, &wait->complete);
	if (wait->complete)
		return wait->status; /* the change may be freed */
	c->wait = NULL;
	return MAIKO_ESHUTDOWN;
}

void mk_change_conclude(mk_worker *w, mk_change *c)
{
	mk_lock(w->sup);
	mk_change_tell_waiting(c);
	mk_change_told(w->sup);
	mk_unlock(w->sup);
	mk_change_tell(w, c);
}

void mk_change_abandon(mk_change *c)
{
	if (c->done != NULL) {
		maiko_completion completion = {.change = c->kind,
					       .status = MAIKO_ESHUTDOWN,
					       .actor = c->id,
					       .name = ""};
		c->done(c->done_arg, &completion);
	}
	mk_change_free(c);
}
