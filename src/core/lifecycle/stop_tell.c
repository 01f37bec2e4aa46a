/*
 * stop_tell.c - notifies of the end of a supervisor, and tracks which thread does.
 */
#include "base/error.h"
#include "lifecycle/stop_steps.h"
#include "registry/failure.h"
#include "registry/group.h"

#include <stdio.h>

int mk_stop_call_add(mk_sup *sup, void (*done)(void *arg, int status), void (*begun)(void *arg), void *arg)
{
	mk_stop_call *call = MK_NEW(mk_stop_call);
	if (call == NULL)
		return MAIKO_ENOMEM;
	*call = (mk_stop_call){sup->stop->calls, done, begun, arg};
	sup->stop->calls = call;
	return 0;
}

int mk_stop_init(mk_sup *sup)
{
	sup->stop = MK_NEW(mk_stop);
	if (sup->stop == NULL)
		return MAIKO_ENOMEM;
	return sup->options.on_end == NULL ? 0
					   : mk_stop_call_add(sup, sup->options.on_end, NULL, sup->options.on_end_arg);
}

void mk_stop_fini(mk_sup *sup)
{
	while (sup->stop != NULL && sup->stop->calls != NULL) {
		mk_stop_call *call = sup->stop->calls;
		sup->stop->calls = call->next;
		mk_free(call);
	}
	mk_free(sup->stop);
	sup->stop = NULL;
}

int mk_stop_watch(mk_sup *sup, void (*done)(void *arg, int status), void (*begun)(void *arg), void *arg)
{
	int rc = 0;
	uv_mutex_lock(&sup->lock);
	int state = mk_state_of(sup);
	if (state < MK_STOPPED)
		rc = mk_stop_call_add(sup, done, begun, arg);
	if (rc == 0 && state == MK_STOPPING && begun != NULL)
		begun(arg);
	uv_mutex_unlock(&sup->lock);
	if (state >= MK_STOPPED)
		done(arg, mk_end_status(sup));
	return rc;
}

/* ---- the supervisor that this thread is ending -------------------------------------------------- */

static _Thread_local char me; /* its address names the thread */

const void *mk_ending_enter(mk_sup *sup)
{
	return atomic_exchange_explicit(&sup->stop->ending, &me, memory_order_relaxed);
}

void mk_ending_leave(mk_sup *sup, const void *before)
{
	atomic_store_explicit(&sup->stop->ending, before, memory_order_relaxed);
}

bool mk_is_ending_here(const mk_sup *sup)
{
	return atomic_load_explicit(&sup->stop->ending, memory_order_relaxed) == &me;
}

/* ---- notification -------------------------------------------------------------------------------- */

static void tell(mk_stop_call *calls, int status)
{
	while (calls != NULL) {
		mk_stop_call *call = calls;
		calls = call->next;
		call->done(call->arg, status);
		mk_free(call);
	}
}

void mk_stop_unlock_and_tell(mk_sup *sup)
{
	mk_stop_call *calls = NULL;
	int status = mk_end_status(sup);
	bool embedded = sup->embedded;
	if (sup->stop->step == MK_STOP_DONE) {
		calls = sup->stop->calls;
		sup->stop->calls = NULL;
	}
	uv_mutex_unlock(&sup->lock);
	/* From here on a notified function may free an embedded supervisor, and a thread that has waited may
	 * free any other. */
	if (calls == NULL)
		return;
	const void *before = embedded ? NULL : mk_ending_enter(sup);
	tell(calls, status);
	if (!embedded)
		mk_ending_leave(sup, before);
}

void mk_stop_tell(mk_sup *sup)
{
	uv_mutex_lock(&sup->lock);
	mk_stop_unlock_and_tell(sup);
}

/* ---- error texts ----------------------------------------------------------------------------------- */

uint32_t mk_stop_given_up(mk_sup *sup, uint32_t *ret_worker, const mk_sender **ret_in)
{
	uint64_t stuck = mk_stop_stuck(sup);
	uint32_t count = 0;
	uv_mutex_lock(&sup->lock);
	for (; stuck != 0; stuck &= stuck - 1, count++) {
		uint32_t i = (uint32_t)__builtin_ctzll(stuck);
		const mk_sender *in = sup->stop->marks[i].running;
		if (count != 0 && (*ret_in != NULL || in == NULL))
			continue;
		*ret_worker = i;
		*ret_in = in;
	}
	uv_mutex_unlock(&sup->lock);
	return count;
}

/* Names the worker or actor that a stop has given up, as the ledger does. */
static int say_given_up(mk_sup *sup, const char *call)
{
	uint32_t worker;
	const mk_sender *in;
	char more[32] = "";
	uint32_t count = mk_stop_given_up(sup, &worker, &in);
	if (count > 1)
		(void)snprintf(more, sizeof more, " (and %u more)", count - 1);
	if (count == 0)
		return mk_fail(MAIKO_ETIMEDOUT, "%s: a callback does not return", call);
	if (in == NULL)
		return mk_fail(MAIKO_ETIMEDOUT,
			       "%s: worker %u%s does not return from a callback that is of no actor; what was queued "
			       "there is discarded",
			       call, worker + 1, more);
	return mk_fail(MAIKO_ETIMEDOUT,
		       "%s: the actor '%s'%s does not return from a callback; what was queued on its worker is "
		       "discarded",
		       call, in->name, more);
}

int mk_stop_say(mk_sup *sup, const char *call, int status)
{
	const mk_failures *all = sup->failures; /* nothing is added after the end */
	int broken = status != MAIKO_ETIMEDOUT || sup->seam.failure == NULL ? 0 : sup->seam.failure(sup->seam.arg);
	if (broken != 0)
		return broken;
	const mk_groups *groups = sup->groups;
	bool overdue = all->status == MAIKO_ETIMEDOUT && groups->chain[0] != '\0'; /* that text tells more */
	if (status == MAIKO_ETIMEDOUT && mk_state_of(sup) == MK_ABANDONED && !overdue)
		return say_given_up(sup, call);
	if (status == 0 || status != all->status || all->decisive[0] == '\0')
		return status;
	if (groups->chain[0] != '\0')
		return mk_fail(status, "%s: %s", call, groups->chain);
	return mk_fail(status, "%s: the actor '%s' failed in %s: %s", call, all->decisive, maiko_phase_text(all->phase),
		       all->detail[0] != '\0' ? all->detail : maiko_strerror(status));
}
