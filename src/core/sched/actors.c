/*
 * actors.c - see actors.h.
 */
#include "sched/actors.h"

#include "registry/departed.h"
#include "registry/filter.h"
#include "registry/group.h"
#include "registry/stop_order.h"
#include "routing/delivery.h"
#include "routing/overflow.h"
#include "routing/question.h"
#include "routing/receipt.h"
#include "routing/watch.h"
#include "routing/weight.h"
#include "runtime/ready.h"
#include "sched/intake.h"

/* ---- memory --------------------------------------------------------------------------- */

/* Whether its state needs a larger alignment than malloc provides. */
static bool is_wide(const mk_actor_class *class) { return class->desc->state_align > 16; }

/* The number of bytes before the actor in its block: its stop hook, if it has on_stop, and padding for its state. */
static size_t front_of(const mk_actor_class *class)
{
	size_t hook = class->hooked ? sizeof(mk_hook) : 0, align = class->desc->state_align;
	size_t state = hook + sizeof(mk_actor);
	return is_wide(class) ? (state + align - 1) / align * align - sizeof(mk_actor) : hook;
}

mk_actor *mk_actor_alloc(const mk_actor_class *class)
{
	size_t front = front_of(class), size = front + sizeof(mk_actor) + class->desc->state_size;
	char *block = is_wide(class) ? mk_calloc_aligned(size, class->desc->state_align) : mk_calloc(1, size);
	if (block == NULL)
		return NULL;
	mk_actor *a = (mk_actor *)(void *)(block + front);
	a->class = class;
	return a;
}

void mk_actor_free(mk_actor *a)
{
	if (a->extra != NULL) {
		if (a->extra->receipts != NULL)
			mk_receipts_keep(a->worker->sup, &a->extra->receipts);
		mk_questions_free(a->extra);
		mk_keep_fini(a->extra);
		mk_weight_fini(a->extra);
		mk_free(a->extra->kept);
		mk_free(a->extra->membership);
		mk_map *maps[] = {&a->extra->oldest, &a->extra->kept_at, &a->extra->seen,
				  &a->extra->edges,  &a->extra->handles, &a->extra->filter_of};
		for (size_t i = 0; i < sizeof maps / sizeof maps[0]; i++)
			mk_map_fini(maps[i]);
		mk_free(a->extra->delayed);
		mk_free(a->extra->detail);
		mk_filters_free(a->extra->filters);
		for (mk_link *found; (found = a->extra->found) != NULL; mk_free(found))
			a->extra->found = found->next;
		mk_free(a->extra->notices);
		mk_watches_free(a->extra);
		mk_free(a->extra->departure);
		mk_care_free(a->extra->care);
		mk_free(a->extra);
	}
	if (a->self != NULL && !a->shadow)
		mk_departed_add(a->worker->sup, a->self);
	if (mk_mailbox_has_ring(&a->box))
		mk_free(a->box.ring);
	mk_free(a->tally);
	mk_subscriptions_free(&a->places, a->place_count);
	char *block = (char *)a - front_of(a->class);
	if (is_wide(a->class))
		mk_free_aligned(block);
	else
		mk_free(block);
}

void mk_actor_dispose(mk_actor *a)
{
	if ((a->sched & MK_QUEUED) != 0)
		a->gone = true;
	else
		mk_actor_free(a);
}

/* ---- the list -------------------------------------------------------------------------- */

int mk_actor_room(mk_worker *w)
{
	return mk_reserve((void **)&w->here, &w->here_size, w->here_count + w->here_reserved + 1, sizeof *w->here);
}

int mk_actor_reserve(mk_worker *w)
{
	int rc = mk_actor_room(w);
	w->here_reserved += rc == 0;
	return rc;
}

void mk_actor_unreserve(mk_worker *w) { w->here_reserved--; }

/* Relaxed: the watchdog reads it on another thread. */
static void count_here(mk_worker *w, uint32_t count) { __atomic_store_n(&w->here_count, count, __ATOMIC_RELAXED); }

void mk_actor_link(mk_worker *w, mk_actor *a)
{
	a->here = w->here_count;
	w->here[w->here_count] = a;
	count_here(w, w->here_count + 1);
	w->drainers += a->drains;
	if ((a->sched & MK_ON_HOLD) != 0)
		mk_intake_link(w, a);
}

void mk_actor_unlink(mk_worker *w, mk_actor *a)
{
	count_here(w, w->here_count - 1);
	mk_actor *last = w->here[w->here_count];
	w->here[a->here] = last;
	last->here = a->here;
	w->drainers -= a->drains;
	mk_unlink_held(w, a);
	if ((a->sched & MK_ON_HOLD) != 0)
		mk_intake_unlink(w, a);
	if (a->warm)
		mk_unlink_warm(w, a);
}

/* Also removes all other actors that are about to migrate: one pass for a batch of migrations. */
void mk_actor_unready(mk_worker *w, mk_actor *a)
{
	for (mk_actor **at = &w->ready; (a->sched & MK_QUEUED) != 0 && *at != NULL;) {
		mk_actor *b = *at;
		if (b != a && ((b->sched & MK_MOVING) == 0 || b->gone)) { /* who has gone is freed at its turn */
			at = &b->next;
			continue;
		}
		*at = b->next;
		if (w->ready_tail == &b->next)
			w->ready_tail = at;
		b->sched &= (uint16_t)~MK_QUEUED;
	}
}

/* ---- leaving the worker ---------------------------------------------------------------- */

bool mk_actor_may_leave(const mk_actor *a)
{
	const mk_extra *x = a->extra;
	if (a->status != MAIKO_ACTOR_RUNNING || (a->sched & (MK_HELD & ~MK_MUTED)) != 0 || a->in_stop || a->looped)
		return false;
	return x == NULL || (x->adopted == NULL && x->kept_count == 0 && x->jobs == 0);
}
