/*
 * route.c - see route.h.
 */
#include "routing/route.h"

#include "registry/named.h"
#include "registry/target.h"
#include "registry/topic.h"

int mk_route_learn(mk_worker *w, const maiko_event_type *desc, mk_route **ret_route)
{
	const mk_type *type;
	int rc = mk_registry_type(w->sup, desc, &type);
	if (rc == 0 && mk_topic_is_reserved(type->topic))
		rc = mk_reserved_fail(type, type->topic);
	if (rc != 0)
		return rc;
	uint32_t size = w->route_size;
	rc = mk_reserve((void **)&w->routes, &w->route_size, type->index + 1, sizeof *w->routes);
	if (rc != 0)
		return rc;
	w->recent_desc = NULL;
	for (; size < w->route_size; size++)
		w->routes[size] = (mk_route){.type = NULL};
	mk_route route = {.type = type};
	if (desc->topic != NULL && (route.topic = mk_topic_here(w, type->topic)) == NULL)
		return MAIKO_ENOMEM;
	w->routes[type->index] = route;
	*ret_route = &w->routes[type->index];
	return 0;
}

MK_NOINLINE int mk_target_learn(mk_worker *w, const mk_type *type, const maiko_topic *desc, mk_topic **ret_topic)
{
	uint32_t index;
	int rc = mk_registry_topic_index(w->sup, desc, &index);
	if (rc != 0)
		return desc == NULL ? mk_route_fail(type) : rc;
	if (mk_topic_is_reserved(index))
		return mk_reserved_fail(type, index);
	*ret_topic = mk_topic_here(w, index);
	if (*ret_topic == NULL)
		return MAIKO_ENOMEM;
	(void)mk_target_add(w, desc, *ret_topic); /* without memory the next send comes here too */
	return 0;
}

int mk_target_find(mk_worker *w, const mk_type *type, const maiko_topic *desc, mk_topic **ret_topic)
{
	const mk_target *target = mk_target_of(w, desc);
	if (target == NULL || target->topic == NULL)
		return mk_target_learn(w, type, desc, ret_topic);
	*ret_topic = target->topic;
	return 0;
}

int mk_route_by_content(mk_worker *w, const mk_type *type, const void *value, mk_topic **ret_topic)
{
	return mk_target_find(w, type, type->desc->route(value, w->sup), ret_topic);
}
