/*
 * registry.c - see registry.h. Records live as long as the supervisor.
 */
#include "registry/registry.h"

#include "base/error.h"
#include "registry/check.h"
#include "registry/expected.h"
#include "registry/idle_topics.h"
#include "registry/keeper.h"
#include "registry/members.h"
#include "registry/own.h"
#include "registry/pattern.h"
#include "runtime/scribe.h"
#include "runtime/upcalls.h"

#include <string.h>

static maiko_overflow policy_of(const maiko_topic *desc)
{
	return desc->overflow == MAIKO_OVERFLOW_DEFAULT ? MAIKO_BLOCK : desc->overflow;
}

/* ---- topics ------------------------------------------------------------------ */

static const char *overflow_name(maiko_overflow overflow)
{
	static const char *const names[] = {"MAIKO_OVERFLOW_DEFAULT", "MAIKO_BLOCK",       "MAIKO_DROP_NEWEST",
					    "MAIKO_DROP_OLDEST",      "MAIKO_KEEP_LATEST", "MAIKO_FAIL"};
	return names[overflow];
}

/* A record with its index: one that was given back, or a new one. */
int mk_record_new(mk_sup *sup, const char *name, mk_record **ret_record)
{
	*ret_record = mk_idle_topics_reuse(sup);
	if (*ret_record != NULL)
		return 0;
	if (sup->topic_count >= MAIKO_TOPICS_MAX)
		return mk_fail(MAIKO_E2BIG, "topic '%s': the supervisor has MAIKO_TOPICS_MAX topics, %u", name,
			       MAIKO_TOPICS_MAX);
	int rc = mk_segmented_array_reserve(&sup->topics, sup->topic_count);
	mk_record *r = rc == 0 ? MK_NEW(mk_record) : NULL;
	if (r == NULL)
		return MAIKO_ENOMEM;
	r->index = sup->topic_count++;
	mk_segmented_array_set(&sup->topics, r->index, r);
	*ret_record = r;
	return 0;
}

/* Gives up a record without anything else. */
static void forget_record(mk_sup *sup, mk_record *r)
{
	mk_name_index_remove(&sup->topic_names, r->desc.name);
	mk_free(r->desc.name);
	mk_idle_topics_leave(sup, r);
}

int mk_record_make(mk_sup *sup, const char *name, bool attaches, mk_record **ret_record)
{
	mk_record *r = NULL;
	int rc = mk_record_new(sup, name, &r);
	char *copy = rc == 0 ? mk_strdup(name) : NULL;
	if (rc == 0)
		rc = copy == NULL ? MAIKO_ENOMEM : mk_name_index_put(&sup->topic_names, copy, r->index);
	if (rc != 0) {
		mk_free(copy);
		if (r != NULL)
			mk_idle_topics_leave(sup, r);
		return rc;
	}
	r->desc = (maiko_topic){.name = copy, .format = MAIKO_FORMAT};
	r->attaches = attaches;
	*ret_record = r;
	if ((rc = mk_pattern_enter(sup, r)) != 0)
		forget_record(sup, r);
	return rc;
}

static int make_record(mk_sup *sup, const char *name, const maiko_topic *like, mk_record **ret_record)
{
	mk_record *r;
	int rc = mk_record_make(sup, name, false, &r);
	if (rc != 0)
		return rc;
	r->desc = (maiko_topic){.name = r->desc.name,
				.overflow = policy_of(like),
				.key = like->key,
				.check = like->check,
				.ttl_ms = like->ttl_ms,
				.slot = &r->slot,
				.format = MAIKO_FORMAT,
				.expect_every_ms = like->expect_every_ms,
				.retain = like->retain,
				.retain_kib = like->retain_kib};
	rc = like->expect_every_ms == 0 ? 0 : mk_expected_add(sup, r);
	if (rc == 0 && like->retain != 0)
		rc = mk_keeper_make(sup, r);
	if (rc != 0) {
		mk_expected_drop(sup, r);
		mk_free(r->interests);
		mk_pattern_leave(sup, r);
		forget_record(sup, r);
		return rc;
	}
	mk_slot_set(&r->slot, sup->serial, r->index);
	*ret_record = r;
	return 0;
}

int mk_topic_by_name(mk_sup *sup, const char *name, const maiko_topic *like, mk_record **ret_record)
{
	static const maiko_topic plain = {.name = "", .overflow = MAIKO_BLOCK};
	mk_record *r = mk_name_index_get(&sup->topic_names, name);
	if (r == NULL && strncmp(name, "maiko.", 6) == 0 && sup->topic_count >= MK_OWN_TOPICS_END)
		return mk_fail(MAIKO_EINVAL, "topic '%s': names that begin with 'maiko.' are those of the library",
			       name);
	if (r == NULL)
		return make_record(sup, name, like == NULL ? &plain : like, ret_record);
	if (like != NULL && policy_of(like) != r->desc.overflow)
		return mk_fail(MAIKO_EINVAL, "topic '%s' has .overflow %s elsewhere and %s here; they must be equal",
			       name, overflow_name(r->desc.overflow), overflow_name(policy_of(like)));
	if (like != NULL && like->key != r->desc.key)
		return mk_fail(MAIKO_EINVAL, "topic '%s' has another .key elsewhere; they must be equal", name);
	if (like != NULL && like->check != r->desc.check)
		return mk_fail(MAIKO_EINVAL, "topic '%s' has another .check elsewhere; they must be equal", name);
	if (like != NULL && mk_numbers_disagree(&r->desc, like))
		return MAIKO_EINVAL; /* the text says which */
	*ret_record = r;
	return 0;
}

int mk_topic_usable(const maiko_topic *desc)
{
	if (desc == &maiko_private_topic)
		return mk_fail_text(
			MAIKO_EINVAL,
			"maiko_private_topic is only the topic of event types that an actor sends to itself");
	int rc = mk_topic_check("a topic", desc);
	if (rc != 0)
		return rc;
	if (!mk_name_valid(desc->name))
		return mk_name_fail("a topic", desc->name);
	return mk_overflow_valid(desc->overflow) ? 0 : mk_overflow_fail("topic", desc->name, desc->overflow);
}

int mk_registry_topic_locked(mk_sup *sup, const maiko_topic *desc, mk_record **ret_record)
{
	uint32_t index;
	if (mk_slot_get(desc->slot, sup->serial, &index)) {
		*ret_record = mk_record_at(sup, index);
		return 0;
	}
	mk_record *r;
	int rc = mk_topic_usable(desc);
	if (rc == 0 && mk_name_is_pattern(desc->name))
		rc = mk_pattern_fail("a topic", desc->name);
	if (rc == 0)
		rc = mk_topic_by_name(sup, desc->name, desc, &r);
	if (rc == 0) {
		if (desc != &r->desc)
			mk_topic_pin(r);
		mk_slot_set(desc->slot, sup->serial, r->index);
		*ret_record = r;
	}
	return rc;
}

bool mk_overflow_valid(maiko_overflow overflow) { return overflow >= MAIKO_OVERFLOW_DEFAULT && overflow <= MAIKO_FAIL; }

int mk_overflow_fail(const char *what, const char *name, maiko_overflow overflow)
{
	return mk_fail(MAIKO_EINVAL, "%s '%s': .overflow is %d, which is no maiko_overflow", what, name, (int)overflow);
}

int mk_registry_topic(mk_sup *sup, const maiko_topic *desc, mk_record **ret_record)
{
	if (desc == NULL)
		return mk_fail(MAIKO_EINVAL, "a topic is NULL");
	mk_lock(sup);
	int rc = mk_registry_topic_locked(sup, desc, ret_record);
	mk_unlock(sup);
	return rc;
}

static int topic_named(mk_sup *sup, const char *name, const maiko_topic *like, const maiko_topic **ret_topic)
{
	if (!mk_name_valid(name))
		return mk_name_fail("a topic", name);
	if (mk_name_is_pattern(name))
		return mk_pattern_fail("a topic", name);
	if (mk_forked(sup))
		return mk_fail_forked();
	mk_record *r;
	mk_lock(sup);
	int rc = mk_topic_by_name(sup, name, like, &r);
	if (rc == 0) {
		mk_topic_named(sup, r);
		*ret_topic = &r->desc;
		if (mk_idle_topics_due(sup))
			mk_up.topology_next(sup);
	}
	mk_unlock(sup);
	return rc;
}

int maiko_topic_named(maiko_supervisor *sup, const char *name, const maiko_topic **ret_topic)
{
	if (sup == NULL || ret_topic == NULL)
		return MK_NULL(sup, ret_topic);
	return topic_named(sup, name, NULL, ret_topic);
}

int maiko_topic_with(maiko_supervisor *sup, const char *name, const maiko_topic *like, const maiko_topic **ret_topic)
{
	if (sup == NULL || like == NULL || ret_topic == NULL)
		return MK_NULL(sup, like, ret_topic);
	int rc = mk_topic_check("maiko_topic_with", like);
	if (rc != 0)
		return rc;
	if (!mk_overflow_valid(like->overflow))
		return mk_overflow_fail("topic", name == NULL ? "" : name, like->overflow);
	return topic_named(sup, name, like, ret_topic);
}

int maiko_topic_release(maiko_supervisor *sup, const maiko_topic *topic)
{
	if (sup == NULL || topic == NULL)
		return MK_NULL(sup, topic);
	if (mk_forked(sup))
		return mk_fail_forked();
	mk_lock(sup);
	int rc = mk_topic_release(sup, topic);
	mk_unlock(sup);
	return rc;
}

/* ---- event types ----------------------------------------------------------------- */

static int make_type(mk_sup *sup, const maiko_event_type *desc, uint32_t topic, mk_type **ret_type)
{
	if (sup->type_count >= MAIKO_EVENTS_MAX + MK_OWN_TYPES)
		return mk_fail(MAIKO_E2BIG, "event '%s': the supervisor has MAIKO_EVENTS_MAX event types, %d",
			       desc->layout->name, MAIKO_EVENTS_MAX);
	const mk_scribe *s = mk_scribe_of(sup);
	int rc = s == NULL || s->accept == NULL ? 0 : s->accept(s->arg, desc);
	if (rc == 0)
		rc = mk_segmented_array_reserve(&sup->types, sup->type_count);
	if (rc != 0)
		return rc;
	mk_type *t = rc == 0 ? MK_NEW(mk_type) : NULL;
	if (t == NULL)
		return MAIKO_ENOMEM;
	t->desc = desc;
	t->hash = maiko_layout_hash(desc->layout);
	t->index = sup->type_count;
	t->topic = topic;
	t->checked = desc->route != NULL || mk_record_at(sup, topic)->desc.check != NULL;
	mk_topic_pin(mk_record_at(sup, topic));
	t->size = desc->layout->size;
	t->buffer_count = mk_layout_buffers(desc->layout, t->buffers);
	t->counted = mk_layout_is_counted(desc->layout);
	t->plain = t->buffer_count == 0 && t->size <= MK_INLINE_MAX && !t->counted;
	t->size_class = t->plain ? mk_size_class_of(t->size) : 0;
	rc = mk_name_index_put(&sup->type_names, desc->layout->name, t->index);
	if (rc != 0) {
		mk_free(t);
		return rc;
	}
	mk_segmented_array_set(&sup->types, sup->type_count++, t);
	*ret_type = t;
	return 0;
}

/* For error texts. Topic 0: the event is routed by content. */
static const char *topic_text(mk_sup *sup, uint32_t topic)
{
	return topic == 0 ? "(by its content)" : mk_record_at(sup, topic)->desc.name;
}

int mk_registry_type_locked(mk_sup *sup, const maiko_event_type *desc, const mk_type **ret_type)
{
	uint32_t index;
	if (mk_slot_get(desc->slot, sup->serial, &index)) {
		*ret_type = mk_segmented_array_get(&sup->types, index);
		return 0;
	}
	int rc = mk_check_format("an event type", desc->format);
	if (rc == 0)
		rc = maiko_layout_check(desc->layout);
	if (rc != 0)
		return rc;
	const char *name = desc->layout->name;
	if ((desc->topic == NULL) == (desc->route == NULL))
		return mk_fail(MAIKO_EINVAL, "event '%s' has %s; it must have one of them", name,
			       desc->topic == NULL ? "neither a topic nor a route" : "a topic and a route");
	mk_record *r = desc->topic == &maiko_private_topic ? mk_record_at(sup, MK_PRIVATE_TOPIC) : NULL;
	if (desc->topic != NULL && r == NULL)
		rc = mk_registry_topic_locked(sup, desc->topic, &r);
	if (rc != 0)
		return rc;
	uint32_t topic = r == NULL ? 0 : r->index;
	mk_type *t = mk_name_index_get(&sup->type_names, name);
	if (t == NULL)
		rc = make_type(sup, desc, topic, &t);
	else if (t->hash != maiko_layout_hash(desc->layout))
		rc = mk_fail(MAIKO_ETYPE, "event '%s' has another layout elsewhere: %u bytes there, %u here", name,
			     t->size, desc->layout->size);
	else if (t->topic != topic)
		rc = mk_fail(MAIKO_EINVAL, "event '%s' is of topic %s elsewhere and of %s here; it must be one", name,
			     topic_text(sup, t->topic), topic_text(sup, topic));
	if (rc == 0) {
		mk_slot_set(desc->slot, sup->serial, t->index);
		*ret_type = t;
	}
	return rc;
}

int mk_reserved_fail(const mk_type *type, uint32_t topic)
{
	const char *name = type->desc->layout->name;
	if (topic == MK_PRIVATE_TOPIC)
		return mk_fail(MAIKO_EINVAL,
			       "event '%s' is of maiko_private_topic: an actor sends it to itself, by "
			       "maiko_send_self_after_ms",
			       name);
	return mk_fail(MAIKO_EINVAL, "event '%s' is for topic '%s', to which only the library sends", name,
		       mk_own_topics[topic - MK_LIFECYCLE_TOPIC]->name);
}

int mk_registry_type(mk_sup *sup, const maiko_event_type *desc, const mk_type **ret_type)
{
	if (desc == NULL)
		return mk_fail(MAIKO_EINVAL, "an event type is NULL");
	mk_lock(sup);
	int rc = mk_registry_type_locked(sup, desc, ret_type);
	mk_unlock(sup);
	return rc;
}

const maiko_event_type *maiko_event_named(maiko_supervisor *sup, const char *name)
{
	if (sup == NULL || name == NULL || mk_forked(sup))
		return NULL;
	mk_lock(sup);
	const mk_type *t = mk_name_index_get(&sup->type_names, name);
	mk_unlock(sup);
	return t == NULL ? NULL : t->desc;
}

/* ---- life ----------------------------------------------------------------------------- */

const maiko_subscription maiko_all_topics[] = {{.topic = NULL}};
const maiko_subscription maiko_no_topics[] = {{.topic = NULL}};

static uint64_t default_slot;
const maiko_topic maiko_default_topic = {.name = "default", .slot = &default_slot, .format = MAIKO_FORMAT};
const maiko_topic maiko_private_topic = {.name = "maiko.private", .format = MAIKO_FORMAT};

static const char *topic_name(const void *record) { return ((const mk_record *)record)->desc.name; }
static const char *type_name(const void *type) { return ((const mk_type *)type)->desc->layout->name; }

/* One that a user cannot name: a user's of that name is another. */
static int make_reserved(mk_sup *sup, const maiko_topic *desc)
{
	mk_record *r;
	int rc = make_record(sup, desc->name, desc, &r);
	if (rc == 0)
		mk_name_index_remove(&sup->topic_names, r->desc.name);
	return rc;
}

static int make_first(mk_sup *sup)
{
	static const maiko_topic all = {.name = "*", .overflow = MAIKO_BLOCK};
	mk_name_index_init(&sup->topic_names, &sup->topics, topic_name);
	mk_name_index_init(&sup->type_names, &sup->types, type_name);
	int rc = make_reserved(sup, &all);
	return rc != 0 ? rc : make_reserved(sup, &maiko_private_topic);
}

/* No lock is needed yet. */
static int make_own(mk_sup *sup)
{
	int rc = 0;
	mk_record *r;
	const mk_type *type;
	for (uint32_t i = 0; rc == 0 && i < sizeof mk_own_topics / sizeof mk_own_topics[0]; i++)
		rc = mk_registry_topic_locked(sup, mk_own_topics[i], &r);
	for (uint32_t i = 0; rc == 0 && i < MK_OWN_TYPES; i++)
		rc = mk_registry_type_locked(sup, mk_own_types[i], &type);
	sup->own_sender = rc == 0 ? mk_sender_new("maiko") : NULL;
	return rc == 0 && sup->own_sender == NULL ? MAIKO_ENOMEM : rc;
}

int mk_registry_init(mk_sup *sup)
{
	int rc = make_first(sup);
	return rc != 0 ? rc : make_own(sup);
}

void mk_registry_fini(mk_sup *sup)
{
	for (uint32_t i = 0; i < sup->topic_count; i++) {
		mk_record *r = mk_record_at(sup, i);
		mk_expected_drop(sup, r);
		mk_members_free(r->members);
		mk_free(r->interests);
		mk_free(r->desc.name);
		mk_free(r);
	}
	for (uint32_t i = 0; i < sup->type_count; i++)
		mk_free(mk_segmented_array_get(&sup->types, i));
	while (sup->classes != NULL) {
		mk_actor_class *c = sup->classes;
		sup->classes = c->next;
		mk_free(c);
	}
	mk_timers_fini(&sup->silence.timers);
	mk_free(sup->own_sender);
	mk_map_fini(&sup->class_of);
	mk_segmented_array_fini(&sup->topics);
	mk_segmented_array_fini(&sup->types);
	mk_patterns_fini(sup);
	mk_name_index_fini(&sup->topic_names);
	mk_name_index_fini(&sup->type_names);
}
