/*
 * stop_order.c - see stop_order.h: a doubly linked list of hooks, under the supervisor's lock.
 */
#include "registry/stop_order.h"

static mk_hook *hook_of(const mk_actor *a) { return (mk_hook *)(uintptr_t)a - 1; }

bool mk_stop_order_has(const mk_actor *a) { return a->class->stop != NULL && hook_of(a)->pending; }

void mk_stop_order_add(mk_sup *sup, mk_actor *a)
{
	if (a->class->stop == NULL)
		return;
	mk_hook *h = hook_of(a);
	uv_mutex_lock(&sup->lock);
	*h = (mk_hook){.next = sup->hooks, .actor = a, .pending = true};
	if (sup->hooks != NULL)
		sup->hooks->prev = h;
	sup->hooks = h;
	uv_mutex_unlock(&sup->lock);
}

bool mk_stop_order_remove(mk_sup *sup, mk_actor *a)
{
	if (a->class->stop == NULL)
		return false;
	mk_hook *h = hook_of(a);
	uv_mutex_lock(&sup->lock);
	bool pending = h->pending;
	if (pending) {
		h->pending = false;
		if (h->prev != NULL)
			h->prev->next = h->next;
		else
			sup->hooks = h->next;
		if (h->next != NULL)
			h->next->prev = h->prev;
	}
	uv_mutex_unlock(&sup->lock);
	return pending;
}
