/*
 * check.h - the .check of a topic (maiko/topic.h): whether an event may be sent there.
 *
 * It is called where a send is accepted, on the sender's thread, before anything was counted or changed. A topic with a
 * check is not plain (router.h), so a send to any other pays nothing for it.
 */
#ifndef MK_CHECK_H
#define MK_CHECK_H

#include "registry/registry.h"

/* 0; or MAIKO_EINVAL, with its text, and counted: the topic refuses the event. */
MK_NOINLINE int mk_check_event(mk_record *r, const mk_type *type, const void *value);

/* The same, if the topic has a check: by its record, and by a worker's view of it. */
static inline int mk_check_for(mk_record *r, const mk_type *type, const void *value)
{
	return MK_LIKELY(r->desc.check == NULL) ? 0 : mk_check_event(r, type, value);
}
static inline int mk_check(const mk_topic *t, const mk_type *type, const void *value)
{
	return MK_LIKELY(!t->checked) ? 0 : mk_check_event(t->record, type, value);
}

/* Of an event that an actor sends to itself: by the topic of its type, which may be routed by content and have none. */
static inline int mk_check_own(mk_sup *sup, const mk_type *type, const void *value)
{
	return type->desc->topic == NULL ? 0 : mk_check_for(mk_record_at(sup, type->topic), type, value);
}

/* 0, or MAIKO_EINVAL: the topic was compiled with headers that this library does not support, or a number is out of its
 * bounds. `what` begins the text. */
int mk_topic_check(const char *what, const maiko_topic *desc);

/* Whether two definitions of a topic have other times, or retain other numbers; then the error text says which. */
bool mk_numbers_disagree(const maiko_topic *elsewhere, const maiko_topic *here);

#endif
