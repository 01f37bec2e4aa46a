/*
 * members.c - see members.h.
 */
#include "registry/members.h"

#include "registry/registry.h"
#include "registry/topic.h"

/* ---- records ---------------------------------------------------------------------------------- */

const maiko_topic *mk_members_topic(mk_sup *sup, const mk_record *r)
{
	const mk_record *of = r->members == NULL ? NULL : mk_name_index_get(&sup->topic_names, r->desc.name);
	return of == NULL ? &r->desc : &of->desc;
}

void mk_members_free(mk_members *members)
{
	if (members == NULL)
		return;
	for (uint32_t i = 0; i < MAIKO_WORKERS_MAX; i++)
		mk_free_aligned(atomic_load_explicit(&members->loads[i], memory_order_relaxed));
	mk_free(members->share);
	mk_free(members);
}

/* ---- which workers have members ----------------------------------------------------------------- */

int mk_members_reserve(mk_record *group, uint32_t worker)
{
	_Atomic(mk_member_load *) *at = &group->members->loads[worker];
	if (atomic_load_explicit(at, memory_order_relaxed) != NULL)
		return 0;
	mk_member_load *load = mk_calloc_aligned(sizeof *load, MK_LINE);
	if (load == NULL)
		return MAIKO_ENOMEM;
	/* Released: who sees the pointer sees zeros. */
	atomic_store_explicit(at, load, memory_order_release);
	return 0;
}

void mk_members_change(mk_sup *sup, const mk_subscription *places, uint32_t count, uint32_t worker, int by,
		       uint64_t number)
{
	for (uint32_t i = 0; i < count; i++) {
		const mk_record *r = mk_record_at(sup, places[i].topic);
		if (r->members == NULL)
			continue;
		mk_member_load *load = atomic_load_explicit(&r->members->loads[worker], memory_order_relaxed);
		if (load->changed != number) {
			load->before = load->count;
			load->changed = number;
		}
		load->count += (uint32_t)by;
	}
}

bool mk_members_any(const mk_record *group, uint32_t worker, uint64_t marker)
{
	const mk_member_load *load = atomic_load_explicit(&group->members->loads[worker], memory_order_relaxed);
	return load != NULL && (load->changed > marker ? load->before : load->count) != 0;
}

/* ---- what an actor belongs to ------------------------------------------------------------------- */

/* Adds to what a group has here. */
static void add(const mk_actor *a, const mk_topic *group, uint64_t queued, uint64_t stalled, uint64_t able)
{
	mk_member_load *load = mk_member_load_of(group, a->worker->index);
	mk_count_add(&load->queued, queued);
	mk_count_add(&load->able, able);
	load->stalled += stalled;
}

static void set(mk_actor *a, uint64_t queued, uint64_t stalled, bool able)
{
	mk_membership *m = a->extra->membership;
	if (queued == m->queued && stalled == m->stalled && able == m->able)
		return;
	for (uint32_t i = 0; i < m->count; i++)
		add(a, m->groups[i], queued - m->queued, stalled - m->stalled, (uint64_t)able - m->able);
	m->queued = queued;
	m->stalled = stalled;
	m->able = able;
}

void mk_membership_count(mk_actor *a)
{
	enum { NOT_ABLE = MK_ENDED | MK_DOWN | MK_ON_HOLD | MK_WAITING | MK_RETIRING };
	uint64_t queued = mk_mailbox_length(&a->box);
	bool able = (a->sched & NOT_ABLE) == 0;
	set(a, queued, able ? 0 : queued, able);
}

/* An array with room for one more. NULL: no memory. */
static mk_membership *room(mk_extra *x)
{
	mk_membership *m = x->membership;
	if (m != NULL && m->count < m->size)
		return m;
	uint32_t size = m == NULL ? 1 : m->size * 2;
	mk_membership *larger = mk_realloc(m, sizeof *m + size * sizeof m->groups[0]);
	if (larger == NULL)
		return NULL;
	if (m == NULL)
		*larger = (mk_membership){.count = 0};
	larger->size = size;
	x->membership = larger;
	return larger;
}

int mk_membership_enter(mk_actor *a, mk_topic *group)
{
	mk_extra *x = mk_extra_of(a);
	mk_membership *m = x == NULL ? NULL : room(x);
	if (m == NULL)
		return MAIKO_ENOMEM;
	m->groups[m->count++] = group;
	if (a->worker != NULL)
		add(a, group, m->queued, m->stalled, m->able);
	return 0;
}

void mk_membership_leave(mk_actor *a, const mk_topic *group)
{
	mk_membership *m = a->extra == NULL ? NULL : a->extra->membership;
	uint32_t i = 0;
	while (m != NULL && i < m->count && m->groups[i] != group)
		i++;
	if (m == NULL || i == m->count)
		return;
	if (a->worker != NULL)
		add(a, group, -m->queued, -m->stalled, -(uint64_t)m->able);
	m->groups[i] = m->groups[--m->count];
	if (m->count == 0) {
		mk_free(m);
		a->extra->membership = NULL;
	}
}

void mk_membership_depart(mk_actor *a) { set(a, 0, 0, false); }

void mk_membership_arrive(mk_worker *w, mk_actor *a)
{
	mk_membership *m = a->extra->membership;
	for (uint32_t i = 0; i < m->count; i++)
		m->groups[i] = mk_topic_known(w, m->groups[i]->index);
	mk_membership_count(a);
}

/* ---- loads -------------------------------------------------------------------------------------- */

bool mk_member_load_less(const mk_member_load *one, const mk_member_load *other)
{
	uint64_t able = mk_count(&one->able), other_able = mk_count(&other->able);
	if (able == 0 || other_able == 0)
		return able == 0 && other_able == 0 ? mk_members_waiting(one) < mk_members_waiting(other)
						    : other_able == 0;
	return mk_members_waiting(one) * other_able < mk_members_waiting(other) * able;
}
