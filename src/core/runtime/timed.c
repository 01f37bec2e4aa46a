/*
 * timed.c - see timed.h.
 */
#include "runtime/timed.h"

mk_watchdog *mk_watchdog_of(mk_sup *sup)
{
	if (sup->watchdog != NULL)
		return sup->watchdog;
	mk_watchdog *d = MK_NEW(mk_watchdog);
	if (d != NULL && uv_cond_init(&d->cond) != 0) {
		mk_free(d);
		d = NULL;
	}
	sup->watchdog = d;
	return d;
}

void mk_watchdog_fini(mk_sup *sup)
{
	mk_watchdog *d = sup->watchdog;
	if (d == NULL)
		return;
	uv_cond_destroy(&d->cond);
	mk_map_fini(&d->actors);
	mk_free(d);
	sup->watchdog = NULL;
}

void mk_watchdog_wake(mk_sup *sup)
{
	if (sup->watchdog == NULL)
		return;
	atomic_store_explicit(&sup->watchdog_rests, false, memory_order_relaxed);
	uv_cond_signal(&sup->watchdog->cond);
}

MK_NOINLINE void mk_watchdog_call(mk_sup *sup)
{
	uv_mutex_lock(&sup->lock);
	mk_watchdog_wake(sup);
	uv_mutex_unlock(&sup->lock);
}

/* The greatest power of two up to its .stuck_ms. */
static uint32_t class_of(const mk_actor *a) { return 63 - (uint32_t)__builtin_clzll(a->extra->stuck_ms); }

int mk_timed_enter(mk_sup *sup, mk_actor *a)
{
	mk_watchdog *d = mk_watchdog_of(sup);
	if (d == NULL || mk_map_put(&d->actors, mk_map_key(a->self), mk_map_key(a)) != 0)
		return MAIKO_ENOMEM;
	d->of_class[class_of(a)]++;
	return 0;
}

void mk_timed_leave(mk_sup *sup, const mk_actor *a)
{
	mk_map_remove(&sup->watchdog->actors, mk_map_key(a->self));
	sup->watchdog->of_class[class_of(a)]--;
}

/* The watchdog has taken the event. It may have put it back since. */
void mk_timed_await(mk_worker *w)
{
	mk_sup *sup = w->sup;
	uv_mutex_lock(&sup->lock);
	while (sup->watchdog->reads == w)
		uv_cond_wait(&sup->cond, &sup->lock);
	atomic_store_explicit(&w->pinned, NULL, memory_order_relaxed);
	uv_mutex_unlock(&sup->lock);
}
