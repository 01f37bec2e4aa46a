/*
 * next.c - maiko_when_any: several results of a tick in one.
 */
#include "base/error.h"
#include "sched/tick.h"

/* Adds a result. False: `any` is an error now. */
static bool add(maiko_next *any, const maiko_next *next)
{
	unsigned of = next->kind == MAIKO_NEXT_AGAIN ? MAIKO_WOKEN_TIME : mk_tick_wants(next);
	if (next->kind == MAIKO_NEXT_FAILED || (unsigned)next->kind > MAIKO_NEXT_ANY || of == MK_TWO) {
		*any = *next;
		return false;
	}
	if ((of & (MAIKO_WOKEN_READABLE | MAIKO_WOKEN_WRITABLE)) != 0) {
		if ((any->of & (MAIKO_WOKEN_READABLE | MAIKO_WOKEN_WRITABLE)) != 0 && any->fd != next->fd) {
			any->error = next->fd;
			any->of = MK_TWO;
			return false;
		}
		any->fd = next->fd;
	}
	if ((of & MAIKO_WOKEN_EVENTS) != 0 && ((any->of & MAIKO_WOKEN_EVENTS) == 0 || next->error < any->error))
		any->error = next->error; /* 0, a batch, is the least */
	if ((of & MAIKO_WOKEN_TIME) != 0 && next->ms < any->ms)
		any->ms = next->ms;
	any->of |= of;
	return true;
}

maiko_next maiko_next_any(const maiko_next *nexts, size_t count)
{
	maiko_next any = {.kind = MAIKO_NEXT_ANY, .fd = -1, .ms = UINT64_MAX};
	if (nexts == NULL && count != 0)
		return maiko_failed(MK_NULL(nexts));
	for (size_t i = 0; i < count; i++)
		if (!add(&any, &nexts[i]))
			break;
	return any;
}
