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
	if (!h->placed) {
		*h = (mk_hook){.next = sup->hooks, .actor = a, .placed = true};
		if (sup->hooks != NULL)
			sup->hooks->prev = h;
		sup->hooks = h;
	}
	h->pending = true;
	uv_mutex_unlock(&sup->lock);
}

static void unlink_hook(mk_sup *sup, mk_hook *h)
{
	h->placed = false;
	if (h->prev != NULL)
		h->prev->next = h->next;
	else
		sup->hooks = h->next;
	if (h->next != NULL)
		h->next->prev = h->prev;
}

static bool take(mk_sup *sup, mk_actor *a, bool keeps_place)
{
	if (a->class->stop == NULL)
		return false;
	mk_hook *h = hook_of(a);
	uv_mutex_lock(&sup->lock);
	bool pending = h->pending;
	h->pending = false;
	if (h->placed && !keeps_place)
		unlink_hook(sup, h);
	uv_mutex_unlock(&sup->lock);
	return pending;
}

bool mk_stop_order_remove(mk_sup *sup, mk_actor *a) { return take(sup, a, false); }
bool mk_stop_order_take(mk_sup *sup, mk_actor *a) { return take(sup, a, true); }
