/*
 * keeper.h - the retained events of a topic (maiko_topic.retain), for those who join it later.
 *
 * Each such topic has a keeper on one worker, which its name decides; it never moves. It is counted in the topic's
 * interests from the moment at which the topic is made (topic.c, interest.c): so every view names that worker, and
 * whatever is published comes there, in each sender's order, by the same ways as to a subscriber. It is none: it
 * makes no delivery.
 *
 * What a joiner of change n is given is the state as of n: of each sender what it has sent before the change. From the
 * apply of such a change to its settling on this worker (mk_worker.splits) the keeper has two stores:
 *
 *   now    events sent under markers < n; when all markers have passed, these are all of them
 *   late   events sent under n, which the joiner gets itself; they go to `now` after the joiner's copy was made
 *
 * Both are bounded alike, by number and by bytes, and leave out the oldest. So `now` is always a continuous piece of
 * what has come, up to its end: if an event cannot be kept (it is larger than the bound, or there is no memory for its
 * copy) all before it are forgotten. By key (MAIKO_KEEP_LATEST) it is the last event of each type and key, the longest
 * unchanged first; one that cannot be kept takes its predecessor with it, so that no older value is told as the last.
 *
 * An event is kept as a copy on the heap, which belongs to no worker and holds its sender (departed.h). The slots are
 * allocated with the keeper.
 */
#ifndef MK_KEEPER_H
#define MK_KEEPER_H

#include "runtime/runtime.h"

typedef struct mk_kept_slot mk_kept_slot;

typedef struct mk_store {
	uint32_t first, last; /* by age: index + 1 of a slot; 0: none */
	uint32_t count;
	uint64_t bytes;
	bool cut;          /* of `late`: it has left out some, so nothing before them is wanted */
	uint32_t *buckets; /* by key: the first slot of each, + 1 */
} mk_store;

typedef struct mk_keeper {
	struct mk_keeper *next, **at; /* of the worker's */
	struct mk_keeper *next_late;  /* of those with something in `late` */
	mk_record *record;
	uint32_t worker; /* its index */
	uint32_t retain, mask;
	uint64_t most; /* bytes */
	bool by_key;
	mk_store now, late;
	uint32_t free;                       /* the first free slot, + 1 */
	mk_counter count, bytes, unretained; /* of `now`, and events that could not be kept; for a report */
	mk_kept_slot *slots;
} mk_keeper;

/* With the lock: makes the keeper of a topic that was made, or frees it. 0 or MAIKO_ENOMEM. */
int mk_keeper_make(mk_sup *sup, mk_record *r);
void mk_keeper_drop(mk_sup *sup, mk_record *r);

/* Frees those of a worker, before the memory of any worker's events is freed. */
void mk_keepers_fini(mk_worker *w);

/* Takes an event of the topic that was sent under `marker`; it may belong to another worker. On the keeper's worker. */
void mk_keeper_take(mk_worker *w, mk_keeper *k, const mk_event *e, uint64_t marker);

/* The change under way is settled on this worker: what is late is kept now. */
void mk_keepers_merge(mk_worker *w);

/* How many copies mk_keeper_copy makes at the most: a number of slots. */
static inline uint32_t mk_keeper_count(const mk_keeper *k) { return k->now.count; }

/* Copies what is kept now, the oldest first, marked as retained, to `to`; NULL where there was no memory. Returns how
 * many. */
uint32_t mk_keeper_copy(const mk_keeper *k, mk_event **to);

/* Whether an event may be left out for it where a channel is full: by the topic's policy, as for a subscriber. */
static inline bool mk_keeper_drops(const mk_keeper *k)
{
	maiko_overflow policy = k->record->desc.overflow;
	return policy == MAIKO_DROP_NEWEST || policy == MAIKO_DROP_OLDEST;
}

/* For a report: what the topic retains. */
static inline void mk_keeper_read(const mk_record *r, maiko_topic_row *to)
{
	if (r->keeper == NULL)
		return;
	to->retained = mk_count(&r->keeper->count);
	to->retained_bytes = mk_count(&r->keeper->bytes);
	to->unretained = mk_count(&r->keeper->unretained);
}

/* The keeper of a topic if it is on that worker, else NULL. */
static inline mk_keeper *mk_keeper_here(const mk_worker *w, const mk_record *r)
{
	return MK_LIKELY(r->keeper == NULL) || r->keeper->worker != w->index ? NULL : r->keeper;
}

#endif
