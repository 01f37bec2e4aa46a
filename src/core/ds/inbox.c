/*
 * inbox.c - see inbox.h, which holds the argument.
 */
#include "ds/inbox.h"

static mk_link closed_mark;

bool mk_inbox_push(mk_inbox *inbox, mk_link *link)
{
	mk_link *top = atomic_load_explicit(&inbox->top, memory_order_relaxed);
	do {
		if (top == &closed_mark)
			return false;
		link->next = top;
	} while (!atomic_compare_exchange_weak_explicit(&inbox->top, &top, link, memory_order_seq_cst,
							memory_order_relaxed));
	return true;
}

static mk_link *reversed(mk_link *top)
{
	mk_link *first = NULL;
	while (top != NULL && top != &closed_mark) {
		mk_link *below = top->next;
		top->next = first;
		first = top;
		top = below;
	}
	return first;
}

mk_link *mk_inbox_take(mk_inbox *inbox)
{
	mk_link *top = atomic_load_explicit(&inbox->top, memory_order_seq_cst);
	if (top == NULL || top == &closed_mark)
		return NULL;
	return reversed(atomic_exchange_explicit(&inbox->top, NULL, memory_order_seq_cst));
}

mk_link *mk_inbox_close(mk_inbox *inbox)
{
	return reversed(atomic_exchange_explicit(&inbox->top, &closed_mark, memory_order_seq_cst));
}

bool mk_inbox_empty(mk_inbox *inbox)
{
	mk_link *top = atomic_load_explicit(&inbox->top, memory_order_seq_cst);
	return top == NULL || top == &closed_mark;
}
