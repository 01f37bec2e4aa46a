/*
 * member_choice.c - see member_choice.h.
 */
#include "routing/member_choice.h"

#include "registry/filter.h"
#include "registry/members.h"
#include "routing/router.h"

/* ---- a member of this worker ---------------------------------------------------------------- */

uint64_t mk_member_rank(const mk_sub *s)
{
	const mk_actor *a = s->actor;
	uint64_t length = mk_mailbox_length(&a->box);
	uint64_t class = (a->sched & MK_DOWN) != 0                                            ? MK_RANK_DOWN
			 : length >= a->box.capacity                                          ? MK_RANK_FULL
			 : (a->sched & (MK_HELD | MK_ON_HOLD)) != 0 || s->state == MK_LEAVING ? MK_RANK_WAITS
											      : MK_RANK_RUNS;
	return class << 32 | (uint32_t)length;
}

static bool may_have(const mk_member_choice *q, const mk_sub *s)
{
	return s->actor != q->except && mk_receives(q->worker, s, q->event, q->marker);
}

static bool accepts(const mk_member_choice *q, const mk_sub *s)
{
	return MK_LIKELY(!s->filtered) || mk_filter_accepts(mk_filter_of(s->actor, q->group->index), q->event);
}

bool mk_member_may_have(const mk_member_choice *q, const mk_sub *s)
{
	return may_have(q, s) && (s->actor->sched & MK_ENDED) == 0 && accepts(q, s);
}

static void consider(mk_member_choice *q, const mk_sub *s)
{
	uint64_t rank = mk_member_rank(s);
	if ((q->best != NULL && rank >= q->rank) || !may_have(q, s))
		return;
	if ((s->actor->sched & MK_ENDED) != 0) {
		q->ended = s;
		return;
	}
	if (!accepts(q, s)) {
		q->turned_away = s;
		return;
	}
	q->best = s;
	q->rank = rank;
}

/* Where it looks first: in turn when recording, else at random. */
static uint32_t somewhere(mk_worker *w, mk_topic *group)
{
	uint64_t number = w->sup->seam.noted ? group->turn++ : mk_random_next(&w->sup->seam, &w->random) >> 32;
	return (uint32_t)(number % group->sub_count);
}

/* Among many the better of two random ones is nearly as good as the best (Mitzenmacher, "The power of two choices in
 * randomized load balancing", 2001); if neither is able to run, all are asked. */
void mk_member_look(mk_member_choice *q)
{
	enum { FEW = 8, CHOICES = 2 };
	mk_topic *g = q->group;
	for (int i = 0; g->sub_count > FEW && i < CHOICES; i++)
		consider(q, &g->subs[somewhere(q->worker, g)]);
	if (q->best != NULL && MK_RANK_CLASS(q->rank) == MK_RANK_RUNS)
		return;
	uint32_t first = g->sub_count == 0 ? 0 : g->turn++ % g->sub_count;
	for (uint32_t i = 0; i < g->sub_count && (q->best == NULL || q->rank != 0); i++)
		consider(q, &g->subs[(first + i) % g->sub_count]);
}

uint32_t mk_member_worker(const mk_worker *w, mk_topic *group, uint64_t workers)
{
	uint32_t best = (uint32_t)__builtin_ctzll(workers);
	if (MK_UNLIKELY(w->sup->seam.noted)) {
		uint32_t turn = group->turn++ % (uint32_t)__builtin_popcountll(workers);
		for (; turn > 0; turn--)
			workers &= workers - 1;
		return (uint32_t)__builtin_ctzll(workers);
	}
	for (workers &= workers - 1; workers != 0; workers &= workers - 1) {
		uint32_t other = (uint32_t)__builtin_ctzll(workers);
		if (mk_member_load_less(mk_member_load_of(group, other), mk_member_load_of(group, best)))
			best = other;
	}
	return best;
}

uint32_t mk_member_choose(const mk_member_choice *q, uint64_t others)
{
	const mk_worker *w = q->worker;
	const mk_member_load *here = mk_member_load_of(q->group, w->index);
	bool runs = q->best != NULL && MK_RANK_CLASS(q->rank) == MK_RANK_RUNS;
	if (others == 0 || (runs && q->rank == 0 && !w->sup->seam.noted && mk_members_waiting(here) == 0))
		return w->index;
	if (MK_UNLIKELY(w->sup->seam.noted))
		return mk_member_worker(w, q->group, runs ? others | UINT64_C(1) << w->index : others);
	uint32_t other = mk_member_worker(w, q->group, others);
	const mk_member_load *there = mk_member_load_of(q->group, other);
	if (q->best == NULL)
		return other;
	bool better = (!runs && mk_count(&there->able) != 0) || mk_member_load_less(there, here);
	return better ? other : w->index;
}
