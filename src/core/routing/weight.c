/*
 * weight.c - see weight.h.
 */
#include "routing/weight.h"

#include "registry/topic.h"

#include <string.h>

typedef struct mk_weighed {
	uint64_t place, bytes;
	mk_topic *topic;
} mk_weighed;

typedef struct mk_weights {
	uint64_t bound; /* the actor's own; 0: the supervisor's */
	mk_counter bytes;
	mk_weighed *list; /* its entries begin at `first` */
	uint32_t first, count, size;
} mk_weights;

static mk_weights *weights_of(mk_actor *a)
{
	mk_extra *x = mk_extra_of(a);
	if (x != NULL && x->weights == NULL)
		__atomic_store_n(&x->weights, MK_NEW(mk_weights), __ATOMIC_RELEASE); /* a report may read it */
	return x == NULL ? NULL : x->weights;
}

int mk_weight_bound(mk_actor *a, uint64_t bytes)
{
	mk_weights *all = weights_of(a);
	if (all == NULL)
		return MAIKO_ENOMEM;
	all->bound = bytes;
	return 0;
}

static void change(mk_weights *all, mk_weighed *one, uint64_t bytes)
{
	if (bytes == one->bytes) /* it has left before, and its topic may have gone */
		return;
	mk_count_add(&all->bytes, bytes - one->bytes);
	mk_count_add(&one->topic->bytes, bytes - one->bytes);
	one->bytes = bytes;
}

void mk_weight_settle(mk_actor *a)
{
	mk_weights *all = a->extra == NULL ? NULL : a->extra->weights;
	for (; all != NULL && all->count > 0 && all->list[all->first].place < mk_count(&a->box.head); all->count--)
		change(all, &all->list[all->first++], 0);
}

static uint64_t bound_of(const mk_worker *w, const mk_weights *all)
{
	return all->bound != 0 ? all->bound : w->sup->options.mailbox_bytes;
}

bool mk_weight_full(const mk_worker *w, mk_actor *a, uint64_t times)
{
	mk_weight_settle(a);
	const mk_weights *all = a->extra == NULL ? NULL : a->extra->weights;
	return all != NULL && mk_count(&all->bytes) / times >= bound_of(w, all);
}

bool mk_weight_low(const mk_worker *w, mk_actor *a)
{
	mk_weight_settle(a);
	const mk_weights *all = a->extra == NULL ? NULL : a->extra->weights;
	return all == NULL || mk_count(&all->bytes) <= bound_of(w, all) / 2;
}

int mk_weight_reserve(mk_actor *a)
{
	mk_weights *all = weights_of(a);
	if (all == NULL)
		return MAIKO_ENOMEM;
	mk_weight_settle(a);
	if (all->first + all->count < all->size)
		return 0;
	if (all->first > all->size / 2) { /* more entries are removed than in use */
		memmove(all->list, all->list + all->first, all->count * sizeof all->list[0]);
		all->first = 0;
		return 0;
	}
	return mk_reserve((void **)&all->list, &all->size, all->first + all->count + 1, sizeof all->list[0]);
}

int mk_weight_reserve_more(mk_actor *a, uint32_t count)
{
	mk_weights *all = weights_of(a);
	return all == NULL ? MAIKO_ENOMEM
			   : mk_reserve((void **)&all->list, &all->size, all->first + all->count + count,
					sizeof all->list[0]);
}

void mk_weight_queued(mk_actor *a, const mk_event *e, uint64_t place)
{
	mk_weights *all = a->extra->weights;
	mk_weighed *one = &all->list[all->first + all->count++];
	*one = (mk_weighed){place, 0, e->topic};
	change(all, one, mk_event_weight(e));
}

void mk_weight_leaves(mk_actor *a, uint64_t place, const mk_event *replaced_by)
{
	mk_weights *all = a->extra == NULL ? NULL : a->extra->weights;
	if (all == NULL)
		return;
	uint32_t from = all->first, to = all->first + all->count;
	while (from < to) {
		uint32_t middle = from + (to - from) / 2;
		if (all->list[middle].place < place)
			from = middle + 1;
		else
			to = middle;
	}
	if (from < all->first + all->count && all->list[from].place == place)
		change(all, &all->list[from], replaced_by == NULL ? 0 : mk_event_weight(replaced_by));
}

void mk_weight_forget(mk_actor *a)
{
	mk_weights *all = a->extra == NULL ? NULL : a->extra->weights;
	for (; all != NULL && all->count > 0; all->count--) {
		mk_weighed *one = &all->list[all->first++];
		assert(one->topic == mk_topic_known(a->worker, one->topic->index)); /* whose counters these are */
		change(all, one, 0);
	}
	if (all != NULL)
		all->first = 0;
}

/* The list has enough room, because there are not more heavy events than before. */
void mk_weight_again(mk_actor *a)
{
	if (a->extra == NULL || a->extra->weights == NULL)
		return;
	mk_weight_forget(a);
	for (uint64_t place = mk_count(&a->box.head); place < mk_count(&a->box.tail); place++) {
		const mk_event *e = *mk_mailbox_slot(&a->box, place);
		if (e != NULL && mk_is_heavy(e))
			mk_weight_queued(a, e, place);
	}
}

void mk_weight_fini(mk_extra *x)
{
	if (x->weights != NULL)
		mk_free(x->weights->list);
	mk_free(x->weights);
}

uint64_t mk_weight_of(const mk_extra *x)
{
	const mk_weights *all = x == NULL ? NULL : __atomic_load_n(&x->weights, __ATOMIC_ACQUIRE);
	return all == NULL ? 0 : mk_count(&all->bytes);
}
