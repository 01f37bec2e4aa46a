/*
 * failure.c - see failure.h.
 */
#include "failure.h"

#include "error.h"
#include "stop.h"

#include <stdio.h>
#include <string.h>

int mk_failures_init(mk_sup *sup)
{
	sup->failures = MK_NEW(mk_failures);
	return sup->failures == NULL ? MAIKO_ENOMEM : 0;
}

void mk_failures_fini(mk_sup *sup)
{
	for (int i = 0; sup->failures != NULL && i < MAIKO_FAILURES_KEPT; i++)
		mk_free(sup->failures->kept[i].detail);
	mk_free(sup->failures);
	sup->failures = NULL;
}

void mk_failure_note(mk_worker *w, const mk_actor *a, const mk_cause *cause, bool decisive)
{
	mk_failures *all = w->sup->failures;
	char *detail = cause->detail == NULL ? NULL : mk_strdup(cause->detail);
	uv_mutex_lock(&w->sup->lock);
	mk_failure *f = &all->kept[all->count++ % MAIKO_FAILURES_KEPT];
	mk_free(f->detail);
	*f = (mk_failure){.type = a->class->desc,
			  .id = a->self->id,
			  .time_ns = w->now_ns + w->wall_offset_ns,
			  .worker = w->index + 1,
			  .code = cause->code,
			  .phase = cause->phase,
			  .detail = detail};
	memcpy(f->actor, a->self->name, strlen(a->self->name) + 1);
	if (cause->event != NULL) {
		f->event = cause->event->type->desc;
		f->event_id = cause->event->id;
	}
	if (decisive && all->status == 0) {
		all->status = cause->code;
		all->phase = cause->phase;
		memcpy(all->decisive, f->actor, sizeof all->decisive);
	}
	uv_mutex_unlock(&w->sup->lock);
}

void mk_failure_stops(mk_sup *sup, int code)
{
	uv_mutex_lock(&sup->lock);
	if (sup->failures->status == 0)
		sup->failures->status = code;
	uv_mutex_unlock(&sup->lock);
	(void)mk_stop_begin(sup, NULL, NULL, NULL); /* without a function to call it takes no memory */
}

int mk_end_status(const mk_sup *sup)
{
	return mk_state_of(sup) == MK_ABANDONED ? MAIKO_ETIMEDOUT : sup->failures->status;
}

const char *maiko_phase_text(maiko_phase phase)
{
	static const char *const texts[] = {[MAIKO_PHASE_START] = "on_start",
					    [MAIKO_PHASE_HANDLE] = "a handler",
					    [MAIKO_PHASE_TICK] = "its tick",
					    [MAIKO_PHASE_STOP] = "on_stop",
					    [MAIKO_PHASE_DONE] = "the done of a change or a job",
					    [MAIKO_PHASE_OVERFLOW] = "overflow",
					    [MAIKO_PHASE_DEADLOCK] = "a cycle of full mailboxes",
					    [MAIKO_PHASE_LOOP] = "a libuv callback"};
	return phase >= MAIKO_PHASE_START && phase <= MAIKO_PHASE_LOOP ? texts[phase] : "?";
}

/* The names that a ledger gives, too: of what a stop has given up. */
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

int mk_failure_say(mk_sup *sup, const char *call, int status)
{
	const mk_failures *all = sup->failures; /* at the end nothing is added */
	int broken = status != MAIKO_ETIMEDOUT || sup->seam.failure == NULL ? 0 : sup->seam.failure(sup->seam.arg);
	if (broken != 0)
		return broken;
	if (status == MAIKO_ETIMEDOUT && mk_state_of(sup) == MK_ABANDONED)
		return say_given_up(sup, call);
	if (status == 0 || status != all->status || all->decisive[0] == '\0')
		return status;
	return mk_fail(status, "%s: the actor '%s' failed in %s: %s", call, all->decisive, maiko_phase_text(all->phase),
		       maiko_strerror(status));
}
