/*
 * departed.c - see departed.h.
 *
 * Any worker pushes to the list; it is taken as a whole. A sender's `next` is 0 while its actor lives and LAST at the
 * end of the list. Its lowest bit is set when an event of it was seen, until it is put into the list again.
 */
#include "registry/departed.h"

enum { SEEN = 1, LAST = 2 };
/* They are examined when their number reaches that of the actors, plus twice those left the last time, plus one for
 * each EVENTS_EACH events visited the last time. So the work for each is constant. */
enum { FEW = 16, EVENTS_EACH = 16 };

void mk_departed_add(mk_sup *sup, mk_sender *sender)
{
	mk_departed *d = &sup->departed;
	uintptr_t first = atomic_load_explicit(&d->list, memory_order_relaxed);
	do {
		atomic_store_explicit(&sender->next, first != 0 ? first : LAST, memory_order_relaxed);
		/* Released, and acquired by the thread that takes the list and then owns the sender. */
	} while (!atomic_compare_exchange_weak_explicit(&d->list, &first, (uintptr_t)sender, memory_order_release,
							memory_order_relaxed));
	atomic_fetch_add_explicit(&d->count, 1, memory_order_relaxed);
}

void mk_departed_begin(mk_sup *sup)
{
	mk_departed *d = &sup->departed;
	uint32_t due = atomic_load_explicit(&d->due, memory_order_relaxed);
	if (atomic_load_explicit(&d->count, memory_order_relaxed) < (due > FEW ? due : FEW))
		return;
	atomic_store_explicit(&d->count, 0, memory_order_relaxed);
	atomic_store_explicit(&d->walked, 0, memory_order_relaxed);
	d->examined = atomic_exchange_explicit(&d->list, 0, memory_order_acquire);
}

static void see(const mk_event *e)
{
	mk_sender *s = e->sender;
	if (s->id == 0) /* an external thread */
		return;
	uintptr_t next = atomic_load_explicit(&s->next, memory_order_relaxed);
	if (next != 0 && (next & SEEN) == 0)
		atomic_fetch_or_explicit(&s->next, SEEN, memory_order_relaxed);
}

void mk_departed_look(mk_worker *w)
{
	mk_departed *d = &w->sup->departed;
	if (d->examined != 0)
		atomic_fetch_add_explicit(&d->walked, mk_pool_each(&w->pool, see), memory_order_relaxed);
}

/* Removes the first of a list; NULL: it is empty. `*ret_seen`: whether an event of it was seen. */
static mk_sender *pop(uintptr_t *list, bool *ret_seen)
{
	mk_sender *s = *list == 0 || *list == LAST ? NULL : (mk_sender *)*list;
	if (s != NULL) {
		uintptr_t next = atomic_load_explicit(&s->next, memory_order_relaxed);
		*ret_seen = (next & SEEN) != 0;
		*list = next & ~(uintptr_t)SEEN;
	}
	return s;
}

uintptr_t mk_departed_take(mk_sup *sup)
{
	mk_departed *d = &sup->departed;
	uintptr_t examined = d->examined;
	bool seen;
	if (examined == 0)
		return 0;
	d->examined = 0;
	uint64_t due = atomic_load_explicit(&d->walked, memory_order_relaxed) / EVENTS_EACH + sup->actor_count;
	atomic_store_explicit(&d->due, (uint32_t)(due < UINT32_MAX / 2 ? due : UINT32_MAX / 2), memory_order_relaxed);
	if (mk_state_of(sup) == MK_STARTED)
		return examined;
	for (mk_sender *s; (s = pop(&examined, &seen)) != NULL;)
		mk_departed_add(sup, s);
	return 0;
}

void mk_departed_free(mk_sup *sup, uintptr_t examined)
{
	uint32_t left = 0;
	bool seen;
	for (mk_sender *s; (s = pop(&examined, &seen)) != NULL;) {
		/* Acquired: a holder's reads come before its release. */
		if (!seen && atomic_load_explicit(&s->refs, memory_order_acquire) == 0) {
			mk_free(s);
		} else {
			mk_departed_add(sup, s);
			left++;
		}
	}
	/* Twice: these are in the list already, and as many new ones must come. */
	atomic_fetch_add_explicit(&sup->departed.due, 2 * left, memory_order_relaxed);
}

void mk_departed_fini(mk_sup *sup)
{
	uintptr_t lists[2] = {sup->departed.list, sup->departed.examined};
	bool seen;
	for (int i = 0; i < 2; i++)
		for (mk_sender *s; (s = pop(&lists[i], &seen)) != NULL;)
			mk_free(s);
}
