/*
 * callback.c - see callback.h.
 */
#include "runtime/callback.h"

_Thread_local mk_worker *mk_inside;
_Thread_local unsigned mk_hosting;
bool mk_may_wait_here(void) { return mk_may_wait(); }

void mk_callback_enter(mk_worker *w, mk_actor *a)
{
	assert(w->actor == NULL);
	mk_count_add(&w->activity, 1);
	w->actor = a;
	mk_inside = w;
	mk_error_forget();
	atomic_store_explicit(&w->running, a->self, memory_order_relaxed);
}

void mk_callback_leave(mk_worker *w)
{
	w->actor = NULL;
	mk_inside = NULL;
	atomic_store_explicit(&w->running, NULL, memory_order_relaxed);
}
