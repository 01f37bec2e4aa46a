/*
 * hold.c - see hold.h.
 */
#include "sched/hold.h"

#include "registry/group.h"
#include "runtime/ready.h"
#include "runtime/upcalls.h"
#include "sched/delayed.h"
#include "sched/tick.h"

void mk_hold(mk_worker *w, mk_actor *a, unsigned bit)
{
	bool held = (a->sched & MK_HELD) != 0;
	mk_unlink_held(w, a);
	a->sched |= (uint16_t)bit;
	mk_link_held(w, a);
	if (!held)
		mk_tick_hold(a);
}

static void permit(mk_worker *w, mk_actor *a, unsigned bit)
{
	if ((a->sched & MK_HELD) != bit) {
		a->sched &= (uint16_t)~bit;
		return;
	}
	mk_unlink_held(w, a);
	a->sched &= (uint16_t)~bit;
	mk_delayed_send_due(w, a);
	if ((a->sched & MK_HELD) != 0)
		return; /* its delayed sends have muted it again */
	mk_tick_permit(w, a);
	if (mk_has_work(a))
		mk_wake(w, a);
}

void mk_permit(mk_worker *w, mk_actor *a, unsigned bit)
{
	if ((a->sched & bit) == 0)
		return;
	permit(w, a, bit);
	if (MK_UNLIKELY(a->cared) && mk_care_of(a)->waits && (a->sched & (MK_PAUSED | MK_MOVING)) == 0)
		mk_up.care_go_on(w, a);
}

void mk_retire(mk_worker *w, mk_actor *a)
{
	if ((a->sched & MK_RETIRING) == 0)
		mk_hold(w, a, MK_RETIRING);
}

mk_actor *mk_take_retiring(mk_worker *w)
{
	mk_actor *a = w->retiring;
	if (a == NULL)
		return NULL;
	mk_unlink_held(w, a);
	a->sched &= (uint16_t)~MK_RETIRING;
	if ((a->sched & MK_HELD) != 0)
		mk_link_held(w, a);
	return a;
}
