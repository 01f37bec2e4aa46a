/*
 * own.c - see own.h.
 */
#include "registry/own.h"

#include "base/error.h"

#include <maiko/lifecycle.h>
#include <string.h>

/* ---- topics ---------------------------------------------------------------------------------- */

/* Ends and restarts begin with the actor's id. */
static uint64_t actor_of(const maiko_any *any)
{
	maiko_actor_id id;
	memcpy(&id, any->data, sizeof id);
	return id;
}
_Static_assert(offsetof(maiko_ended, actor) == 0 && offsetof(maiko_restarted, actor) == 0, "each has its actor first");

static uint64_t slots[MK_OWN_TOPICS_END - MK_LIFECYCLE_TOPIC];
const maiko_topic maiko_lifecycle_topic = {.name = "maiko.lifecycle",
					   .overflow = MAIKO_KEEP_LATEST,
					   .key = actor_of,
					   .slot = &slots[0],
					   .format = MAIKO_FORMAT};
const maiko_topic maiko_groups_topic = {
	.name = "maiko.groups", .overflow = MAIKO_DROP_OLDEST, .slot = &slots[1], .format = MAIKO_FORMAT};
const maiko_topic maiko_dead_letters_topic = {
	.name = "maiko.dead_letters", .overflow = MAIKO_DROP_OLDEST, .slot = &slots[2], .format = MAIKO_FORMAT};
const maiko_topic maiko_stuck_topic = {
	.name = "maiko.stuck", .overflow = MAIKO_DROP_OLDEST, .slot = &slots[3], .format = MAIKO_FORMAT};
const maiko_topic maiko_silent_topic = {
	.name = "maiko.silent", .overflow = MAIKO_DROP_OLDEST, .slot = &slots[4], .format = MAIKO_FORMAT};

const maiko_topic *const mk_own_topics[] = {&maiko_lifecycle_topic, &maiko_groups_topic, &maiko_dead_letters_topic,
					    &maiko_stuck_topic, &maiko_silent_topic};

/* ---- event types ----------------------------------------------------------------------------- */

/* No macro of a user needs these: nobody else sends them. */
MAIKO_STRUCT_DECLARE(maiko_id);
MAIKO_STRUCT_DECLARE(maiko_ended);
MAIKO_STRUCT_DECLARE(maiko_restarted);
MAIKO_STRUCT_DECLARE(maiko_group_failed);
MAIKO_STRUCT_DECLARE(maiko_dead_letter);
MAIKO_STRUCT_DECLARE(maiko_stuck);
MAIKO_STRUCT_DECLARE(maiko_silent);

MAIKO_STRUCT_DEFINE(maiko_id, origin, sequence);
MAIKO_EVENT_DEFINE(maiko_ended, maiko_lifecycle_topic, actor, name, type, MAIKO_ENUM(reason), error, restarts, worker);
MAIKO_EVENT_DEFINE(maiko_restarted, maiko_lifecycle_topic, actor, name, error, restarts);
MAIKO_EVENT_DEFINE(maiko_group_failed, maiko_groups_topic, group, name, actor, actor_name, error, restarts, within_ms);
MAIKO_EVENT_DEFINE(maiko_dead_letter, maiko_dead_letters_topic, event, topic, sender, MAIKO_NESTED(id, maiko_id),
		   MAIKO_NESTED(parent, maiko_id), MAIKO_NESTED(correlation, maiko_id), timestamp_ns,
		   origin_timestamp_ns, actor, name, MAIKO_ENUM(reason), error, attempts, worker, content);
MAIKO_EVENT_DEFINE(maiko_stuck, maiko_stuck_topic, actor, name, event, ms, worker, actors);
MAIKO_EVENT_DEFINE(maiko_silent, maiko_silent_topic, topic, ms, every_ms, again);

const maiko_event_type *const mk_own_types[] = {
	[MK_TYPE_ENDED] = &maiko_gen_event_maiko_ended,
	[MK_TYPE_RESTARTED] = &maiko_gen_event_maiko_restarted,
	[MK_TYPE_GROUP_FAILED] = &maiko_gen_event_maiko_group_failed,
	[MK_TYPE_DEAD_LETTER] = &maiko_gen_event_maiko_dead_letter,
	[MK_TYPE_STUCK] = &maiko_gen_event_maiko_stuck,
	[MK_TYPE_SILENT] = &maiko_gen_event_maiko_silent,
};

int mk_own_policy(uint32_t topic, maiko_overflow overflow, const char *who)
{
	if (overflow != MAIKO_BLOCK && overflow != MAIKO_FAIL)
		return 0;
	return mk_fail(MAIKO_EINVAL,
		       "%s: topic '%s' with .overflow %s: what the library tells waits for nobody and fails nobody; "
		       "another policy, or none for the topic's",
		       who, mk_own_topics[topic - MK_LIFECYCLE_TOPIC]->name,
		       overflow == MAIKO_BLOCK ? "MAIKO_BLOCK" : "MAIKO_FAIL");
}
