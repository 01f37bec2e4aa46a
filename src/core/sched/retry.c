/*
 * retry.c - see retry.h.
 */
#include "sched/retry.h"

#include "observe/monitor.h"
#include "registry/group.h"
#include "routing/delivery.h"
#include "routing/letter.h"
#include "routing/overflow.h"
#include "routing/receipt.h"
#include "routing/weight.h"

/* Without memory it cannot go back. */
static bool put_back(mk_actor *a, mk_event *e)
{
	bool weighs = a->extra->weights != NULL && mk_is_heavy(e);
	if ((weighs && mk_weight_reserve(a) != 0) || mk_mailbox_unpop(&a->box, e) != 0)
		return false;
	e->refs++;
	mk_oldest_forget(a->extra); /* it is older than what these say */
	mk_weight_again(a);
	mk_overflow_returned(a, e);
	return true;
}

bool mk_retry(mk_worker *w, mk_actor *a, mk_event *e, int error)
{
	mk_care *c = mk_care_of(a);
	bool ended = (a->sched & MK_ENDED) != 0; /* in a stop: it is not tried again */
	bool again = c->again && !ended, aside = c->aside || (c->again && ended);
	c->again = c->aside = false;
	if (!again && !aside)
		return false;
	if (again && mk_overflow_is_replaced(a, e)) {
		mk_count_outcome(a, e, MK_OUTCOME_OF(dropped));
		MK_NOTIFY_QUEUED(w, MAIKO_OBSERVED_OVERFLOWED, a, e, MAIKO_DROPPED);
		return true;
	}
	if (again && put_back(a, e))
		return true;
	mk_receipt_failed(e, error);
	mk_count_outcome(a, e, MK_OUTCOME_OF(set_aside));
	mk_letter_set_aside(w, a, e, error, c->attempts);
	if (again) /* the monitors have heard that it goes back */
		MK_NOTIFY_QUEUED(w, MAIKO_OBSERVED_SET_ASIDE, a, e, error);
	else
		MK_NOTIFY(w, MAIKO_OBSERVED_SET_ASIDE, a, e, error);
	return true;
}
