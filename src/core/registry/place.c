/*
 * place.c - see place.h.
 */
#include "registry/place.h"

#include "base/error.h"
#include "registry/idle_topics.h"
#include "registry/members.h"
#include "registry/pattern.h"
#include "registry/registry.h"

#include <string.h>

static int topic_or_pattern(mk_sup *sup, const char *who, const maiko_topic *desc, mk_record **ret_record, bool *asks)
{
	uint32_t index;
	if (mk_slot_get(desc->slot, sup->serial, &index)) {
		*ret_record = mk_record_at(sup, index);
		return 0;
	}
	int rc = mk_topic_usable(desc);
	if (rc != 0)
		return rc;
	bool pattern = mk_name_is_pattern(desc->name);
	if (!pattern && (desc->format & MAIKO_FORMAT_LIKE) == 0)
		return mk_registry_topic_locked(sup, desc, ret_record);
	if (pattern && (rc = mk_pattern_check(who, desc)) != 0)
		return rc;
	mk_record *r = mk_name_index_get(&sup->topic_names, desc->name);
	rc = r != NULL ? 0
	     : pattern ? mk_record_make(sup, desc->name, true, &r)
		       : mk_topic_by_name(sup, desc->name, NULL, &r);
	if (rc == 0) {
		mk_topic_needed(sup, r, asks);
		*ret_record = r;
	}
	return rc;
}

/* ---- share groups ---------------------------------------------------------------------------------- */

typedef struct wanted {
	const char *name, *share;
	mk_record *found;
} wanted;

static int is_wanted(void *arg, mk_trie_entry *entry)
{
	wanted *want = arg;
	mk_record *r = mk_record_of_entry(entry);
	if (r->members == NULL || strcmp(r->members->share, want->share) != 0 || strcmp(r->desc.name, want->name) != 0)
		return 0;
	want->found = r;
	return 1;
}

static int make(mk_sup *sup, mk_record *of, const char *share, mk_record **ret_group)
{
	mk_record *r;
	int rc = mk_record_new(sup, of->desc.name, &r);
	if (rc != 0)
		return rc;
	r->members = MK_NEW(mk_members);
	char *name = r->members == NULL ? NULL : mk_strdup(of->desc.name);
	if (r->members != NULL)
		r->members->share = mk_strdup(share);
	r->desc = (maiko_topic){.name = name, .overflow = of->desc.overflow, .format = MAIKO_FORMAT};
	r->attaches = true;
	rc = name == NULL || r->members->share == NULL ? MAIKO_ENOMEM : mk_pattern_enter(sup, r);
	if (rc != 0) {
		mk_free(name);
		mk_members_free(r->members);
		mk_idle_topics_leave(sup, r);
		return rc;
	}
	mk_topic_named(sup, of); /* until the group is given back */
	r->members->of = of;
	*ret_group = r;
	return 0;
}

static int group_of(mk_sup *sup, const char *who, mk_record *of, const char *share, mk_record **ret_group, bool *asks)
{
	wanted want = {of->desc.name, share, NULL};
	if (!mk_name_valid(share))
		return mk_name_fail("a share group", share);
	if (!of->attaches && mk_topic_is_own(of->index))
		return mk_fail(MAIKO_EINVAL,
			       "%s: .share is '%s' for topic '%s' of the library, which has no share groups", who,
			       share, of->desc.name);
	(void)mk_patterns_meeting(sup, of->desc.name, is_wanted, &want);
	int rc = want.found != NULL ? 0 : make(sup, of, share, &want.found);
	if (rc != 0)
		return rc;
	mk_topic_needed(sup, want.found, asks);
	*ret_group = want.found;
	return 0;
}

int mk_place_of(mk_sup *sup, const char *who, const maiko_subscription *s, mk_record **ret_record, bool *asks)
{
	mk_record *of;
	int rc = topic_or_pattern(sup, who, s->topic, &of, asks);
	if (rc != 0 || s->share != NULL)
		return rc != 0 ? rc : group_of(sup, who, of, s->share, ret_record, asks);
	*ret_record = of;
	return 0;
}

/* Among the subscriptions of one actor, one that takes an event which `one` takes, where one of the two is to a
 * group. */
typedef struct doubling {
	const mk_record *one;
	mk_subscriptions *places;
	uint32_t count;
	const mk_record *found;
} doubling;

static int doubles(void *arg, mk_trie_entry *entry)
{
	doubling *d = arg;
	const mk_record *r = mk_record_of_entry(entry);
	bool grouped = r->members != NULL || d->one->members != NULL;
	if (r == d->one || !grouped || mk_subscriptions_find(d->places, d->count, r->index) == d->count)
		return 0;
	d->found = r;
	return 1;
}

static bool find_double(mk_sup *sup, doubling *d)
{
	if (!d->one->attaches && !mk_record_is_matched(d->one))
		return false;
	return mk_patterns_meeting(sup, d->one->desc.name, doubles, d) != 0 ||
	       mk_topics_meeting(sup, d->one->desc.name, doubles, d) != 0;
}

bool mk_place_doubles(mk_sup *sup, mk_actor *a, const mk_subscription *place)
{
	return find_double(sup, &(doubling){mk_record_at(sup, place->topic), &a->places, a->place_count, NULL});
}

static int double_fail(const char *who, const mk_record *one, const mk_record *other)
{
	bool shares = other->members != NULL;
	return mk_fail(MAIKO_EINVAL,
		       "%s has '%s' with .share '%s', and by '%s' with %s%s%s the same events; an actor gets what a "
		       "share group gives it in no other way",
		       who, one->desc.name, one->members->share, other->desc.name, shares ? ".share '" : "no .share",
		       shares ? other->members->share : "", shares ? "'" : "");
}

int mk_places_check_groups(mk_sup *sup, const char *who, mk_subscriptions *places, uint32_t count)
{
	int rc = 0;
	for (uint32_t i = 0; rc == 0 && count > 1 && i < count; i++) {
		doubling d = {mk_record_at(sup, mk_subscriptions_at(places, count)[i].topic), places, count, NULL};
		if (d.one->members == NULL)
			continue;
		mk_lock(sup);
		if (find_double(sup, &d))
			rc = double_fail(who, d.one, d.found);
		mk_unlock(sup);
	}
	return rc;
}

/* ---- which events ------------------------------------------------------------------------------ */

bool mk_record_may_have(mk_sup *sup, const mk_record *r, const mk_type *type)
{
	return type->desc->route != NULL || mk_record_takes(r, mk_record_at(sup, type->topic));
}

bool mk_actor_class_handles(mk_sup *sup, const mk_actor_class *class, const mk_record *r)
{
	bool handles = class->any != NULL;
	for (uint32_t i = 0; !handles && i <= class->handler_mask; i++) {
		const mk_type *type = class->handlers[i].type;
		handles = type != NULL && (r == NULL || mk_record_may_have(sup, r, type));
	}
	return handles;
}
