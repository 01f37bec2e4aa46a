/*
 * event.h - the workers' representation of events, and the pools that allocate them.
 *
 * An event belongs to the worker from whose pool it was allocated: only that worker
 * changes its reference count. Another worker makes its own copy when it takes the
 * channel entry. A payload too large to copy is in a block, shared by all copies and
 * counted atomically.
 *
 *   small, inline     large: the payload lies in a block
 *   +---------+       +---------+      +-------+---------+
 *   | header  |       | header  |----->| block | payload |
 *   | payload |       +---------+      +-------+---------+
 *   +---------+
 *
 * The payload owns references to its buffers. They are dropped with the event if the
 * payload is inline, else with the block.
 */
#ifndef MK_EVENT_H
#define MK_EVENT_H

#include "base/base.h"
#include "event/block.h"
#include "event/layout.h"

#include <maiko/event.h>

struct mk_sender;
struct mk_topic;

/* One supervisor's record of an event type; immutable once made. */
typedef struct mk_type {
	const maiko_event_type *desc;
	uint64_t hash;
	uint32_t index;
	uint32_t topic;      /* index; meaningless if desc->route */
	uint32_t size;       /* of the payload, bytes */
	uint32_t size_class; /* of a plain event */
	bool plain;          /* its payload is inline, without buffers and counted arrays */
	bool counted;        /* it has counted arrays */
	bool checked;        /* its topic has a .check, or it is routed by content (check.h) */
	uint32_t buffer_count;
	uint32_t buffers[MK_BUFFERS_MAX]; /* offsets */
} mk_type;

typedef struct mk_event {
	maiko_id id;
	maiko_id parent;
	maiko_id correlation;
	struct mk_sender *sender;
	uint64_t timestamp_ns;  /* the next two are set together: a store that does not cross a line */
	struct mk_topic *topic; /* the view of the worker that the event belongs to */
	const mk_type *type;
	union {
		struct mk_event *next; /* while free */
		const void *data;      /* while alive: `payload`, or a block's data */
	};
	uint32_t refs;
	uint32_t size_class; /* which pool list; while alive, with the flags below */
	_Alignas(16) unsigned char payload[];
} mk_event;

/* No event has it: as a parent, that of a root. */
static inline bool mk_id_is_none(maiko_id id) { return id.origin == 0 && id.sequence == 0; }

/* Size classes of whole events; payloads up to MK_INLINE_MAX are inline. */
enum { MK_SIZE_CLASSES = 4 };
#define MK_INLINE_MAX (576 - sizeof(mk_event))
_Static_assert(sizeof(mk_event) + 32 <= (size_t)2 * MK_LINE, "32 bytes of payload fit two cache lines");

/* Flags in size_class; with any of them, freeing takes more than a push on the pool's free list. */
#define MK_SIZE_CLASS_BLOCK 0x100u     /* the payload is a block */
#define MK_SIZE_CLASS_BUFFERS 0x200u   /* the payload has buffers */
#define MK_SIZE_CLASS_HEAP 0x400u      /* allocated outside a pool, behind an mk_event_front */
#define MK_SIZE_CLASS_HOLDS 0x800u     /* ... and it counts as a reference on its sender (departed.h) */
#define MK_SIZE_CLASS_TRACKED 0x1000u  /* of the heap: its front has an mk_tracked * */
#define MK_SIZE_CLASS_CARRIES 0x2000u  /* likewise, without the call: the copy of a tracked event for the channels */
#define MK_SIZE_CLASS_INJECTED 0x4000u /* an mk_origin follows the payload */
#define MK_SIZE_CLASS_RETAINED 0x8000u /* its subscriber has joined since it was sent (keeper.h) */
#define MK_SIZE_CLASS_EXPIRES 0x10000u /* its time to live follows the payload */
#define MK_SIZE_CLASS_LIST 0xffu

/* Called by the thread that drops the last reference of a tracked event, after it has freed the event. */
typedef struct mk_tracked {
	void (*over)(struct mk_tracked *tracked);
} mk_tracked;

/* What precedes an event on the heap. */
typedef struct mk_event_front {
	_Alignas(16) mk_tracked *tracked; /* if a flag says so */
} mk_event_front;
static inline mk_event_front *mk_event_front_of(const mk_event *e) { return (mk_event_front *)(uintptr_t)e - 1; }

static inline bool mk_is_retained(const mk_event *e) { return (e->size_class & MK_SIZE_CLASS_RETAINED) != 0; }

static inline bool mk_is_tracked(const mk_event *e) { return (e->size_class & MK_SIZE_CLASS_TRACKED) != 0; }
static inline bool mk_has_receipt(const mk_event *e)
{
	return (e->size_class & (MK_SIZE_CLASS_TRACKED | MK_SIZE_CLASS_CARRIES)) != 0;
}
static inline bool mk_is_carrier(const mk_event *e) { return (e->size_class & MK_SIZE_CLASS_CARRIES) != 0; }
/* Of such an event. */
static inline mk_tracked *mk_tracked_by(const mk_event *e) { return mk_event_front_of(e)->tracked; }
static inline void mk_event_track(mk_event *e, mk_tracked *tracked, uint32_t flag)
{
	e->size_class |= flag;
	mk_event_front_of(e)->tracked = tracked;
}

/* What lies behind the payload, of an event that has room for it there: another pays nothing for what few have. */
static inline void *mk_event_behind(const mk_event *e)
{
	uint32_t inside = (e->size_class & MK_SIZE_CLASS_BLOCK) != 0 ? 0 : e->type->size;
	return (void *)(uintptr_t)(e->payload + ((inside + 7) & ~7u));
}

/* What an injected event (maiko_inject) has from elsewhere besides its ids. It lies behind the payload, so each copy
 * has its own. */
typedef struct mk_origin {
	const char *sender; /* interned: as long as the supervisor (routing/origin.h) */
	uint64_t timestamp_ns;
} mk_origin;

static inline bool mk_is_injected(const mk_event *e) { return (e->size_class & MK_SIZE_CLASS_INJECTED) != 0; }
/* Of such an event. */
static inline const mk_origin *mk_origin_of(const mk_event *e) { return mk_event_behind(e); }
/* The time to live of a send that has one of its own (maiko_send_ttl_ms) lies there too; an injected event has none. */
static inline bool mk_expires(const mk_event *e) { return MK_UNLIKELY((e->size_class & MK_SIZE_CLASS_EXPIRES) != 0); }
/* Of any event; 0: it has none of its own. */
static inline uint64_t mk_ttl_ms_of(const mk_event *e)
{
	return mk_expires(e) ? *(const uint64_t *)mk_event_behind(e) : 0;
}

/* The name that readers see: of an injected event, that of its origin. */
const char *mk_event_sender_name(const mk_event *e);

typedef struct mk_pool {
	mk_event *free[MK_SIZE_CLASSES];
	struct slab *slabs; /* event.c */
	uint32_t slab_count;
	mk_blocks *blocks; /* of the same worker */
} mk_pool;

void mk_pool_fini(mk_pool *pool);

/* Frees the slabs all of whose events are free and were last stamped before that time. Between two callbacks.
 * Returns their number. It visits each event. */
uint32_t mk_pool_trim(mk_pool *pool, uint64_t since_ns);

/* Calls `call` for each live event of the pool, except those of delayed sends, which do not outlive their
 * sender. Returns the number of events, free ones included. */
uint64_t mk_pool_each(const mk_pool *pool, void (*call)(const mk_event *e));

/* Adds a slab of that class to the free list. 0 or MAIKO_ENOMEM. */
int mk_pool_refill(mk_pool *pool, uint32_t size_class);

static inline uint32_t mk_size_class_of(uint32_t payload)
{
	return payload <= 128 - sizeof(mk_event)   ? 0
	       : payload <= 192 - sizeof(mk_event) ? 1
	       : payload <= 320 - sizeof(mk_event) ? 2
	       : payload <= MK_INLINE_MAX          ? 3
						   : 0; /* large: a header alone */
}

/* The first free event of that class, or NULL, without and with taking it. */
static inline mk_event *mk_pool_first(const mk_pool *pool, uint32_t size_class) { return pool->free[size_class]; }
static inline void mk_pool_take_first(mk_pool *pool, uint32_t size_class)
{
	pool->free[size_class] = pool->free[size_class]->next;
}

/* An event whose header is not filled; NULL without memory. */
static inline mk_event *mk_pool_take(mk_pool *pool, uint32_t size_class)
{
	if (MK_UNLIKELY(pool->free[size_class] == NULL) && mk_pool_refill(pool, size_class) != 0)
		return NULL;
	mk_event *e = mk_pool_first(pool, size_class);
	mk_pool_take_first(pool, size_class);
	return e;
}

/* Copies a small payload: sizes up to MK_INLINE_MAX, without a call for the smallest. */
static inline void mk_copy_small(void *to, const void *from, uint32_t size)
{
	char *t = to;
	const char *f = from;
	if (size >= 16) { /* from the end; the first 16 bytes may overlap the second chunk */
		for (int32_t at = (int32_t)size - 16; at > 0; at -= 16)
			__builtin_memcpy(t + at, f + at, 16);
		__builtin_memcpy(t, f, 16);
	} else if (size >= 8) {
		__builtin_memcpy(t, f, 8);
		__builtin_memcpy(t + size - 8, f + size - 8, 8);
	} else if (size >= 4) {
		__builtin_memcpy(t, f, 4);
		__builtin_memcpy(t + size - 4, f + size - 4, 4);
	} else {
		for (uint32_t i = 0; i < size; i++)
			t[i] = f[i];
	}
}

/* Makes an event and sets type, payload and data from `value`, taking references on its
 * buffers. If `block` is not NULL the payload stays in it and is not copied. `pool` NULL:
 * from the heap. The caller sets the rest of the header. NULL: mk_event_fail says why. */
mk_event *mk_event_make(mk_pool *pool, const mk_type *type, const void *value, mk_block *block);

/* MAIKO_EINVAL, in words (a count beyond its array), or MAIKO_ENOMEM: why no event could be made. */
int mk_event_fail(const mk_type *type, const void *value) __attribute__((cold));
#ifdef __clang_analyzer__ /* as in error.h */
#define mk_event_fail(type, value) (mk_event_fail((type), (value)), MAIKO_ENOMEM)
#endif

/* The same, of a copy of `value`, with room for so many bytes behind the payload; aligned to 8. */
mk_event *mk_event_make_with(mk_pool *pool, const mk_type *type, const void *value, uint32_t behind);
/* A copy on the heap, with such room, as mk_event_copy. */
mk_event *mk_event_copy_with(const mk_event *from, uint32_t behind);

/* The same, of one that expires. */
mk_event *mk_event_make_expiring(mk_pool *pool, const mk_type *type, const void *value, uint64_t ttl_ms);

/* The same, of a copy of `value`, for an injected event. */
mk_event *mk_event_make_injected(mk_pool *pool, const mk_type *type, const void *value, const mk_origin *origin);

/* The same on the heap, and it holds its sender. `origin` NULL: it is not injected. `ttl_ms` 0: it does not expire. */
mk_event *mk_event_make_held(struct mk_sender *sender, const mk_type *type, const void *value, mk_block *block,
			     const mk_origin *origin, uint64_t ttl_ms);

/* The same for a plain type: fills an event of its size class; or takes one from a pool first. */
static inline void mk_event_fill(mk_event *e, const mk_type *type, const void *value)
{
	e->type = type;
	mk_copy_small(e->payload, value, type->size);
	e->data = e->payload;
}
static inline mk_event *mk_event_make_plain(mk_pool *pool, const mk_type *type, const void *value)
{
	mk_event *e = mk_pool_take(pool, type->size_class);
	if (MK_LIKELY(e != NULL))
		mk_event_fill(e, type, value);
	return e;
}

/* A copy of another worker's event, with one reference. `pool` NULL: a copy for another worker,
 * on the heap. NULL without memory. */
mk_event *mk_event_copy(mk_pool *pool, const mk_event *from);

/* The bytes of its payload, if that is not inline, and of its buffers. */
uint64_t mk_event_weight(const mk_event *e);

/* Copies its payload to `to`, with references on its buffers for the caller, and drops a reference of an event on the
 * heap. */
void mk_event_give(mk_event *e, void *to);

/* Frees an event that was made but could not be sent; `block`, if it was made with one, stays the caller's. */
void mk_event_unmake(mk_pool *pool, mk_event *e, const mk_block *block);

/* Frees an event that has no reference left. */
void mk_event_free(mk_pool *pool, mk_event *e);

static inline void mk_event_unref(mk_pool *pool, mk_event *e)
{
	if (--e->refs != 0)
		return;
	if (MK_LIKELY(e->size_class < MK_SIZE_CLASSES)) {
		e->next = pool->free[e->size_class];
		pool->free[e->size_class] = e;
	} else {
		mk_event_free(pool, e);
	}
}

/* The block of a draft that may be published. 0, or MAIKO_EINVAL: it is not from maiko_new, or a text has no end. */
int mk_draft_of(void *event, mk_block **ret_block);
/* MAIKO_EINVAL, with its text: a send has unknown flags. */
int mk_send_flags_fail(unsigned flags);
/* Of a time to live: 0 or MAIKO_EINVAL. */
int mk_ttl_check(uint64_t ttl_ms);
/* MAIKO_EINVAL, with its text: the function `call` was given no type, or else no event. */
int mk_send_null_fail(const char *call, const maiko_event_type *type);

#endif
