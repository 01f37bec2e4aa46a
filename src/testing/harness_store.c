/*
 * harness_store.c - the store of records; harness.h says how it is read concurrently.
 */
#include "event/layout.h"
#include "harness.h"

#include <stdlib.h>
#include <string.h>

/* ---- notes --------------------------------------------------------------------------- */

/* Chunk k has FIRST * 2^k notes, from index FIRST * (2^k - 1). */
static uint32_t chunk_of(uint64_t place, uint64_t *ret_offset)
{
	uint64_t nth = place / MT_CHUNK_FIRST + 1;
	uint32_t k = 63 - (uint32_t)__builtin_clzll(nth);
	*ret_offset = place - MT_CHUNK_FIRST * ((UINT64_C(1) << k) - 1);
	return k;
}

const mt_note *mt_store_note(const mt_store *store, uint64_t place)
{
	uint64_t offset;
	uint32_t k = chunk_of(place, &offset);
	return &store->chunks[k][offset];
}

/* Adds a zeroed note at the end, not visible to readers yet. NULL: no memory. */
static mt_note *note_new(mt_store *store)
{
	uint64_t offset, place = atomic_load_explicit(&store->count, memory_order_relaxed);
	uint32_t k = chunk_of(place, &offset);
	if (k >= MT_CHUNKS)
		return NULL;
	if (store->chunks[k] == NULL)
		store->chunks[k] = calloc((size_t)MT_CHUNK_FIRST << k, sizeof(mt_note));
	return store->chunks[k] == NULL ? NULL : &store->chunks[k][offset];
}

/* ---- names of actors -------------------------------------------------------------------- */

static char **place_of_name(char **names, size_t size, const char *name)
{
	uint64_t h = 0;
	for (const char *c = name; *c != 0; c++)
		h = (h ^ (unsigned char)*c) * UINT64_C(0x9e3779b97f4a7c15);
	size_t i = (size_t)(h >> 32);
	while (names[i & (size - 1)] != NULL && strcmp(names[i & (size - 1)], name) != 0)
		i++;
	return &names[i & (size - 1)];
}

static bool make_room_for_name(mt_store *store)
{
	if (store->name_count < store->name_size / 2)
		return true;
	size_t size = store->name_size == 0 ? 64 : store->name_size * 2;
	char **names = calloc(size, sizeof *names);
	if (names == NULL)
		return false;
	for (size_t i = 0; i < store->name_size; i++)
		if (store->names[i] != NULL)
			*place_of_name(names, size, store->names[i]) = store->names[i];
	free(store->names);
	store->names = names;
	store->name_size = size;
	return true;
}

/* The permanent copy of the name, always the same one. NULL: no memory. */
static const char *keep_name(mt_store *store, const char *name)
{
	if (!make_room_for_name(store))
		return NULL;
	char **at = place_of_name(store->names, store->name_size, name);
	if (*at == NULL && (*at = strdup(name)) != NULL)
		store->name_count++;
	return *at;
}

/* ---- events ----------------------------------------------------------------------------- */

static size_t hash_of(maiko_id id)
{
	uint64_t z = (id.origin ^ id.sequence) * UINT64_C(0x9e3779b97f4a7c15);
	return (size_t)(z ^ z >> 32);
}

static mt_event *find(const mt_store *store, maiko_id id)
{
	if (store->table_size == 0)
		return NULL;
	mt_event *e = store->table[hash_of(id) & (store->table_size - 1)];
	while (e != NULL && !maiko_id_equal(e->envelope.id, id))
		e = e->next_of_hash;
	return e;
}

mt_event *mt_store_find(maiko_harness *h, maiko_id id)
{
	uv_mutex_lock(&h->mutex);
	mt_event *e = find(&h->store, id);
	uv_mutex_unlock(&h->mutex);
	return e;
}

static void enter(mt_event **table, size_t size, mt_event *e)
{
	mt_event **at = &table[hash_of(e->envelope.id) & (size - 1)];
	e->next_of_hash = *at;
	*at = e;
}

static bool make_room(mt_store *store)
{
	if (store->event_count < store->table_size)
		return true;
	size_t size = store->table_size == 0 ? 1024 : store->table_size * 2;
	mt_event **table = calloc(size, sizeof(mt_event *));
	if (table == NULL)
		return false;
	for (mt_event *e = store->events; e != NULL; e = e->next_of_all)
		enter(table, size, e);
	free(store->table);
	store->table = table;
	store->table_size = size;
	return true;
}

/* Calls the function for each buffer in a struct. */
static void each_buffer(const maiko_layout *layout, const unsigned char *data,
			maiko_buffer *(*call)(const maiko_buffer *buffer))
{
	for (const maiko_field *f = layout->fields; f->name != NULL; f++) {
		const maiko_buffer *buffer;
		if (f->kind == MAIKO_KIND_BUFFER) {
			memcpy(&buffer, data + f->offset, sizeof buffer);
			call(buffer);
		} else if (f->kind == MAIKO_KIND_STRUCT) {
			for (uint32_t i = 0; i < mk_field_elements(f); i++)
				each_buffer(f->nested, data + f->offset + (size_t)i * f->nested->size, call);
		}
	}
}

static void link_to_parent(mt_store *store, mt_event *e)
{
	mt_event *parent = find(store, e->envelope.parent);
	if (parent == NULL && e->envelope.injected) /* its parent was seen elsewhere only */
		parent = find(store, e->envelope.correlation);
	if (parent == NULL || parent == e) /* an injected event may name itself */
		return;
	e->parent = parent;
	_Atomic(mt_event *) *at = parent->last_child == NULL ? &parent->first_child : &parent->last_child->next_sibling;
	parent->last_child = e;
	atomic_store_explicit(at, e, memory_order_release);
}

static mt_event *event_new(maiko_harness *h, const maiko_observation *observation)
{
	mt_store *store = &h->store;
	const maiko_layout *layout = observation->event->type->layout;
	const char *sender = keep_name(store, observation->event->sender);
	mt_event *e = sender != NULL && make_room(store) ? calloc(1, sizeof *e + layout->size) : NULL;
	if (e == NULL)
		return NULL;
	/* Its other pointers are valid as long as the supervisor; its topic is because of mk_idle_topics_keep. */
	e->envelope = *observation->event;
	e->envelope.sender = sender;
	e->harness = h;
	memcpy(e->data, observation->data, layout->size);
	each_buffer(layout, e->data, maiko_buffer_ref);
	e->next_of_all = store->events;
	store->events = e;
	store->event_count++;
	enter(store->table, store->table_size, e);
	return e;
}

/* ---- adding -------------------------------------------------------------------------------- */

static void fill(mt_note *n, uint64_t order, const maiko_observation *observation, const char *actor_name, mt_event *e)
{
	n->event = e;
	n->record = (maiko_record){.order = order,
				   .kind = observation->kind,
				   .worker = observation->worker,
				   .now_ns = observation->now_ns,
				   .actor = observation->actor,
				   .actor_name = actor_name,
				   .actor_type = observation->actor_type,
				   .event = e == NULL ? NULL : &e->envelope,
				   .data = e == NULL ? NULL : e->data,
				   .code = observation->code,
				   .was_queued = observation->was_queued};
}

int mt_store_add(maiko_harness *h, const maiko_observation *observation)
{
	mt_store *store = &h->store;
	uint64_t count = atomic_load_explicit(&store->count, memory_order_relaxed);
	const char *actor_name = keep_name(store, observation->actor_name);
	mt_note *n = actor_name == NULL ? NULL : note_new(store);
	mt_event *e = n == NULL || observation->event == NULL ? NULL : find(store, observation->event->id);
	bool is_new = n != NULL && observation->event != NULL && e == NULL;
	if (is_new)
		e = event_new(h, observation);
	if (n == NULL || (is_new && e == NULL))
		return MAIKO_ENOMEM;
	fill(n, store->cleared + count + 1, observation, actor_name, e);
	if (is_new)
		e->number = n->record.order;
	if (e != NULL) {
		atomic_store_explicit(e->last_note == NULL ? &e->first_note : &e->last_note->next_of_event, n,
				      memory_order_release);
		e->last_note = n;
	}
	if (is_new)
		link_to_parent(store, e);
	atomic_store_explicit(&store->count, count + 1, memory_order_release);
	return 0;
}

/* ---- clearing --------------------------------------------------------------------------------- */

void mt_store_take(mt_store *store, mt_store *ret_old)
{
	uint64_t count = atomic_load_explicit(&store->count, memory_order_relaxed), cleared = store->cleared + count;
	memcpy(ret_old->chunks, store->chunks, sizeof store->chunks);
	ret_old->events = store->events;
	ret_old->table = store->table;
	ret_old->names = NULL;
	ret_old->name_size = 0;
	memset(store->chunks, 0, sizeof store->chunks);
	store->events = NULL;
	store->table = NULL;
	store->table_size = store->event_count = 0;
	store->cleared = cleared;
	atomic_store_explicit(&store->count, 0, memory_order_release);
}

void mt_store_fini(mt_store *store)
{
	while (store->events != NULL) {
		mt_event *e = store->events;
		store->events = e->next_of_all;
		each_buffer(e->envelope.type->layout, e->data, maiko_buffer_unref);
		free(e);
	}
	free(store->table);
	for (size_t i = 0; i < store->name_size; i++)
		free(store->names[i]);
	free(store->names);
	for (int k = 0; k < MT_CHUNKS; k++)
		free(store->chunks[k]);
}

/* ---- walking ------------------------------------------------------------------------------------ */

const maiko_record *mt_event_record(const mt_event *e)
{
	if (e == NULL)
		return NULL;
	const mt_note *first = mt_first_note(e), *n = first;
	while (n != NULL && n->record.kind != MAIKO_OBSERVED_DISPATCHED)
		n = mt_next_note(n);
	return n != NULL ? &n->record : first != NULL ? &first->record : NULL;
}

bool mt_event_is_within(const mt_event *e, const mt_event *root)
{
	while (e != NULL && e != root)
		e = e->parent;
	return e != NULL;
}

/* ---- distinct names -------------------------------------------------------------------------------- */

static maiko_tally *find_name(const mt_names *names, const char *name)
{
	for (size_t i = 0; i < names->count; i++)
		if (strcmp(names->tallies[i].name, name) == 0)
			return &names->tallies[i];
	return NULL;
}

bool mt_names_have(const mt_names *names, const char *name) { return find_name(names, name) != NULL; }

static bool is_listed(const char *const *list, const char *name)
{
	while (*list != NULL && strcmp(*list, name) != 0)
		list++;
	return *list != NULL;
}

bool mt_names_are(const mt_names *names, const char *const *list)
{
	for (size_t i = 0; i < names->count; i++)
		if (!is_listed(list, names->tallies[i].name))
			return false;
	while (*list != NULL && mt_names_have(names, *list))
		list++;
	return *list == NULL;
}

bool mt_names_add(maiko_harness *h, mt_names *names, const char *name)
{
	maiko_tally *tally = find_name(names, name);
	if (tally == NULL && names->count == names->size) {
		size_t size = names->size == 0 ? 16 : names->size * 2;
		maiko_tally *grown = realloc(names->tallies, size * sizeof *grown);
		if (grown == NULL) {
			mt_no_memory(h);
			return false;
		}
		names->tallies = grown;
		names->size = size;
	}
	if (tally == NULL) {
		tally = &names->tallies[names->count++];
		*tally = (maiko_tally){name, 0};
	}
	tally->count++;
	return true;
}

size_t mt_names_give(mt_names *names, const char **array, size_t size)
{
	size_t count = names->count;
	for (size_t i = 0; i < count && i < size; i++)
		array[i] = names->tallies[i].name;
	free(names->tallies);
	*names = (mt_names){0};
	return count;
}

bool mt_event_add_receivers(const mt_event *e, mt_names *names)
{
	for (const mt_note *n = mt_first_note(e); n != NULL; n = mt_next_note(n))
		if (mt_is_receipt(&n->record) && !mt_names_add(e->harness, names, n->record.actor_name))
			return false;
	return true;
}
