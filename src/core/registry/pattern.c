/*
 * pattern.c - see pattern.h.
 */
#include "registry/pattern.h"

#include "base/error.h"
#include "registry/registry.h"

#include <string.h>

/* ---- texts ------------------------------------------------------------------------------------ */

/* Why a text is no good pattern; NULL: it is one. */
static const char *fault_of(const char *name)
{
	for (;;) {
		size_t length = strcspn(name, ".");
		if (length == 0)
			return "it has an empty token, between two dots or at an end";
		if (length == 1 && *name == '>' && name[1] != '\0')
			return "'>' stands for the rest of a name, so it must be the last token";
		if (name[length] == '\0')
			return NULL;
		name += length + 1;
	}
}

int mk_pattern_check(const char *what, const maiko_topic *desc)
{
	const char *fault = fault_of(desc->name);
	if (fault != NULL)
		return mk_fail(MAIKO_EINVAL, "%s: pattern '%s': %s", what, desc->name, fault);
	if (desc->overflow != MAIKO_OVERFLOW_DEFAULT || desc->key != NULL || desc->check != NULL || desc->ttl_ms != 0 ||
	    desc->expect_every_ms != 0 || desc->retain != 0)
		return mk_fail(MAIKO_EINVAL,
			       "%s: pattern '%s' has policies of a topic; it takes those of the topics that it matches",
			       what, desc->name);
	return 0;
}

int mk_pattern_fail(const char *what, const char *name)
{
	return mk_fail(
		MAIKO_EINVAL,
		"%s: '%s' is a pattern, since a token '*' or '>' stands for others; actors subscribe to patterns "
		"(MAIKO_LIKE), but no event is of one",
		what, name);
}

/* ---- records ---------------------------------------------------------------------------------- */

bool mk_record_is_matched(const mk_record *r) { return r->index >= MK_OWN_TOPICS_END && !r->attaches; }

bool mk_record_takes(const mk_record *r, const mk_record *topic)
{
	return r == topic ||
	       (r->attaches && mk_record_is_matched(topic) && mk_names_meet(r->desc.name, topic->desc.name));
}

static bool records_meet(const mk_record *one, const mk_record *other)
{
	return mk_record_takes(one, other) || mk_record_takes(other, one) ||
	       (one->attaches && other->attaches && mk_names_meet(one->desc.name, other->desc.name));
}

bool mk_places_overlap(mk_sup *sup, mk_actor *a)
{
	enum { FEW = 32 };
	uint32_t count = a->place_count;
	const mk_subscription *places = mk_subscriptions_at(&a->places, count);
	for (uint32_t i = 0; a->patterned && i < count; i++) {
		const mk_record *r = mk_record_at(sup, places[i].topic);
		if (count > FEW)
			return true;
		for (uint32_t k = 0; r->attaches && k < count; k++)
			if (k != i && records_meet(r, mk_record_at(sup, places[k].topic)))
				return true;
	}
	return false;
}

/* All topics there are. 0 or MAIKO_ENOMEM. */
static int enter_topics(mk_sup *sup)
{
	int rc = 0;
	for (uint32_t i = MK_OWN_TOPICS_END; rc == 0 && i < sup->topic_count; i++) {
		mk_record *r = mk_record_at(sup, i);
		if (r->desc.name != NULL && !r->attaches && r->entry.node == NULL)
			rc = mk_trie_add(&sup->patterns.topics, &r->entry, r->desc.name);
	}
	return rc;
}

static void leave_topics(mk_sup *sup)
{
	for (uint32_t i = MK_OWN_TOPICS_END; i < sup->topic_count; i++)
		mk_record_at(sup, i)->entry.node = NULL;
	mk_trie_fini(&sup->patterns.topics);
}

int mk_pattern_enter(mk_sup *sup, mk_record *r)
{
	mk_patterns *p = &sup->patterns;
	if (!r->attaches)
		return p->count == 0 || !mk_record_is_matched(r) ? 0 : mk_trie_add(&p->topics, &r->entry, r->desc.name);
	int rc = p->count == 0 ? enter_topics(sup) : 0;
	if (rc == 0)
		rc = mk_trie_add(&p->patterns, &r->entry, r->desc.name);
	p->count += rc == 0;
	if (p->count == 0)
		leave_topics(sup);
	return rc;
}

void mk_pattern_leave(mk_sup *sup, mk_record *r)
{
	mk_patterns *p = &sup->patterns;
	if (!r->attaches) {
		mk_trie_remove(&p->topics, &r->entry);
		return;
	}
	mk_trie_remove(&p->patterns, &r->entry);
	if (--p->count == 0)
		leave_topics(sup);
}

static int add_listeners(void *arg, mk_trie_entry *entry)
{
	mk_record *r = arg;
	r->all.listeners += mk_record_of_entry(entry)->all.listeners; /* that of a share group has none of its own */
	return 0;
}

int mk_pattern_watch(mk_sup *sup, mk_record *r)
{
	if (r->watched.node != NULL || !mk_record_is_matched(r))
		return 0;
	int rc = mk_trie_add(&sup->patterns.watched, &r->watched, r->desc.name);
	return rc != 0 ? rc : mk_patterns_meeting(sup, r->desc.name, add_listeners, r);
}

void mk_patterns_fini(mk_sup *sup)
{
	mk_trie_fini(&sup->patterns.topics);
	mk_trie_fini(&sup->patterns.patterns);
	mk_trie_fini(&sup->patterns.watched);
}

/* ---- which have subscribers -------------------------------------------------------------------- */

void mk_pattern_turn(mk_sup *sup, mk_record *r, bool more)
{
	bool turns = more ? r->subscribers++ == 0 : --r->subscribers == 0;
	if (!turns || r->changed)
		return;
	r->changed = true;
	r->next_changed = sup->patterns.changed;
	sup->patterns.changed = r;
}

void mk_patterns_forget(mk_sup *sup)
{
	mk_record *r;
	while ((r = sup->patterns.changed) != NULL) {
		sup->patterns.changed = r->next_changed;
		r->changed = false;
	}
}
