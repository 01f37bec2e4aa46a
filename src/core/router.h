/*
 * router.h - where an event goes: by pointer to each subscriber on its worker, and as
 * one channel entry to each other worker that has any.
 */
#ifndef MK_ROUTER_H
#define MK_ROUTER_H

#include "runtime.h"

/* The route of a type on this worker, asking the registry the first time. */
int mk_route_find(mk_worker *w, const maiko_event_type *desc, mk_route *ret_route);

/* The topic of an event that is routed by content. 0, MAIKO_EINVAL, MAIKO_ENOMEM. */
int mk_route_by_content(mk_worker *w, const mk_type *type, const void *value, mk_topic **ret_topic);

/* Opens the channels that an event of this topic needs, so that publishing it cannot
 * fail half-way. 0 or MAIKO_ENOMEM. */
int mk_router_prepare(mk_worker *w, const mk_topic *t);

/* Gives id and time to an event about to be sent by `sender`, as a child of what the
 * worker is handling (or of its cause) unless `root`. */
void mk_event_stamp(mk_worker *w, mk_event *e, mk_sender *sender, mk_topic *t, bool root);

/* Publishes a stamped event of this worker's; takes it. Precondition: prepared. */
void mk_publish(mk_worker *w, mk_event *e);

/* Fans out an entry taken from a channel, under that channel's marker. */
void mk_publish_taken(mk_worker *w, const mk_event *from, uint64_t marker);

/* Sends a marker to every worker there is a channel to; returns to how many. */
uint32_t mk_router_mark(mk_worker *w, uint64_t number);

/* Takes back what the others have acknowledged, moves spills on, releases whom a full
 * channel muted, makes entries visible, and wakes who sleeps. Returns whether a spill
 * is left. */
bool mk_router_flush(mk_worker *w);

#endif
