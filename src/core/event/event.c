/*
 * event.c - the event pools: slabs cut into events of four sizes.
 *
 * In the steady state an event costs no allocation: a freed one is the next one used, so the recently used stay in
 * use. A slab none of whose events was used for some seconds is given back (mk_pool_trim); an event keeps the time
 * of its last use in its header.
 */
#include "event/event.h"

#include "base/error.h"
#include "base/memory.h"
#include "event/sender.h"

#include <maiko/send.h>
#include <string.h>

enum { SLAB = 64 * 1024 };
typedef struct slab {
	struct slab *next;
	uint32_t size_class;
} slab;
_Static_assert(sizeof(slab) <= MK_LINE, "a line before the events");
static const uint32_t size_class_bytes[MK_SIZE_CLASSES] = {128, 192, 320, 576};

/* The events of a slab, from its end: the highest, and the one below; NULL: there is none. */
static mk_event *highest(slab *s) { return (mk_event *)(void *)((char *)s + SLAB - size_class_bytes[s->size_class]); }
static mk_event *below(slab *s, mk_event *e)
{
	char *at = (char *)e - size_class_bytes[s->size_class];
	return at < (char *)s + MK_LINE ? NULL : (mk_event *)(void *)at;
}

int mk_pool_refill(mk_pool *pool, uint32_t size_class)
{
	slab *s = mk_calloc_aligned(SLAB, MK_LINE);
	if (s == NULL)
		return MAIKO_ENOMEM;
	s->next = pool->slabs;
	s->size_class = size_class;
	pool->slabs = s;
	pool->slab_count++;
	for (mk_event *e = highest(s); e != NULL; e = below(s, e)) {
		e->size_class = size_class;
		e->next = pool->free[size_class];
		pool->free[size_class] = e;
	}
	return 0;
}

enum { MARKED = UINT32_MAX }; /* `refs` of a free event, during a trim */

static bool is_unused(slab *s, uint64_t since_ns)
{
	for (mk_event *e = highest(s); e != NULL; e = below(s, e))
		if (e->refs != MARKED || e->timestamp_ns >= since_ns)
			return false;
	return true;
}

uint32_t mk_pool_trim(mk_pool *pool, uint64_t since_ns)
{
	uint32_t freed = 0;
	for (int class = 0; class < MK_SIZE_CLASSES; class ++) {
		for (mk_event *e = pool->free[class]; e != NULL; e = e->next)
			e->refs = MARKED;
		pool->free[class] = NULL;
	}
	for (slab **at = &pool->slabs, *s; (s = *at) != NULL;) {
		if (is_unused(s, since_ns)) {
			*at = s->next;
			pool->slab_count--;
			freed++;
			mk_free_aligned(s);
			continue;
		}
		for (mk_event *e = highest(s); e != NULL; e = below(s, e))
			if (e->refs == MARKED) {
				e->refs = 0;
				e->next = pool->free[s->size_class];
				pool->free[s->size_class] = e;
			}
		at = &s->next;
	}
	return freed;
}

void mk_pool_fini(mk_pool *pool)
{
	while (pool->slabs != NULL) {
		slab *s = pool->slabs;
		pool->slabs = s->next;
		mk_free_aligned(s);
	}
}

uint64_t mk_pool_each(const mk_pool *pool, void (*call)(const mk_event *e))
{
	uint64_t count = 0;
	for (slab *s = pool->slabs; s != NULL; s = s->next)
		for (mk_event *e = highest(s); e != NULL; e = below(s, e), count++)
			if (e->refs != 0)
				call(e);
	return count;
}

static void ref_buffers(const mk_type *type, const void *data)
{
	for (uint32_t i = 0; i < type->buffer_count; i++) {
		maiko_buffer *b;
		memcpy(&b, (const char *)data + type->buffers[i], sizeof b);
		maiko_buffer_ref(b);
	}
}

static void unref_buffers(const mk_type *type, const void *data)
{
	for (uint32_t i = 0; i < type->buffer_count; i++) {
		maiko_buffer *b;
		memcpy(&b, (const char *)data + type->buffers[i], sizeof b);
		maiko_buffer_unref(b);
	}
}

static mk_event *heap_event(uint32_t payload)
{
	mk_event_front *front = mk_calloc_aligned(sizeof *front + sizeof(mk_event) + payload, 16);
	if (front == NULL)
		return NULL;
	mk_event *e = (mk_event *)(front + 1);
	e->size_class = MK_SIZE_CLASS_HEAP;
	return e;
}

/* The bytes after the header: the payload, unless it is in a block, and what lies behind it. */
static uint32_t room_of(const mk_type *type, const mk_block *block, uint32_t behind)
{
	uint32_t inside = block != NULL ? 0 : type->size;
	return behind != 0 ? ((inside + 7) & ~7u) + behind : inside;
}

static void set_origin(mk_event *e, const mk_origin *origin)
{
	e->size_class |= MK_SIZE_CLASS_INJECTED;
	memcpy(mk_event_behind(e), origin, sizeof *origin);
}

static void set_ttl(mk_event *e, uint64_t ttl_ms)
{
	e->size_class |= MK_SIZE_CLASS_EXPIRES;
	*(uint64_t *)mk_event_behind(e) = ttl_ms;
}

static mk_event *make(mk_pool *pool, const mk_type *type, const void *value, mk_block *block, uint32_t behind)
{
	mk_block *made = NULL;
	if (MK_UNLIKELY(type->counted) && mk_layout_check_counts(type->desc->layout, value) != 0)
		return NULL;
	if (block == NULL && room_of(type, NULL, behind) > MK_INLINE_MAX) {
		made = block = mk_block_new(pool == NULL ? NULL : pool->blocks, type->size);
		if (block == NULL)
			return NULL;
		memcpy(block->data, value, type->size);
	}
	uint32_t room = room_of(type, block, behind);
	mk_event *e = pool != NULL ? mk_pool_take(pool, mk_size_class_of(room)) : heap_event(room);
	if (e == NULL) {
		if (made != NULL)
			mk_block_free(pool == NULL ? NULL : pool->blocks, made);
		return NULL;
	}
	e->type = type;
	if (block != NULL) {
		e->data = block->data;
		e->size_class |= MK_SIZE_CLASS_BLOCK;
	} else {
		mk_copy_small(e->payload, value, type->size);
		e->data = e->payload;
	}
	if (MK_UNLIKELY(type->buffer_count != 0)) {
		ref_buffers(type, e->data);
		e->size_class |= MK_SIZE_CLASS_BUFFERS;
	}
	return e;
}

#undef mk_event_fail
int mk_event_fail(const mk_type *type, const void *value)
{
	int rc = type->counted ? mk_layout_check_counts(type->desc->layout, value) : 0;
	return rc != 0 ? rc : MAIKO_ENOMEM;
}

mk_event *mk_event_make(mk_pool *pool, const mk_type *type, const void *value, mk_block *block)
{
	return make(pool, type, value, block, 0);
}

mk_event *mk_event_make_with(mk_pool *pool, const mk_type *type, const void *value, uint32_t behind)
{
	return make(pool, type, value, NULL, behind);
}

mk_event *mk_event_make_expiring(mk_pool *pool, const mk_type *type, const void *value, uint64_t ttl_ms)
{
	mk_event *e = make(pool, type, value, NULL, sizeof ttl_ms);
	if (e != NULL)
		set_ttl(e, ttl_ms);
	return e;
}

mk_event *mk_event_make_injected(mk_pool *pool, const mk_type *type, const void *value, const mk_origin *origin)
{
	mk_event *e = make(pool, type, value, NULL, sizeof *origin);
	if (e != NULL)
		set_origin(e, origin);
	return e;
}

mk_event *mk_event_make_held(mk_sender *sender, const mk_type *type, const void *value, mk_block *block,
			     const mk_origin *origin, uint64_t ttl_ms)
{
	uint32_t behind = origin != NULL ? sizeof *origin : ttl_ms != 0 ? sizeof ttl_ms : 0;
	assert(origin == NULL || ttl_ms == 0);
	mk_event *e = make(NULL, type, value, block, behind);
	if (e != NULL) {
		if (origin != NULL)
			set_origin(e, origin);
		if (ttl_ms != 0)
			set_ttl(e, ttl_ms);
		e->sender = mk_sender_hold(sender);
		e->size_class |= MK_SIZE_CLASS_HOLDS;
	}
	return e;
}

static mk_block *block_of(const mk_event *e)
{
	return (e->size_class & MK_SIZE_CLASS_BLOCK) != 0 ? MK_OF((void *)(uintptr_t)e->data, mk_block, data) : NULL;
}

static mk_event *copy(mk_pool *pool, const mk_event *from, uint32_t behind)
{
	mk_block *block = block_of(from);
	uint32_t room = room_of(from->type, block, behind);
	mk_event *e = pool != NULL ? mk_pool_take(pool, mk_size_class_of(room)) : heap_event(room);
	if (e == NULL)
		return NULL;
	uint32_t list = e->size_class;
	if (pool == NULL && from->sender != NULL && from->sender->id != 0) {
		mk_sender_hold(from->sender);
		list |= MK_SIZE_CLASS_HOLDS;
	}
	memcpy(e, from, offsetof(mk_event, refs)); /* not refs, which the owner of `from` may change meanwhile */
	e->size_class =
		list | (from->size_class & (MK_SIZE_CLASS_BLOCK | MK_SIZE_CLASS_BUFFERS | MK_SIZE_CLASS_RETAINED));
	e->refs = 1;
	if (block != NULL) {
		/* Relaxed: `from` holds a reference meanwhile. */
		atomic_fetch_add_explicit(&block->refs, 1, memory_order_relaxed);
	} else {
		mk_copy_small(e->payload, from->payload, from->type->size);
		e->data = e->payload;
		if (from->type->buffer_count != 0)
			ref_buffers(from->type, e->payload);
	}
	return e;
}

mk_event *mk_event_copy(mk_pool *pool, const mk_event *from)
{
	if (MK_LIKELY((from->size_class & (MK_SIZE_CLASS_INJECTED | MK_SIZE_CLASS_EXPIRES)) == 0))
		return copy(pool, from, 0);
	mk_event *e = copy(pool, from, mk_is_injected(from) ? sizeof(mk_origin) : sizeof(uint64_t));
	if (e != NULL && mk_is_injected(from))
		set_origin(e, mk_origin_of(from));
	else if (e != NULL)
		set_ttl(e, mk_ttl_ms_of(from));
	return e;
}

mk_event *mk_event_copy_with(const mk_event *from, uint32_t behind) { return copy(NULL, from, behind); }

const char *mk_event_sender_name(const mk_event *e)
{
	return mk_is_injected(e) ? mk_origin_of(e)->sender : e->sender->name;
}

uint64_t mk_event_weight(const mk_event *e)
{
	uint64_t bytes = e->type->size > MK_INLINE_MAX ? e->type->size : 0;
	for (uint32_t i = 0; (e->size_class & MK_SIZE_CLASS_BUFFERS) != 0 && i < e->type->buffer_count; i++) {
		const maiko_buffer *b;
		memcpy(&b, (const char *)e->data + e->type->buffers[i], sizeof b);
		bytes += b == NULL ? 0 : maiko_buffer_size(b);
	}
	return bytes;
}

static void give_back(mk_pool *pool, mk_event *e)
{
	if ((e->size_class & MK_SIZE_CLASS_HEAP) != 0) {
		mk_tracked *tracked = mk_is_tracked(e) ? mk_tracked_by(e) : NULL;
		if ((e->size_class & MK_SIZE_CLASS_HOLDS) != 0)
			mk_sender_release(e->sender);
		mk_free_aligned(mk_event_front_of(e));
		if (tracked != NULL)
			tracked->over(tracked);
	} else {
		assert(e->refs == 0); /* mk_pool_each takes it for free by that */
		e->size_class &= MK_SIZE_CLASS_LIST;
		e->next = pool->free[e->size_class];
		pool->free[e->size_class] = e;
	}
}

void mk_event_free(mk_pool *pool, mk_event *e)
{
	bool last = true;
	mk_block *block = NULL;
	if ((e->size_class & MK_SIZE_CLASS_BLOCK) != 0) {
		block = block_of(e);
		/* As in buffer.c: every reader's accesses happen before the last drop. */
		last = atomic_fetch_sub_explicit(&block->refs, 1, memory_order_acq_rel) == 1;
	}
	if (last)
		unref_buffers(e->type, e->data);
	if (last && block != NULL)
		mk_block_free(pool == NULL ? NULL : pool->blocks, block);
	give_back(pool, e);
}

void mk_event_give(mk_event *e, void *to)
{
	memcpy(to, e->data, e->type->size);
	ref_buffers(e->type, to);
	mk_event_unref(NULL, e);
}

void mk_event_unmake(mk_pool *pool, mk_event *e, const mk_block *block)
{
	if (block == NULL) {
		mk_event_free(pool, e);
		return;
	}
	unref_buffers(e->type, e->data);
	give_back(pool, e);
}

void *maiko_event_new(const maiko_event_type *type)
{
	if (type == NULL)
		(void)MK_NULL(type);
	if (type == NULL || mk_check_format("an event type", type->format) != 0 ||
	    maiko_layout_check(type->layout) != 0)
		return NULL;
	if ((type->topic == NULL) == (type->route == NULL)) {
		(void)mk_fail(MAIKO_EINVAL, "event '%s' must have a topic or a route, and not both",
			      type->layout->name);
		return NULL;
	}
	mk_block *b = mk_block_new(NULL, type->layout->size);
	if (b == NULL)
		return NULL;
	b->desc = type;
	b->magic = MK_BLOCK_DRAFT;
	return b->data;
}

static int draft_fail(const void *event)
{
	return event == NULL
		       ? mk_fail_text(MAIKO_EINVAL, "maiko_publish: the event is NULL")
		       : mk_fail_text(MAIKO_EINVAL, "maiko_publish: the event is not one of maiko_new, or is spent");
}

int mk_draft_of(void *event, mk_block **ret_block)
{
	mk_block *b = *ret_block = event == NULL ? NULL : MK_OF(event, mk_block, data);
	return b == NULL || b->magic != MK_BLOCK_DRAFT ? draft_fail(event)
						       : mk_layout_check_texts(b->desc->layout, event);
}

/* The text names maiko_send_copy, the only send macro that takes a pointer. */
int mk_send_null_fail(const char *call, const maiko_event_type *type)
{
	return type == NULL ? mk_fail(MAIKO_EINVAL, "%s: type is NULL", call)
			    : mk_fail(MAIKO_EINVAL, "%s: event is NULL; of maiko_send_copy, pointer", call);
}

int mk_send_flags_fail(unsigned flags)
{
	return mk_fail(MAIKO_EINVAL,
		       "flags are %#x; there are MAIKO_SEND_ROOT, MAIKO_SEND_TRY, and MAIKO_SEND_TRACKED for actors",
		       flags);
}

int mk_ttl_check(uint64_t ttl_ms)
{
	if (ttl_ms != 0 && ttl_ms <= MAIKO_NEXT_MS_MAX)
		return 0;
	return mk_fail(MAIKO_EINVAL, "maiko_send_ttl_ms: the time to live is %llu ms; it is 1 to %llu",
		       (unsigned long long)ttl_ms, (unsigned long long)MAIKO_NEXT_MS_MAX);
}

void *maiko_discard(void *event)
{
	if (event != NULL) {
		mk_block *b = MK_OF(event, mk_block, data);
		assert(b->magic == MK_BLOCK_DRAFT);
		mk_free_aligned(b);
	}
	return NULL;
}
