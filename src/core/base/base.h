/*
 * base.h - what every module uses: branch hints, and counters that other threads
 * may read.
 *
 * A counter has one writer, the worker that owns it; maiko_report reads it from
 * any thread. So its accesses are atomic but relaxed: they order nothing, and an
 * add is a plain load, add and store without a locked instruction.
 */
#ifndef MK_BASE_H
#define MK_BASE_H

#include <assert.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MK_LIKELY(x) __builtin_expect(!!(x), 1)
#define MK_UNLIKELY(x) __builtin_expect(!!(x), 0)
/* Exported for other libraries of this project (src/testing, src/observe), not for users. */
#define MK_PRIVATE __attribute__((visibility("default")))
#define MK_NOINLINE __attribute__((noinline))
#define MK_INLINE inline __attribute__((always_inline)) /* on the path of an event */
#define MK_LINE 64                                      /* bytes of a cache line */

#define MK_OF(pointer, type, member) ((type *)(void *)((char *)(pointer)-offsetof(type, member)))

/* Lists of structs that have `next` and `at`, which points to what points to them. push: to the front of `*list`.
 * remove: out of its list. `x` is evaluated several times. */
#define MK_LIST_PUSH(list, x)                                                                                          \
	do {                                                                                                           \
		(x)->at = (list);                                                                                      \
		(x)->next = *(list);                                                                                   \
		if ((x)->next != NULL)                                                                                 \
			(x)->next->at = &(x)->next;                                                                    \
		*(list) = (x);                                                                                         \
	} while (0)
#define MK_LIST_REMOVE(x)                                                                                              \
	do {                                                                                                           \
		*(x)->at = (x)->next;                                                                                  \
		if ((x)->next != NULL)                                                                                 \
			(x)->next->at = (x)->at;                                                                       \
	} while (0)

typedef _Atomic(uint64_t) mk_counter;

static inline uint64_t mk_count(const mk_counter *counter)
{
	return atomic_load_explicit((mk_counter *)(uintptr_t)counter, memory_order_relaxed);
}

static inline void mk_count_add(mk_counter *counter, uint64_t n)
{
	atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + n, memory_order_relaxed);
}

#endif
