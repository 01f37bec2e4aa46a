/*
 * stop_led.c - a stop in a replay: it takes its steps where the recording did (lead.h).
 */
#include "lifecycle/stop_steps.h"

#include "registry/directory.h"

bool mk_stop_begin_led(mk_sup *sup, uint64_t deadline_ns)
{
	bool possible = mk_state_of(sup) == MK_STARTED;
	if (possible)
		mk_stop_begin_until(sup, deadline_ns);
	return possible;
}

bool mk_stop_discard_led(mk_sup *sup)
{
	bool possible = sup->stop->step != MK_STOP_NONE && !sup->stop->discarding;
	if (possible)
		mk_stop_discard_now(sup);
	return possible;
}

bool mk_stop_step_led(mk_sup *sup, int64_t next, uint64_t number)
{
	const mk_stop *s = sup->stop;
	mk_actor *hook = next == MK_STOP_HOOK ? mk_directory_find(sup, number) : NULL;
	if (hook != NULL && hook->worker == NULL)
		return false;
	uint64_t workers = hook != NULL ? UINT64_C(1) << hook->worker->index : number;
	bool possible = s->asked == 0 && s->step != MK_STOP_NONE && s->step != MK_STOP_DONE && next > MK_STOP_BEGIN &&
			next < MK_STOP_DONE && (next == MK_STOP_HOOK) == (hook != NULL) &&
			(next != MK_STOP_EXIT || s->ended) &&
			(workers & ~(UINT64_MAX >> (64 - mk_worker_total(sup)))) == 0;
	if (possible)
		mk_stop_take(sup, (mk_stop_step)next, workers, hook);
	return possible;
}

bool mk_stop_over_led(mk_sup *sup)
{
	bool possible = sup->stop->step == MK_STOP_EXIT && sup->stop->asked == 0;
	if (possible)
		mk_stop_is_over(sup);
	return possible;
}

void mk_stop_go_on(mk_sup *sup)
{
	uv_mutex_lock(&sup->lock);
	const mk_stop *s = sup->stop;
	if (s->step != MK_STOP_NONE && s->step != MK_STOP_DONE && s->asked == 0)
		mk_stop_step_over(sup);
	mk_stop_unlock_and_tell(sup);
}
