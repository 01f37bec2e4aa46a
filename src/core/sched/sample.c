/*
 * sample.c - see sample.h.
 */
#include "sched/sample.h"

#include "registry/attached.h"
#include "sched/actors.h"
#include "sched/dispatch.h"

enum {
	STAY_NS = 50000000, /* the least time between two migrations of an actor, so that it is not passed around */
	LONG_NS = 1000000
};

_Static_assert(MK_SAMPLE_PAIRS < UINT16_MAX, "an index + 1 fits a slot");

/* ---- actors and pairs -------------------------------------------------------------------- */

/* Fibonacci hashing: Knuth, The Art of Computer Programming, volume 3, section 6.4. */
static uint32_t hash(uint64_t key, uint32_t size)
{
	return (uint32_t)(key * UINT64_C(0x9e3779b97f4a7c15) >> 40) & (size - 1);
}

uint32_t mk_sample_actor(mk_sample *s, maiko_actor_id id)
{
	enum { SIZE = MK_SAMPLE_ACTORS * 2 };
	uint32_t at = hash(id, SIZE);
	for (; s->actor_at[at] != 0; at = (at + 1) & (SIZE - 1))
		if (s->actors[s->actor_at[at] - 1].id == id)
			return s->actor_at[at] - 1u;
	if (s->actor_count == MK_SAMPLE_ACTORS)
		return MK_SAMPLE_ACTORS;
	s->actors[s->actor_count] = (mk_sampled){.id = id, .fixed = id == 0};
	s->actor_at[at] = (uint16_t)++s->actor_count;
	return s->actor_count - 1;
}

void mk_sample_talk(mk_sample *s, uint32_t one, uint32_t other, uint64_t parts)
{
	enum { SIZE = MK_SAMPLE_PAIRS * 2 };
	if (one > other) {
		uint32_t swapped = one;
		one = other;
		other = swapped;
	}
	uint32_t at = hash((uint64_t)one << 32 | other, SIZE);
	for (; s->pair_at[at] != 0; at = (at + 1) & (SIZE - 1)) {
		mk_pair *p = &s->pairs[s->pair_at[at] - 1];
		if (p->one == one && p->other == other) {
			p->parts += parts;
			return;
		}
	}
	if (s->pair_count == MK_SAMPLE_PAIRS)
		return;
	s->pairs[s->pair_count] = (mk_pair){one, other, parts};
	s->pair_at[at] = (uint16_t)++s->pair_count;
}

/* ---- a run ----------------------------------------------------------------------------------- */

static bool is_fixed(const mk_worker *w, const mk_actor *a)
{
	return a->pinned || !mk_actor_may_leave(a) ||
	       (a->extra != NULL && a->extra->moved_ns != 0 && w->now_ns - a->extra->moved_ns < STAY_NS);
}

/* Who sent the events that the actor handles in this run. */
static void count_talk(mk_worker *w, const mk_actor *a, uint32_t index)
{
	mk_sample *s = w->sample;
	uint64_t place = mk_count(&a->box.head), end = mk_count(&a->box.tail);
	if (end > place + a->box.budget)
		end = place + a->box.budget;
	for (; place < end; place++) {
		const mk_event *e = *mk_mailbox_slot(&a->box, place);
		if (e == NULL || e->sender == a->self || e->sender == w->sup->own_sender)
			continue;
		uint32_t subs = e->topic->sub_count;
		if (MK_UNLIKELY(e->topic->attaches == MK_ATTACHED))
			subs += mk_attached_subs(e->topic);
		uint64_t parts = MK_SAMPLE_WHOLE / (subs == 0 ? 1 : subs);
		uint32_t home = mk_home_of(w, e->sender);
		if (home == s->to)
			s->actors[index].there += parts;
		if (home != w->index)
			continue;
		uint32_t sender = mk_sample_actor(s, e->sender->id);
		if (sender != MK_SAMPLE_ACTORS)
			mk_sample_talk(s, sender, index, parts);
	}
}

/* Entries that this worker has put into its channel to `to`. */
static uint64_t sent_there(const mk_worker *w)
{
	const mk_channel *ch = w->out[w->sample->to];
	return ch == NULL ? 0 : ch->tail + ch->spill_tail;
}

/* Whether some actors are muted: they would run if the subscribers that they fill were faster. */
static bool others_wait(const mk_worker *w)
{
	enum { SOME = 8 };
	const mk_actor *a = w->held;
	for (uint32_t i = 0; i < SOME && a != NULL; i++, a = a->next_held)
		if ((a->sched & MK_HELD) == MK_MUTED)
			return true;
	return false;
}

bool mk_sample_may_help(const mk_worker *w) { return w->ready != NULL && (w->ready->next != NULL || others_wait(w)); }

void mk_sample_run_next(mk_worker *w)
{
	const mk_actor *a = w->ready;
	mk_sample *s = w->sample;
	uint32_t index = mk_sample_actor(s, a->self->id);
	bool beside = a->next != NULL || others_wait(w);
	if (index != MK_SAMPLE_ACTORS) {
		s->actors[index].fixed = is_fixed(w, a);
		count_talk(w, a, index);
	}
	uint64_t sent = sent_there(w), start_ns = mk_now(&w->sup->seam);
	mk_dispatch_next(w); /* which may free the actor */
	uint64_t took_ns = mk_now(&w->sup->seam) - start_ns;
	s->ns += took_ns;
	s->runs++;
	if (index == MK_SAMPLE_ACTORS)
		return;
	s->actors[index].ns += took_ns;
	s->actors[index].long_runs += took_ns >= LONG_NS;
	s->actors[index].beside_ns += beside ? took_ns : 0;
	s->actors[index].there += (sent_there(w) - sent) * MK_SAMPLE_WHOLE;
}
