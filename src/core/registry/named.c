/*
 * named.c - see named.h.
 */
#include "registry/named.h"

#include "base/error.h"
#include "ds/name_index.h"

#include <string.h>

const maiko_topic *maiko_route_named_(const void *event, maiko_supervisor *sup)
{
	(void)event;
	(void)sup;
	return NULL;
}

int mk_named_lookup(mk_sup *sup, const char *name, const maiko_topic **ret_topic)
{
	int rc = maiko_topic_named(sup, name, ret_topic);
	return rc != 0 ? rc : maiko_topic_release(sup, *ret_topic);
}

/* No key of a map is 0. */
static uint64_t key_of(const char *name) { return mk_name_hash(name) | 1; }

int mk_named_find(mk_worker *w, const char *name, const maiko_topic **ret_topic)
{
	uint64_t key = key_of(name);
	*ret_topic = mk_map_get(&w->named, key);
	if (MK_LIKELY(*ret_topic != NULL) && MK_LIKELY(strcmp((*ret_topic)->name, name) == 0))
		return 0;
	bool free = *ret_topic == NULL;
	int rc = mk_named_lookup(w->sup, name, ret_topic);
	if (rc == 0 && free)
		(void)mk_map_put(&w->named, key, mk_map_key(*ret_topic)); /* or, without memory, the next time */
	return rc;
}

int mk_named_check(const mk_type *type)
{
	if (type->desc->route != NULL)
		return 0;
	return mk_fail(MAIKO_EINVAL,
		       "maiko_send_on: event '%s' is of topic '%s' wherever it is sent; MAIKO_EVENT_NAMED and "
		       "MAIKO_EVENT_ROUTED make events whose topic a send may name",
		       type->desc->layout->name, type->desc->topic->name);
}

int mk_route_fail(const mk_type *type)
{
	const char *name = type->desc->layout->name;
	if (type->desc->route == maiko_route_named_)
		return mk_fail(MAIKO_EINVAL, "event '%s' has no topic of its own: maiko_send_on names one", name);
	return mk_fail(MAIKO_EINVAL, "event '%s': the function that routes it returned NULL; it must return a topic",
		       name);
}
