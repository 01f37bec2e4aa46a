/*
 * properties_quiet.c - what must hold when no step of a simulation is possible (properties.c).
 */
#include "properties.h"

#include "ds/segmented_array.h"
#include "lifecycle/notice.h"
#include "lifecycle/topology.h"
#include "registry/attached.h"
#include "registry/directory.h"
#include "registry/group.h"
#include "registry/members.h"
#include "registry/registry.h"
#include "routing/external.h"
#include "routing/mute_edge.h"
#include "routing/watch.h"
#include "runtime/ready.h"
#include "sched/intake.h"

static int has_some(void *arg, mk_topic *view)
{
	(void)arg;
	return view->sub_count != 0;
}

/* Whether a share group of that topic or pattern has a member. */
static bool has_member(mk_sup *sup, uint32_t topic)
{
	bool found = false;
	for (uint32_t i = 0; !found && i < sup->topic_count; i++) {
		const mk_record *r = mk_record_at(sup, i);
		for (uint32_t k = 0; r->members != NULL && r->members->of->index == topic && k < mk_worker_total(sup);
		     k++) {
			const mk_topic *view = mk_topic_known(mk_worker_at(sup, k), i);
			found |= view != NULL && view->sub_count != 0;
		}
	}
	return found;
}

/* Whether some actor subscribes to it, also as a member of a share group, or (by_name) to a pattern that matches it. */
static bool has_subscriber(mk_sup *sup, uint32_t topic, bool by_name)
{
	for (uint32_t i = 0; i < mk_worker_total(sup); i++) {
		mk_worker *w = mk_worker_at(sup, i);
		mk_topic *t = mk_topic_known(w, topic);
		if ((t != NULL && t->sub_count != 0) ||
		    (by_name && mk_attached_each(w, t, mk_record_at(sup, topic), has_some, NULL) != 0))
			return true;
	}
	return !by_name && has_member(sup, topic);
}

/* Whether another actor that handles nothing now, on hold or before its restart, mutes it, or one that waits for it. */
static bool waits_for_hold(mt_properties *properties, mk_sup *sup, const mk_actor *from, const mk_actor *a)
{
	const mk_wait *wait = a->extra == NULL ? NULL : a->extra->muted_by;
	for (; wait != NULL; wait = wait->next) {
		const mk_actor *by = wait->subscriber == NULL ? NULL : mk_directory_find(sup, wait->subscriber->id);
		property_actor *model = by == NULL || by == from ? NULL : mt_properties_actor(properties, by->self->id);
		if (model == NULL || model->walked == properties->walk)
			continue;
		model->walked = properties->walk;
		if ((by->sched & (MK_ON_HOLD | MK_DOWN)) != 0 || waits_for_hold(properties, sup, from, by))
			return true;
	}
	return false;
}

static bool may_stay_muted(mt_properties *properties, mk_sup *sup, const mk_actor *a)
{
	properties->walk++;
	return ((a->sched & MK_ON_HOLD) != 0 && a->extra->runs_on) || waits_for_hold(properties, sup, a, a);
}

/* Whether one that is supervised waits for its time. */
static bool some_timer_is_set(mk_sup *sup)
{
	for (uint32_t slot = 0; slot < sup->actor_slots; slot++) {
		const mk_actor *a = mk_segmented_array_get(&sup->actors, slot);
		if (a != NULL && a->cared && mk_care_of(a)->timer.place != 0)
			return true;
	}
	return false;
}

static void quiet_actor(mt_properties *properties, mk_sup *sup, const mk_actor *a)
{
	const char *name = a->self->name;
	const property_actor *model = mt_properties_actor(properties, a->self->id);
	uint64_t length = mk_mailbox_length(&a->box);
	if (model->count != length)
		maiko_sim_fail(properties->sim, "C3: %s has %llu events queued, by what was seen %u", name,
			       (unsigned long long)length, model->count);
	if ((a->sched & (MK_ENDED | MK_WAITING)) != 0)
		return;
	if ((a->sched & MK_DOWN) != 0) {
		const mk_care *c = mk_care_of(a);
		bool waits = c->timer.place != 0 || (sup->groups->runs != NULL && some_timer_is_set(sup));
		if (!waits && mk_state_of(sup) == MK_STARTED && sup->groups->fatal == 0)
			maiko_sim_fail(properties->sim, "C20: quiet, but nothing starts %s again", name);
		return;
	}
	if ((a->sched & (MK_PAUSED | MK_MOVING)) != 0)
		maiko_sim_fail(properties->sim, "C14: quiet, but a change of %s is not complete", name);
	else if (a->extra != NULL && a->extra->muted_by != NULL && !may_stay_muted(properties, sup, a))
		maiko_sim_fail(properties->sim, "C9: quiet, but %s is muted: a lost release", name);
	else if ((a->sched & MK_MUTED) != 0)
		return; /* it does nothing until it is released */
	else if (a->extra != NULL && a->extra->due != NULL)
		maiko_sim_fail(properties->sim, "C8: quiet, but what %s sends later is due and is not sent", name);
	else if (mk_has_work(a))
		maiko_sim_fail(properties->sim, "C14: quiet, but %s has something to do: a lost wake-up", name);
	else if (mk_state_of(sup) == MK_STARTED && !mk_watches_are_true(sup, a))
		maiko_sim_fail(properties->sim,
			       "C20: quiet, but %s watches one that has ended, or has a watcher that does not watch it",
			       name);
	else if (!mk_notices_are_true(a, has_subscriber))
		maiko_sim_fail(properties->sim, "C19: quiet, but %s was told something else of a topic than is so",
			       name);
}

static void quiet_worker(mt_properties *properties, mk_worker *w)
{
	for (uint64_t left = w->outgoing; left != 0; left &= left - 1) {
		uint32_t to = (uint32_t)__builtin_ctzll(left);
		mk_channel *ch = w->out[to];
		if (mk_channel_spilling(ch) || ch->tail != ch->taken_to)
			maiko_sim_fail(properties->sim, "C14: quiet, but worker %u has something for worker %u",
				       w->index + 1, to + 1);
	}
	if (!w->left && (!mk_inbox_empty(&w->control) || w->deferred != NULL))
		maiko_sim_fail(properties->sim, "C14: quiet, but worker %u has not heard everything", w->index + 1);
	if (mk_count(&w->jobs) != 0)
		maiko_sim_fail(properties->sim, "C14: quiet, but worker %u waits for a job", w->index + 1);
	if (w->go && !w->draining && mk_external_waits(w))
		maiko_sim_fail(properties->sim, "C14: quiet, but worker %u has not taken what came from outside",
			       w->index + 1);
}

void mt_properties_quiet(mt_properties *properties, mk_sup *sup)
{
	if (mk_state_of(sup) < MK_STARTED)
		return;
	for (uint32_t slot = 0; slot < sup->actor_slots; slot++) {
		const mk_actor *a = mk_segmented_array_get(&sup->actors, slot);
		if (a != NULL)
			quiet_actor(properties, sup, a);
	}
	bool drains = false; /* a stop waits for an actor on hold */
	for (uint32_t i = 0; i < mk_worker_total(sup); i++) {
		quiet_worker(properties, mk_worker_at(sup, i));
		drains |= mk_intake_drains(mk_worker_at(sup, i));
	}
	if (mk_topology_busy(sup))
		maiko_sim_fail(properties->sim, "C2: quiet, but a change of the topology is not complete");
	if (mk_state_of(sup) == MK_STOPPING && !drains)
		maiko_sim_fail(properties->sim, "C10: quiet, but the stop is not over");
}
