/*
 * target.h - where events go that are routed by content: a worker's view of a topic, by the topic's description.
 *
 * The route of such an event is a description. Its slot leads to an index, and the index to the view: four loads that
 * depend on each other, of as many cache lines. So each worker has a table of the descriptions that it has sent to:
 * open addressing by address, at most half full. An entry has the only subscriber too, like an mk_route.
 *
 * An address stands for one topic as long as the supervisor exists, unless that topic is given back: idle_topics.c
 * forgets the table of each worker before the batch decides whether a topic is unused.
 */
#ifndef MK_TARGET_H
#define MK_TARGET_H

#include "runtime/runtime.h"

/* A table without entries. */
extern mk_target mk_no_targets[1];

static inline uint64_t mk_target_hash(const mk_worker *w, const maiko_topic *desc)
{
	return (uint64_t)(uintptr_t)desc * UINT64_C(0x9e3779b97f4a7c15) >> w->target_shift;
}

/* The entry of a description, or NULL. If `desc` is NULL it may be a free entry, which has no topic. */
static inline mk_target *mk_target_of(const mk_worker *w, const maiko_topic *desc)
{
	for (uint64_t i = mk_target_hash(w, desc);; i++) {
		mk_target *at = &w->targets[i & w->target_mask];
		if (MK_LIKELY(at->desc == desc))
			return at;
		if (at->desc == NULL)
			return NULL;
	}
}

/* The entry at a guess (mk_actor.target), which may be that of another description or free. */
static inline mk_target *mk_target_at(const mk_worker *w, uint32_t guess)
{
	return (mk_target *)(void *)((char *)w->targets + (guess & w->target_span));
}
static inline uint32_t mk_target_guess(const mk_worker *w, const mk_target *target)
{
	return (uint32_t)((const char *)target - (const char *)w->targets);
}

/* Adds the entry of a description that has none; NULL without memory. Valid until the next one is added. */
mk_target *mk_target_add(mk_worker *w, const maiko_topic *desc, mk_topic *topic);

/* Removes all entries and frees the table. */
void mk_targets_forget(mk_worker *w);

#endif
