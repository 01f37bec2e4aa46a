/*
 * pace.c - see pace.h.
 *
 * Nor is the clock read at the end of each stint: on x86 reading the processor's time stamp counter costs
 * a fifth of that. The counter runs at one to five ticks per nanosecond, so its difference is an upper
 * bound of the nanoseconds passed; only when that bound exceeds 25 µs is the clock read. If the counter
 * jumps (another core, a migrated virtual machine), the cost is one read of the clock.
 */
#include "sched/pace.h"

#include "routing/router.h"

enum { CALLBACKS_PER_STINT = 16, STINT_NS = MK_TURN_NS / 4 };

static uint64_t ticks_now(const mk_worker *w) { return mk_ticks(&w->sup->seam); }

void mk_pace_reset(mk_worker *w)
{
	/* A replay ends runs where the recording did. */
	w->pace.left = w->pace.size = w->sup->seam.led ? UINT32_MAX : 1;
	w->pace.callbacks = 0;
	w->pace.read_ns = w->now_ns;
	w->pace.read_ticks = ticks_now(w);
}

bool mk_pace_passed(const mk_worker *w, uint64_t ns) { return ticks_now(w) - w->pace.read_ticks >= ns; }

/* The number of callbacks that fit into a stint at the rate since the clock was last read. */
static uint32_t size_for(const mk_pace *p, uint64_t took_ns)
{
	uint64_t size = took_ns == 0 ? CALLBACKS_PER_STINT : p->callbacks * (uint64_t)STINT_NS / took_ns;
	return size < 1 ? 1 : size > CALLBACKS_PER_STINT ? CALLBACKS_PER_STINT : (uint32_t)size;
}

static bool is_late(mk_worker *w)
{
	mk_pace *p = &w->pace;
	uint64_t ticks = ticks_now(w);
	if (ticks - p->read_ticks < STINT_NS)
		return false;
	uint64_t now_ns = mk_now(&w->sup->seam);
	p->size = size_for(p, now_ns - p->read_ns);
	p->callbacks = 0;
	p->read_ns = now_ns;
	p->read_ticks = ticks;
	return now_ns >= p->turn_ns + MK_TURN_NS;
}

MK_NOINLINE bool mk_pace_look(mk_worker *w)
{
	mk_pace *p = &w->pace;
	p->callbacks += p->size - p->left;
	if (w->unpublished != 0 && !w->sup->seam.simulated)
		mk_router_show(w);
	/* A turn that is over stays over: both the end of an actor's run and the loop over ready actors ask. A replay
	 * does not use the time here. */
	p->over = !w->sup->seam.led && (p->over || w->deferred != NULL || is_late(w));
	p->left = p->over ? 0 : p->size;
	return p->over;
}

MK_NOINLINE void mk_pace_sent(mk_worker *w)
{
	bool short_ones = w->pace.size == CALLBACKS_PER_STINT;
	if (w->unpublished == 0 || w->sup->seam.simulated)
		return;
	if (!short_ones || ticks_now(w) - w->pace.read_ticks >= STINT_NS)
		mk_router_show(w);
}
