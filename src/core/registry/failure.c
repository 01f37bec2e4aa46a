/*
 * failure.c - see failure.h.
 */
#include "registry/failure.h"

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
		snprintf(all->detail, sizeof all->detail, "%s", cause->detail == NULL ? "" : cause->detail);
		memcpy(all->decisive, f->actor, sizeof all->decisive);
	}
	uv_mutex_unlock(&w->sup->lock);
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
					    [MAIKO_PHASE_LOOP] = "a libuv callback",
					    [MAIKO_PHASE_RECEIPT] = "on_receipt",
					    [MAIKO_PHASE_INTEREST] = "on_interest",
					    [MAIKO_PHASE_ANSWER] = "the end of a question"};
	return phase >= MAIKO_PHASE_START && phase <= MAIKO_PHASE_ANSWER ? texts[phase] : "?";
}
