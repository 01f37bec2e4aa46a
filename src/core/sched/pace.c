/*
 * pace.c - see pace.h.
 *
 * The clock is not read at the end of each stint either: on x86 the processor's time stamp counter costs
 * a fifth of it and tells that little time can have passed. The counter runs at one to five ticks a
 * nanosecond, so what it tells is an upper bound of the nanoseconds; only when that bound passes
 * 25 µs the clock itself is asked. A counter that jumps (another core, a migrated machine) costs a
 * look at the clock.
 */
#include "sched/pace.h"

#include "routing/router.h"

enum { CALLBACKS_A_STINT = 16, STINT_NS = MK_TURN_NS / 4 };

/* The program that counts instructions (bench/budget) defines its own counter. */
#if !defined(MK_TICKS) && (defined(__x86_64__) || defined(__i386__))
#define MK_TICKS() __builtin_ia32_rdtsc()
#endif

static uint64_t ticks_now(const mk_worker *w)
{
#ifdef MK_TICKS
	if (MK_LIKELY(w->sup->seam.now_ns == NULL))
		return MK_TICKS();
#endif
	return mk_now(&w->sup->seam);
}

void mk_pace_reset(mk_worker *w)
{
	/* A replay ends runs where the recording did. */
	w->pace.left = w->pace.size = w->sup->seam.led ? UINT32_MAX : 1;
	w->pace.callbacks = 0;
	w->pace.read_ns = w->now_ns;
	w->pace.read_ticks = ticks_now(w);
}

/* As many callbacks as run in a stint's time, judged by those since the clock was last read. */
static uint32_t size_for(const mk_pace *p, uint64_t took_ns)
{
	uint64_t size = took_ns == 0 ? CALLBACKS_A_STINT : p->callbacks * (uint64_t)STINT_NS / took_ns;
	return size < 1 ? 1 : size > CALLBACKS_A_STINT ? CALLBACKS_A_STINT : (uint32_t)size;
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
	/* A turn that is over stays so: who ends an actor's run asks, and then who would run the next. A replay knows
	 * no time here. */
	p->over = !w->sup->seam.led && (p->over || w->deferred != NULL || is_late(w));
	p->left = p->over ? 0 : p->size;
	return p->over;
}

MK_NOINLINE void mk_pace_sent(mk_worker *w)
{
	bool short_ones = w->pace.size == CALLBACKS_A_STINT;
	if (w->unpublished == 0 || w->sup->seam.simulated)
		return;
	if (!short_ones || ticks_now(w) - w->pace.read_ticks >= STINT_NS)
		mk_router_show(w);
}
