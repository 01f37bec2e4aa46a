/*
 * route.h - the topic of an event on this worker: that of its type, by its content, or that its send names.
 */
#ifndef MK_ROUTE_H
#define MK_ROUTE_H

#include "registry/registry.h"

/* Makes the route of a type on this worker, from the registry. The pointer is valid until the next
 * mk_route_learn. */
int mk_route_learn(mk_worker *w, const maiko_event_type *desc, mk_route **ret_route);

/* The route if the worker has it, else NULL. */
static inline mk_route *mk_route_known(mk_worker *w, const maiko_event_type *desc)
{
	uint32_t index;
	bool known = mk_slot_get(desc->slot, w->serial, &index) && index < w->route_size;
	mk_route *route = &w->routes[index];
	return MK_LIKELY(known && route->type != NULL) ? route : NULL;
}

static inline int mk_route_find(mk_worker *w, const maiko_event_type *desc, mk_route **ret_route)
{
	*ret_route = mk_route_known(w, desc);
	return MK_LIKELY(*ret_route != NULL) ? 0 : mk_route_learn(w, desc, ret_route);
}

/* The topic of an event that is routed by content. 0, MAIKO_EINVAL, MAIKO_ENOMEM. find: `desc` is what its route has
 * returned; learn: and the worker has no target of it. */
MK_NOINLINE int mk_target_learn(mk_worker *w, const mk_type *type, const maiko_topic *desc, mk_topic **ret_topic);
int mk_target_find(mk_worker *w, const mk_type *type, const maiko_topic *desc, mk_topic **ret_topic);
int mk_route_by_content(mk_worker *w, const mk_type *type, const void *value, mk_topic **ret_topic);

#endif
