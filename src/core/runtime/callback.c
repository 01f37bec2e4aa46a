/*
 * callback.c - see callback.h.
 */
#include "runtime/callback.h"

_Thread_local mk_worker *mk_inside;
_Thread_local unsigned mk_hosting;
bool mk_may_wait_here(void) { return mk_may_wait(); }

void mk_callback_enter(mk_worker *w, mk_actor *a)
{
	if (MK_UNLIKELY(a->timed)) /* one is never entered inline */
		mk_count_add(&w->timed_calls, 1);
	mk_callback_enter_inline(w, a);
}
void mk_callback_leave(mk_worker *w) { mk_callback_leave_inline(w); }
