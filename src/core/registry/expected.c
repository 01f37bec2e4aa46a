/*
 * expected.c - see expected.h.
 */
#include "registry/expected.h"

#include "base/memory.h"
#include "runtime/lane.h"

#include <maiko/error.h>

/* Its next turn looks, and finds out when to look again. */
static void look_soon(mk_worker *w, mk_message *m)
{
	mk_silence *s = MK_OF(m, mk_silence, message);
	mk_lock(w->sup);
	s->posted = false;
	mk_unlock(w->sup);
	w->looks_ns = 0;
}

int mk_expected_add(mk_sup *sup, mk_record *r)
{
	mk_silence *s = &sup->silence;
	mk_expected *e = MK_NEW(mk_expected);
	if (e == NULL || mk_timers_reserve(&s->timers) != 0) {
		mk_free(e);
		return MAIKO_ENOMEM;
	}
	e->record = r;
	r->expected = e;
	if (sup->seam.led)
		return 0;
	mk_timer_set(&s->timers, &e->timer, 0);
	if (!s->posted) {
		s->posted = true;
		s->message = (mk_message){.run = look_soon, .post = MK_POST_UNSEEN};
		mk_lane_post(mk_worker_at(sup, 0), &s->message);
	}
	return 0;
}

void mk_expected_drop(mk_sup *sup, mk_record *r)
{
	if (r->expected == NULL)
		return;
	mk_timer_clear(&sup->silence.timers, &r->expected->timer);
	mk_timers_unreserve(&sup->silence.timers);
	mk_free(r->expected);
	r->expected = NULL;
}
