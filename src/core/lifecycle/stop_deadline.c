/*
 * stop_deadline.c - a stop past its deadline: discards the queued events and gives up stuck workers (stop.h).
 */
#include "lifecycle/stop_steps.h"
#include "observe/note.h"
#include "registry/directory.h"
#include "runtime/lane.h"
#include "sched/end.h"
#include "sched/thread_time.h"

enum {
	NO_ACTOR_GRACE_MS = MAIKO_STOP_GRACE_MS * 10, /* in no callback of an actor: perhaps in one of libuv */
	NS_PER_MS = 1000000
};

/* The progress of the worker: the actor in a callback and its mailbox position. */
static mk_stop_mark mark_of(mk_sup *sup, mk_worker *w)
{
	mk_stop_mark m = {.running = atomic_load_explicit(&w->running, memory_order_relaxed)};
	const mk_actor *a = m.running == NULL ? NULL : mk_directory_find(sup, m.running->id);
	m.head = a == NULL ? 0 : mk_count(&a->box.head);
	return m;
}

static void run_discard(mk_worker *w, mk_message *m)
{
	(void)m;
	w->discarding = true;
	for (uint32_t i = w->here_count; i-- > 0;)
		mk_actor_discard_queued(w, w->here[i]);
	if (!w->exiting) { /* from now on its timer looks for stuck workers */
		w->deadline.fire = mk_stop_deadline_passed;
		mk_timer_set(&w->timers, &w->deadline, w->now_ns + (uint64_t)MK_STOP_LOOK_MS * NS_PER_MS);
	}
}

void mk_stop_discard_now(mk_sup *sup)
{
	sup->stop->discarding = true;
	for (uint32_t i = 0; i < mk_worker_total(sup); i++) {
		sup->workers[i]->discard_message = (mk_message){.run = run_discard, .post = MK_POST_DISCARD};
		mk_lane_post(sup->workers[i], &sup->workers[i]->discard_message);
	}
}

void mk_stop_discard_all(mk_sup *sup)
{
	if (sup->stop->discarding || sup->seam.led)
		return;
	mk_note_sup(sup, MK_NOTE_DISCARD, 0, 0);
	mk_stop_discard_now(sup);
}

/* Whether a worker has made no progress for the grace time, not counting time without a processor. With the lock. */
static bool is_stuck(mk_sup *sup, mk_worker *w)
{
	mk_stop_mark *last = &sup->stop->marks[w->index], m = mark_of(sup, w);
	m.looked_ns = mk_now(&sup->seam);
	m.run_ns = last->run_ns;
	uint64_t stood_ns = mk_thread_time_stood(w, last->looked_ns, m.looked_ns, &m.run_ns);
	if (last->looked_ns != 0 && m.running == last->running && m.head == last->head)
		m.stood_ns = last->stood_ns + stood_ns;
	*last = m;
	return m.stood_ns >= (uint64_t)(m.running != NULL ? MAIKO_STOP_GRACE_MS : NO_ACTOR_GRACE_MS) * NS_PER_MS;
}

void mk_stop_give_up(mk_sup *sup)
{
	mk_stop *s = sup->stop;
	uint64_t stuck = 0;
	for (uint64_t left = s->asked; left != 0; left &= left - 1) {
		mk_worker *w = mk_worker_at(sup, (uint32_t)__builtin_ctzll(left));
		if (is_stuck(sup, w))
			stuck |= mk_stop_bit(w);
	}
	if (stuck == 0 || sup->seam.led)
		return;
	mk_note_sup(sup, MK_NOTE_GIVE_UP, stuck, MAIKO_ETIMEDOUT);
	atomic_fetch_or_explicit(&s->stuck, stuck, memory_order_relaxed);
	s->asked &= ~stuck;
	if (s->asked == 0)
		mk_stop_step_over(sup);
}

void mk_stop_look(mk_sup *sup)
{
	uv_mutex_lock(&sup->lock);
	if (mk_state_of(sup) == MK_STOPPING && mk_now(&sup->seam) >= sup->stop->deadline_ns) {
		mk_stop_discard_all(sup);
		mk_stop_give_up(sup);
	}
	mk_stop_unlock_and_tell(sup);
}

void mk_stop_deadline_passed(mk_timer *timer)
{
	mk_worker *w = MK_OF(timer, mk_worker, deadline);
	mk_timer_set(&w->timers, timer, w->now_ns + (uint64_t)MK_STOP_LOOK_MS * NS_PER_MS);
	mk_stop_look(w->sup);
}
