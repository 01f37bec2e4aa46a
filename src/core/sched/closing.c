/*
 * closing.c - see closing.h.
 */
#include "sched/closing.h"

#include "runtime/callback.h"
#include "runtime/upcalls.h"

void mk_worker_handle_closed(mk_worker *w)
{
	assert(w->open_handles > 0);
	if (--w->open_handles == 0 && w->exiting) {
		w->left = true;
		if (w->sup->embedded)
			mk_hosting--;
		mk_up.stop_exited(w);
	}
}
