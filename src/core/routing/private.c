/*
 * private.c - see private.h.
 */
#include "routing/private.h"

#include "runtime/ready.h"

int mk_private_prepare(mk_actor *a) { return mk_extra_of(a) == NULL || mk_tally_of(a) == NULL ? MAIKO_ENOMEM : 0; }

/* `a` NULL: the actor is no more. */
static void drop(mk_worker *w, mk_actor *a, mk_private *private)
{
	mk_count_add(a != NULL ? &a->tally->counts.dead : &w->gone.dead, 1);
	mk_count_add(&w->private_topic->counts.dead, 1);
	private->drop(a, private);
}

void mk_private_give(mk_worker *w, mk_actor *a, mk_private *private)
{
	mk_topic *t = w->private_topic;
	mk_count_add(&t->published, 1);
	mk_count_add(&t->deliveries, 1);
	mk_count_add(a != NULL ? &a->tally->refused : &w->gone_deliveries, 1); /* a delivery that is in no mailbox */
	if (a == NULL || (a->sched & MK_ENDED) != 0) {
		drop(w, a, private);
		return;
	}
	private->after = mk_count(&a->box.tail);
	mk_private **at = private->first ? &a->extra->privates : a->extra->private_tail;
	while (*at != NULL && (*at)->first)
		at = &(*at)->next;
	private->next = *at;
	*at = private;
	if (private->next == NULL)
		a->extra->private_tail = &private->next;
	mk_wake(w, a);
}

static mk_private *take_first(mk_extra *x)
{
	mk_private *first = x->privates;
	x->privates = first->next;
	if (x->privates == NULL)
		x->private_tail = &x->privates;
	return first;
}

void mk_private_run(mk_worker *w, mk_actor *a)
{
	mk_private *first = take_first(a->extra);
	mk_counts *counts = &w->private_topic->counts;
	bool said = first->run(a, first);
	mk_count_add(said ? &a->handled : &a->tally->counts.dropped, 1);
	mk_count_add(said ? &counts->handled : &counts->dropped, 1);
}

void mk_private_shift(mk_actor *a)
{
	for (mk_private *p = a->extra == NULL ? NULL : a->extra->privates; p != NULL; p = p->next)
		p->after = mk_count(&a->box.tail);
}

void mk_private_drop(mk_actor *a)
{
	while (a->extra->privates != NULL)
		drop(a->worker, a, take_first(a->extra));
}
