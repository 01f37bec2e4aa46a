/*
 * ready.c - see ready.h.
 */
#include "runtime/ready.h"

bool mk_has_work(const mk_actor *a)
{
	const mk_extra *x = a->extra;
	bool takes = (a->sched & MK_ON_HOLD) == 0;
	return (takes && mk_mailbox_length(&a->box) != 0) ||
	       (x != NULL && (x->tasks != NULL || x->privates != NULL || x->tick_due || x->overflowed));
}

enum { FIRST_OF = 64 }; /* as many as a turn runs at most */

void mk_ready_first(mk_worker *w, maiko_actor_id id)
{
	mk_actor **at = &w->ready, *a;
	uint32_t left = FIRST_OF;
	for (; (a = *at) != NULL && a->self->id != id; at = &a->next)
		if (--left == 0)
			return;
	if (a == NULL || a == w->ready)
		return;
	*at = a->next;
	if (w->ready_tail == &a->next)
		w->ready_tail = at;
	a->next = w->ready;
	w->ready = a;
}

/* The list that a held actor is in. */
static mk_actor **list_of(mk_worker *w, const mk_actor *a)
{
	return (a->sched & MK_RETIRING) != 0 ? &w->retiring : (a->sched & MK_ENDED) != 0 ? &w->ended : &w->held;
}

void mk_link_held(mk_worker *w, mk_actor *a)
{
	mk_actor **list = list_of(w, a);
	a->prev_held = NULL;
	a->next_held = *list;
	if (*list != NULL)
		(*list)->prev_held = a;
	*list = a;
}

void mk_unlink_held(mk_worker *w, mk_actor *a)
{
	if ((a->sched & MK_HELD) == 0)
		return;
	if (a->prev_held != NULL)
		a->prev_held->next_held = a->next_held;
	else
		*list_of(w, a) = a->next_held;
	if (a->next_held != NULL)
		a->next_held->prev_held = a->prev_held;
}

void mk_task_add(mk_worker *w, mk_actor *a, mk_task *task)
{
	mk_extra *x = mk_extra_of(a);
	if (x == NULL || (a->sched & MK_ENDED) != 0) {
		task->drop(task);
		return;
	}
	task->next = NULL;
	*x->task_tail = task;
	x->task_tail = &task->next;
	mk_wake(w, a);
}
