/*
 * keeper.c - see keeper.h.
 *
 * The slots are shared by the two stores, of which each has `retain` at the most. Those of a store are in a list by
 * age; by key they are in a hash table besides, with chains. Of a key that was forgotten since the change the late
 * store has a slot without an event.
 */
#include "registry/keeper.h"

#include "base/memory.h"
#include "registry/interest.h"

#include <maiko/error.h>

struct mk_kept_slot {
	mk_event *event; /* NULL: the key is forgotten */
	const mk_type *type;
	uint64_t key, bytes;
	uint32_t next, prev; /* in its store, or (next) of the free ones: index + 1 */
	uint32_t chain;      /* in its bucket */
};

/* ---- slots ------------------------------------------------------------------------------------ */

static mk_kept_slot *at(const mk_keeper *k, uint32_t place) { return &k->slots[place - 1]; }
static uint32_t place_of(const mk_keeper *k, const mk_kept_slot *s) { return (uint32_t)(s - k->slots) + 1; }

static uint32_t *bucket_of(const mk_keeper *k, const mk_store *store, const mk_type *type, uint64_t key)
{
	uint64_t h = (key ^ (uint64_t)type->index << 32) * UINT64_C(0x9e3779b97f4a7c15);
	return &store->buckets[(uint32_t)(h >> 32) & k->mask];
}

static mk_kept_slot *find(const mk_keeper *k, const mk_store *store, const mk_type *type, uint64_t key)
{
	for (uint32_t place = *bucket_of(k, store, type, key); place != 0; place = at(k, place)->chain)
		if (at(k, place)->type == type && at(k, place)->key == key)
			return at(k, place);
	return NULL;
}

static void link_last(mk_keeper *k, mk_store *store, mk_kept_slot *s)
{
	uint32_t place = place_of(k, s);
	s->next = 0;
	s->prev = store->last;
	*(store->last == 0 ? &store->first : &at(k, store->last)->next) = place;
	store->last = place;
	store->count++;
	store->bytes += s->bytes;
	if (!k->by_key)
		return;
	uint32_t *bucket = bucket_of(k, store, s->type, s->key);
	s->chain = *bucket;
	*bucket = place;
}

static void take_out(mk_keeper *k, mk_store *store, mk_kept_slot *s)
{
	*(s->prev == 0 ? &store->first : &at(k, s->prev)->next) = s->next;
	*(s->next == 0 ? &store->last : &at(k, s->next)->prev) = s->prev;
	store->count--;
	store->bytes -= s->bytes;
	if (!k->by_key)
		return;
	uint32_t *link = bucket_of(k, store, s->type, s->key);
	while (*link != place_of(k, s))
		link = &at(k, *link)->chain;
	*link = s->chain;
}

static void free_slot(mk_keeper *k, mk_kept_slot *s)
{
	if (s->event != NULL)
		mk_event_unref(NULL, s->event);
	s->event = NULL;
	s->next = k->free;
	k->free = place_of(k, s);
}

static void leave_out(mk_keeper *k, mk_store *store, mk_kept_slot *s)
{
	take_out(k, store, s);
	free_slot(k, s);
}

static void clear(mk_keeper *k, mk_store *store)
{
	while (store->first != 0)
		leave_out(k, store, at(k, store->first));
}

/* Leaves out as many of the oldest as one of so many bytes needs. */
static void make_room(mk_keeper *k, mk_store *store, uint64_t bytes)
{
	while (store->count == k->retain || (store->count != 0 && store->bytes + bytes > k->most)) {
		leave_out(k, store, at(k, store->first));
		store->cut = true;
	}
}

static void tell(mk_keeper *k)
{
	atomic_store_explicit(&k->count, k->now.count, memory_order_relaxed);
	atomic_store_explicit(&k->bytes, k->now.bytes, memory_order_relaxed);
}

/* ---- taking events ----------------------------------------------------------------------------- */

static uint64_t key_of(const mk_keeper *k, const mk_event *e)
{
	const maiko_topic *desc = &k->record->desc;
	return !k->by_key || desc->key == NULL ? 0 : desc->key(&(maiko_any){e->type->desc, e->data});
}

/* Of its payload and its buffers. */
static uint64_t bytes_of(const mk_event *e)
{
	return (e->type->size <= MK_INLINE_MAX ? e->type->size : 0) + mk_event_weight(e);
}

/* Whether an event is sent since the change under way, which some joiner waits for. */
static bool is_late(const mk_worker *w, uint64_t marker) { return w->splits && marker >= w->marker; }

/* The predecessors of an event go: those of its key, or of one that is not kept all. Whether it needs a slot. */
static bool replace(mk_keeper *k, mk_store *store, const mk_event *e, uint64_t key, bool kept)
{
	if (!k->by_key && !kept) {
		clear(k, store);
		store->cut = true;
		return false;
	}
	mk_kept_slot *before = k->by_key ? find(k, store, e->type, key) : NULL;
	if (before != NULL)
		leave_out(k, store, before);
	return kept || store == &k->late;
}

void mk_keeper_take(mk_worker *w, mk_keeper *k, const mk_event *e, uint64_t marker)
{
	mk_store *store = is_late(w, marker) ? &k->late : &k->now;
	uint64_t key = key_of(k, e), bytes = bytes_of(e);
	mk_event *copy = bytes > k->most ? NULL : mk_event_copy(NULL, e);
	if (copy == NULL) {
		mk_count_add(&k->unretained, 1);
		bytes = 0;
	}
	if (store == &k->late && store->count == 0 && !store->cut) {
		k->next_late = w->late;
		w->late = k;
	}
	if (replace(k, store, e, key, copy != NULL)) {
		make_room(k, store, bytes);
		mk_kept_slot *s = at(k, k->free);
		k->free = s->next;
		*s = (mk_kept_slot){.event = copy, .type = e->type, .key = key, .bytes = bytes};
		link_last(k, store, s);
	}
	tell(k);
}

static void merge(mk_keeper *k)
{
	if (k->late.cut)
		clear(k, &k->now);
	k->late.cut = false;
	while (k->late.first != 0) {
		mk_kept_slot *s = at(k, k->late.first);
		take_out(k, &k->late, s);
		mk_kept_slot *before = k->by_key ? find(k, &k->now, s->type, s->key) : NULL;
		if (before != NULL)
			leave_out(k, &k->now, before);
		if (s->event == NULL) {
			free_slot(k, s);
			continue;
		}
		make_room(k, &k->now, s->bytes);
		link_last(k, &k->now, s);
	}
	tell(k);
}

void mk_keepers_merge(mk_worker *w)
{
	for (mk_keeper *k; (k = w->late) != NULL;) {
		w->late = k->next_late;
		merge(k);
	}
	w->splits = false;
}

uint32_t mk_keeper_copy(const mk_keeper *k, mk_event **to)
{
	uint32_t count = 0;
	for (uint32_t place = k->now.first; place != 0; place = at(k, place)->next) {
		mk_event *copy = mk_event_copy(NULL, at(k, place)->event);
		if (copy != NULL)
			copy->size_class |= MK_SIZE_CLASS_RETAINED;
		to[count++] = copy;
	}
	return count;
}

/* ---- making and freeing one ---------------------------------------------------------------------- */

/* The same in each process and each replay, as the index of a topic need not be: FNV-1a, 32 bits. */
static uint32_t worker_of(const mk_sup *sup, const char *name)
{
	uint32_t h = 2166136261u;
	for (; *name != '\0'; name++)
		h = (h ^ (unsigned char)*name) * 16777619u;
	return h % sup->options.workers;
}

static void free_all(mk_keeper *k)
{
	clear(k, &k->now);
	clear(k, &k->late);
	mk_free(k->now.buckets);
	mk_free(k->slots);
	mk_free(k);
}

/* The slots, all free; by key the buckets of both stores. */
static int make_slots(mk_keeper *k)
{
	uint32_t buckets = 1;
	while (buckets < k->retain)
		buckets *= 2;
	k->mask = buckets - 1;
	k->slots = mk_calloc((size_t)k->retain * 2, sizeof *k->slots);
	k->now.buckets = k->by_key && k->slots != NULL ? mk_calloc((size_t)buckets * 2, sizeof(uint32_t)) : NULL;
	if (k->slots == NULL || (k->by_key && k->now.buckets == NULL))
		return MAIKO_ENOMEM;
	if (k->by_key)
		k->late.buckets = k->now.buckets + buckets;
	for (uint32_t place = k->retain * 2; place > 0; place--)
		free_slot(k, at(k, place));
	return 0;
}

int mk_keeper_make(mk_sup *sup, mk_record *r)
{
	mk_keeper *k = MK_NEW(mk_keeper);
	if (k == NULL)
		return MAIKO_ENOMEM;
	k->record = r;
	k->worker = worker_of(sup, r->desc.name);
	k->retain = r->desc.retain;
	k->most = (uint64_t)(r->desc.retain_kib != 0 ? r->desc.retain_kib : MAIKO_RETAIN_KIB) * 1024;
	k->by_key = r->desc.overflow == MAIKO_KEEP_LATEST;
	mk_interest *interest = make_slots(k) == 0 ? mk_record_interest(r, k->worker) : NULL;
	if (interest == NULL) {
		free_all(k);
		return MAIKO_ENOMEM;
	}
	interest->subscribers++;
	interest->droppers += mk_keeper_drops(k);
	r->keeper = k;
	MK_LIST_PUSH(&mk_worker_at(sup, k->worker)->keepers, k);
	sup->keeper_count++;
	return 0;
}

void mk_keeper_drop(mk_sup *sup, mk_record *r)
{
	if (r->keeper == NULL)
		return;
	MK_LIST_REMOVE(r->keeper);
	sup->keeper_count--;
	free_all(r->keeper);
	r->keeper = NULL;
}

void mk_keepers_fini(mk_worker *w)
{
	while (w->keepers != NULL)
		mk_keeper_drop(w->sup, w->keepers->record);
}
