/*
 * private.c - see private.h.
 */
#include "routing/private.h"

#include "runtime/ready.h"

int mk_private_prepare(mk_actor *a) { return mk_extra_of(a) == NULL || mk_tally_of(a) == NULL ? MAIKO_ENOMEM : 0; }

void mk_private_given(mk_worker *w, mk_actor *a)
{
	mk_count_add(&w->private_topic->published, 1);
	mk_count_add(&w->private_topic->deliveries, 1);
	mk_count_add(&a->tally->refused, 1); /* a delivery that is in no mailbox */
}

void mk_private_ended(mk_actor *a, size_t outcome)
{
	mk_counts *counts = &a->worker->private_topic->counts;
	if (outcome == MK_OUTCOME_OF(handled)) {
		mk_count_add(&a->handled, 1);
		mk_count_add(&counts->handled, 1);
	} else {
		mk_count_add(&a->tally->counts.dead, 1);
		mk_count_add(&counts->dead, 1);
	}
}

void mk_private_give(mk_worker *w, mk_actor *a, mk_private *private)
{
	mk_topic *t = w->private_topic;
	mk_count_add(&t->published, 1);
	mk_count_add(&t->deliveries, 1);
	if (a == NULL || (a->sched & MK_ENDED) != 0) {
		mk_count_add(a != NULL ? &a->tally->refused : &w->gone_deliveries, 1);
		mk_count_add(a != NULL ? &a->tally->counts.dead : &w->gone.dead, 1);
		mk_count_add(&t->counts.dead, 1);
		private->drop(a, private);
		return;
	}
	mk_count_add(&a->tally->refused, 1); /* a delivery that is in no mailbox */
	private->next = NULL;
	private->after = mk_count(&a->box.tail);
	*a->extra->private_tail = private;
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

void mk_private_run(mk_actor *a)
{
	mk_private *first = take_first(a->extra);
	mk_private_ended(a, MK_OUTCOME_OF(handled));
	first->run(a, first);
}

void mk_private_shift(mk_actor *a)
{
	for (mk_private *p = a->extra == NULL ? NULL : a->extra->privates; p != NULL; p = p->next)
		p->after = mk_count(&a->box.tail);
}

void mk_private_drop(mk_actor *a)
{
	while (a->extra->privates != NULL) {
		mk_private *first = take_first(a->extra);
		mk_private_ended(a, MK_OUTCOME_OF(dead));
		first->drop(a, first);
	}
}
