/*
 * group_steps.c - see group_steps.h.
 */
#include "lifecycle/group_steps.h"

#include "lifecycle/completion.h"
#include "lifecycle/group_failure.h"
#include "lifecycle/restart.h"
#include "observe/note.h"
#include "registry/directory.h"
#include "runtime/lane.h"
#include "runtime/upcalls.h"

/* ---- commands --------------------------------------------------------------------------------- */

/* One message for each command, one at a time: how many there are does not depend on when they are taken, which a
 * replay may do earlier or later. */
static void post_next(mk_care *c)
{
	if (c->posted || c->pending == 0 ||
	    c->actor->removing) /* the worker may free one that is, before it takes this */
		return;
	c->posted = true;
	c->message = (mk_actor_message){.message = {.run = mk_restart_obey, .post = MK_POST_MEMBER},
					.actor = c->actor->self->id};
	mk_lane_post(c->actor->worker, &c->message.message);
}

static void post(mk_care *c)
{
	c->pending++;
	post_next(c);
}

static void command(mk_care *c, mk_command what, uint64_t delay_ms)
{
	c->command = what;
	c->delay_ms = delay_ms;
	post(c);
}

bool mk_group_command(mk_worker *w, mk_care *c, mk_command *ret_command, uint64_t *ret_delay_ms)
{
	enum { KINDS = 8 };
	mk_told told;
	mk_lock(w->sup);
	c->posted = false;
	bool here = c->actor->worker == w;
	c->pending -= here;
	post_next(c);
	uint64_t value = c->delay_ms * KINDS + (uint64_t)c->command;
	mk_unlock(w->sup);
	if (!here)
		return false;
	if (MK_UNLIKELY(w->sup->seam.led) && mk_is_told(w, MK_NOTE_COMMAND, c->actor->self->id, &told))
		value = (uint64_t)told.value;
	else
		MK_NOTE(w, MK_NOTE_COMMAND, c->actor->self->id, (int64_t)value);
	*ret_command = (mk_command)(value % KINDS);
	*ret_delay_ms = value / KINDS;
	return true;
}

void mk_group_command_again(mk_sup *sup, mk_care *c)
{
	mk_lock(sup);
	if (c->command == MK_START)
		c->delay_ms = 0; /* it has waited */
	if (c->command != MK_NO_COMMAND)
		post(c);
	mk_unlock(sup);
}

/* ---- runs ------------------------------------------------------------------------------------- */

/* Whether the member is in a run of `g` from `from` on. */
static bool is_in_run(const mk_member *m, const mk_group *g, const mk_member *from)
{
	while (m->group != NULL && m->group != g)
		m = &m->group->member;
	return m->group == g && m->order >= from->order;
}

/* The run that includes the member, or NULL. */
static mk_group *run_of(const mk_member *m)
{
	for (mk_group *g = m->group; g != NULL; m = &g->member, g = m->group)
		if (g->running && g->from != NULL && m->order >= g->from->order)
			return g;
	return NULL;
}

static void end_run(mk_groups *all, mk_group *g)
{
	mk_group **at = &all->runs;
	while (*at != g)
		at = &(*at)->next_run;
	*at = g->next_run;
	g->running = false;
	g->from = NULL;
	g->cause = NULL;
}

/* Whether nothing is to be done with it before its run goes on: `starting`: to start it; else to halt it. */
static bool is_settled(const mk_care *c, bool starting)
{
	if (c->state == MK_CARE_NEW || c->state == MK_CARE_GONE || c->actor->removing)
		return true;
	return starting ? c->state == MK_CARE_UP : c->state == MK_CARE_DOWN && c->command == MK_NO_COMMAND;
}

/* The time begins in which the member is to stop. Without a thread for it that time is not limited; an embedded
 * supervisor has one only if the user has asked for it, by .stuck_ms. */
static void limit_halt(const mk_group *g, mk_care *c)
{
	mk_sup *sup = c->actor->worker->sup;
	if (c->halt_until_ns != 0 || sup->seam.simulated || (sup->embedded && sup->watchdog == NULL))
		return;
	c->halt_until_ns = mk_deadline(&sup->seam, g->stop_ms);
	(void)mk_up.watchdog_need(sup, c->halt_until_ns);
}

static void halt_next(mk_group *g)
{
	mk_care *c = g->at;
	while (c != NULL && is_settled(c, false))
		c = mk_care_before(g, g->from, c);
	g->at = c;
	if (c != NULL)
		limit_halt(g, c);
	if (c == NULL) {
		g->starting = g->starts_first = true;
		g->paced = g->delay_ms == 0 || g->cause == NULL || g->cause->state != MK_CARE_DOWN;
		if (!g->paced)
			command(g->cause, MK_PACE, g->delay_ms);
	} else if (c->ephemeral || c->kind == MAIKO_TEMPORARY) {
		if (c->command != MK_LEAVE)
			command(c, MK_LEAVE, 0);
	} else if (c->command != MK_HALT) {
		command(c, MK_HALT, 0);
	}
}

/* Its next life; but in a group that is being removed there is none. */
static void bring_back(mk_care *c, uint64_t delay_ms)
{
	bool leaves = c->member.group->removing;
	command(c, leaves ? MK_LEAVE : MK_START, leaves ? 0 : delay_ms);
}

static void start_next(mk_groups *all, mk_group *g)
{
	if (g->starts_first) /* not before: actors may have come, and gone down, during the delay */
		g->at = mk_care_first(g->from);
	g->starts_first = false;
	mk_care *c = g->at;
	while (c != NULL && is_settled(c, true))
		c = mk_care_after(g, c);
	g->at = c;
	if (c == NULL)
		end_run(all, g);
	else if (c->state == MK_CARE_DOWN && c->command == MK_NO_COMMAND)
		bring_back(c, 0);
}

static void advance(mk_groups *all, mk_group *g)
{
	if (!g->starting)
		halt_next(g);
	if (g->starting && g->paced)
		start_next(all, g);
}

/* The members of `g` from `from` on are to be restarted, after the delay of the actor that was the cause. */
static void begin_run(mk_groups *all, mk_group *g, mk_member *from, mk_care *cause)
{
	mk_group *outer = run_of(from), *run = outer != NULL ? outer : g;
	if (outer == NULL) {
		for (mk_group *r = all->runs, *next; r != NULL; r = next) {
			next = r->next_run;
			if (is_in_run(&r->member, g, from))
				end_run(all, r);
		}
		g->from = from; /* if it runs, it includes later members only */
		if (!g->running) {
			g->running = true;
			g->next_run = all->runs;
			all->runs = g;
		}
	}
	run->starting = false;
	run->at = mk_care_last(run);
	run->cause = cause;
	run->delay_ms = cause->fail_delay_ms;
}

/* ---- failures --------------------------------------------------------------------------------- */

static void failed(mk_sup *sup, mk_care *c)
{
	mk_member *m;
	c->failed = false;
	mk_group *g = mk_group_blame(sup, c, &m);
	if (g == NULL)
		return;
	if (g->strategy == MAIKO_ONE_FOR_ALL)
		begin_run(sup->groups, g, g->first, c);
	else if (g->strategy == MAIKO_REST_FOR_ONE)
		begin_run(sup->groups, g, m, c);
	else if (m->is_group)
		begin_run(sup->groups, mk_group_of_member(m), mk_group_of_member(m)->first, c);
}

/* ---- reports ---------------------------------------------------------------------------------- */

static void append(mk_groups *all, mk_report *r, mk_care *c, mk_report_kind kind)
{
	assert(r->kind == 0);
	*r = (mk_report){.care = c, .kind = kind};
	*all->report_tail = r;
	all->report_tail = &r->next;
}

static void set_asker(mk_sup *sup, mk_care *c, mk_change *change)
{
	c->asker = change;
	append(sup->groups, &c->ask, c, MK_IS_ASKED);
}

/* maiko_restart is complete. The change is told when the lock is released. */
static void answer(mk_sup *sup, mk_care *c, int status)
{
	mk_change *change = c->asker;
	if (change == NULL)
		return;
	c->asker = NULL;
	if (c->asks_next != NULL)
		set_asker(sup, c, c->asks_next);
	c->asks_next = NULL;
	change->status = status;
	mk_change_tell_waiting(change);
	mk_change_told(sup);
	change->next = sup->groups->answered;
	sup->groups->answered = change;
}

static void is_down(mk_sup *sup, mk_care *c)
{
	bool asked = c->asker != NULL, has_failed = c->failed;
	int code = c->code;
	bool tried = c->state == MK_CARE_DOWN && !c->asked_late; /* to start it again, after it was asked for */
	c->state = MK_CARE_DOWN;
	c->command = MK_NO_COMMAND;
	c->halt_until_ns = 0;
	c->begun = c->asked_late = false;
	if (has_failed)
		failed(sup, c);
	if (sup->groups->fatal != 0)
		return;
	if (asked && has_failed && tried) {
		answer(sup, c, code);
		asked = false;
	}
	mk_group *run = run_of(&c->member);
	bool alone = run == NULL || (run->starting && (run->paced || asked)); /* asked: it has come during the delay */
	if (alone && c->command == MK_NO_COMMAND)
		bring_back(c, has_failed && !asked ? c->fail_delay_ms : 0);
	if (run != NULL)
		advance(sup->groups, run);
}

static void is_up(mk_sup *sup, mk_care *c)
{
	bool late = c->state == MK_CARE_NEW || c->asked_late;
	c->state = MK_CARE_UP;
	c->command = MK_NO_COMMAND;
	c->begun = c->asked_late = false;
	if (late && c->asker != NULL)
		command(c, MK_HALT, 0); /* its on_start had begun before */
	else
		answer(sup, c, 0);
	mk_group *run = run_of(&c->member);
	if (run != NULL)
		advance(sup->groups, run);
}

static void is_paced(mk_sup *sup, mk_care *c)
{
	if (c->command != MK_PACE) /* its run has begun again, and has another command for it */
		return;
	c->command = MK_NO_COMMAND;
	for (mk_group *g = sup->groups->runs; g != NULL; g = g->next_run)
		if (g->cause == c && g->starting) {
			g->paced = true;
			advance(sup->groups, g);
			return;
		}
}

static void is_gone(mk_sup *sup, mk_care *c)
{
	mk_groups *all = sup->groups;
	mk_group *run = run_of(&c->member);
	mk_group_answer_ended(sup, c);
	for (mk_group *g = all->runs; g != NULL; g = g->next_run) {
		if (g->at == c)
			g->at = g->starting ? mk_care_after(g, c) : mk_care_before(g, g->from, c);
		if (g->cause == c) {
			g->cause = NULL;
			g->paced = true;
		}
	}
	c->command = MK_NO_COMMAND;
	mk_care_leave(sup, c->actor); /* frees a group that is being removed */
	for (mk_group *g = all->runs; g != NULL; g = g->next_run)
		if (g == run) {
			advance(all, g);
			return;
		}
}

void mk_group_answer_ended(mk_sup *sup, mk_care *c)
{
	answer(sup, c, mk_state_of(sup) >= MK_STOPPING ? MAIKO_ESHUTDOWN : MAIKO_ECANCELED);
}

static void is_asked(mk_sup *sup, mk_care *c, bool late)
{
	c->asked_late = late;
	mk_group *run = run_of(&c->member);
	if (run != NULL) /* it restarts with its group, which does not wait any more */
		run->delay_ms = 0;
	if (run != NULL && run->starting && !run->paced && c->state == MK_CARE_DOWN)
		command(run->cause, MK_PACE, 0);
	if (c->state == MK_CARE_UP && c->command == MK_NO_COMMAND)
		command(c, MK_HALT, 0);
	else if (c->state == MK_CARE_DOWN && c->command == MK_START && !late)
		command(c, MK_START, 0);
	else if (c->state == MK_CARE_GONE)
		answer(sup, c, MAIKO_ECANCELED);
}

/* ---- members that do not stop ------------------------------------------------------------------ */

const mk_care *mk_groups_overdue(mk_sup *sup, uint64_t now_ns, uint64_t *ret_due_ns, uint64_t *ret_late_ms)
{
	*ret_due_ns = UINT64_MAX;
	if (mk_state_of(sup) != MK_STARTED || sup->groups->fatal != 0 || sup->seam.led)
		return NULL;
	for (const mk_group *g = sup->groups->runs; g != NULL; g = g->next_run) {
		mk_care *c = g->starting ? NULL : g->at;
		if (c == NULL || c->halt_until_ns == 0)
			continue;
		if (c->halt_until_ns <= now_ns) {
			*ret_late_ms = g->stop_ms;
			mk_group_is_overdue(sup, g, c);
			return c;
		}
		if (c->halt_until_ns < *ret_due_ns)
			*ret_due_ns = c->halt_until_ns;
	}
	return NULL;
}

/* ---- steps ------------------------------------------------------------------------------------ */

static void take(mk_sup *sup, mk_report *r)
{
	mk_care *c = r->care;
	mk_report_kind kind = r->kind;
	r->kind = 0;
	if (kind == MK_IS_ASKED && c->begun && !sup->seam.led)
		kind = MK_IS_ASKED_LATE;
	mk_note_sup(sup, MK_NOTE_GROUP, c->actor->self->id, (int64_t)kind);
	bool over = mk_state_of(sup) >= MK_STOPPING || sup->groups->fatal != 0;
	if (over && kind != MK_IS_GONE)
		return;
	switch (kind) {
	case MK_IS_UP:
		is_up(sup, c);
		break;
	case MK_IS_DOWN:
		is_down(sup, c);
		break;
	case MK_IS_PACED:
		is_paced(sup, c);
		break;
	case MK_IS_GONE:
		is_gone(sup, c);
		break;
	case MK_IS_ASKED:
	case MK_IS_ASKED_LATE:
		is_asked(sup, c, kind == MK_IS_ASKED_LATE);
		break;
	case MK_IS_OVERDUE: /* not a report */
		break;
	}
}

static mk_report *remove_report(mk_groups *all, mk_report **at)
{
	mk_report *r = *at;
	*at = r->next;
	if (all->report_tail == &r->next)
		all->report_tail = at;
	return r;
}

static void take_all(mk_sup *sup)
{
	mk_groups *all = sup->groups;
	if (sup->seam.led || mk_state_of(sup) == MK_STARTING)
		return;
	while (all->reports != NULL)
		take(sup, remove_report(all, &all->reports));
}

void mk_groups_end(mk_sup *sup)
{
	mk_groups *all = sup->groups;
	mk_lock(sup);
	int fatal = all->fatal;
	bool tells = fatal != 0 && !all->told_fatal;
	all->told_fatal |= tells;
	mk_unlock(sup);
	if (tells)
		mk_up.stop_for_failure(sup, fatal);
}

/* Tells who has asked for a restart, and stops the supervisor if the root has failed. Without the lock. */
static void conclude(mk_sup *sup, mk_worker *w)
{
	mk_groups *all = sup->groups;
	mk_lock(sup);
	mk_change *answered = all->answered;
	all->answered = NULL;
	mk_unlock(sup);
	while (answered != NULL) {
		mk_change *next = answered->next;
		mk_change_tell(w != NULL ? w : mk_worker_at(sup, 0), answered);
		answered = next;
	}
	mk_groups_end(sup);
}

void mk_groups_conclude(mk_sup *sup) { conclude(sup, NULL); }
void mk_group_tell_askers(mk_worker *w) { conclude(w->sup, w); }

void mk_groups_refuse_askers(mk_worker *w)
{
	mk_sup *sup = w->sup;
	mk_lock(sup);
	for (mk_care *c = mk_care_first(sup->groups->root.first); c != NULL; c = mk_care_after(&sup->groups->root, c))
		answer(sup, c, MAIKO_ESHUTDOWN);
	bool some = sup->groups->answered != NULL;
	mk_unlock(sup);
	if (some)
		conclude(sup, w);
}

void mk_group_report(mk_worker *w, mk_care *c, mk_report_kind kind)
{
	mk_lock(w->sup);
	if (kind == MK_IS_UP && c->state == MK_CARE_NEW && mk_state_of(w->sup) == MK_STARTING)
		c->state = MK_CARE_UP; /* nothing waits for it */
	else if (c->report.kind == MK_IS_DOWN && kind == MK_IS_GONE)
		c->report.kind = MK_IS_GONE; /* it has failed and stopped itself before the start was over */
	else
		append(w->sup->groups, &c->report, c, kind);
	take_all(w->sup);
	mk_groups_tell(w);
	bool more = w->sup->groups->answered != NULL || w->sup->groups->fatal != 0;
	mk_unlock(w->sup);
	if (more)
		conclude(w->sup, w);
}

void mk_groups_started(mk_sup *sup) { take_all(sup); }

bool mk_groups_step_led(mk_sup *sup, maiko_actor_id id, mk_report_kind kind)
{
	mk_groups *all = sup->groups;
	mk_report **at = &all->reports;
	if (kind == MK_IS_OVERDUE) {
		const mk_actor *a = mk_directory_find(sup, id);
		const mk_group *run = a == NULL || !a->cared ? NULL : run_of(&mk_care_of(a)->member);
		if (run != NULL)
			mk_group_is_overdue(sup, run, mk_care_of(a));
		return run != NULL;
	}
	mk_report_kind made = kind == MK_IS_ASKED_LATE ? MK_IS_ASKED : kind;
	while (*at != NULL && ((*at)->kind != made || (*at)->care->actor->self->id != id))
		at = &(*at)->next;
	if (*at == NULL)
		return false;
	(*at)->kind = kind;
	mk_worker *w = (*at)->care->actor->worker;
	if (w == NULL) /* a restart was asked for, and the actor has not arrived yet */
		w = mk_worker_at(sup, 0);
	take(sup, remove_report(all, at));
	mk_groups_tell(w);
	return true;
}

/* ---- maiko_restart ---------------------------------------------------------------------------- */

static int refusal(mk_sup *sup, const mk_change *change)
{
	const mk_actor *a = mk_directory_find(sup, change->id);
	const mk_care *c = a == NULL ? NULL : mk_care_of(a);
	if (mk_state_of(sup) > MK_STARTED)
		return MAIKO_ESHUTDOWN;
	if (mk_state_of(sup) < MK_STARTED)
		return MAIKO_ESTATE; /* change.c makes the error text, also of these: */
	if (a == NULL || a->removing || (c != NULL && c->state == MK_CARE_GONE))
		return MAIKO_ENOENT;
	if (c == NULL)
		return MAIKO_EINVAL;               /* as above */
	return c->asker != NULL ? MAIKO_EBUSY : 0; /* as above */
}

int mk_group_ask(mk_sup *sup, mk_worker *caller, mk_change *change, int *ret_status)
{
	mk_change_wait waiting = {false, 0};
	mk_lock(sup);
	int rc = mk_change_accept(sup, caller, change, refusal(sup, change));
	int refused = rc == 0 ? refusal(sup, change) : 0; /* not 0 in a replay alone */
	mk_care *c = rc == 0 && (refused == 0 || refused == MAIKO_EBUSY)
			     ? mk_care_of(mk_directory_find(sup, change->id))
			     : NULL;
	if (rc == 0 && (c == NULL || (refused != 0 && c->asks_next != NULL)))
		rc = MAIKO_EBROKEN; /* it differs from its recording */
	if (rc == 0) {
		change->wait = ret_status != NULL ? &waiting : NULL;
		if (refused == 0)
			set_asker(sup, c, change);
		else /* the one before was answered meanwhile, by a step that follows the one with this call */
			c->asks_next = change;
		take_all(sup);
	}
	if (rc == 0 && ret_status != NULL) /* a supervisor that has stopped keeps the change until it is freed */
		*ret_status = mk_change_wait_for(sup, change, &waiting, MK_STOPPED);
	mk_unlock(sup);
	return rc;
}
