/*
 * allowance.c - see allowance.h.
 */
#include "routing/allowance.h"

#include "base/error.h"

/* Entered from libuv during a drain. */
int mk_refuse_shut(void)
{
	return mk_fail_text(MAIKO_ESHUTDOWN, "a stop has begun: between maiko_enter and maiko_leave an actor sends "
					     "nothing any more, wakes no tick and starts no job");
}

/* A muted actor: spends one send of its allowance, or returns MAIKO_EAGAIN if none is left. */
MK_NOINLINE int mk_spend_allowance(maiko_ctx *ctx)
{
	if ((ctx->sched & MK_SEND_CHECKED) == 0 || ctx->in_stop)
		return 0;
	if ((ctx->sched & MK_SHUT) != 0)
		return mk_refuse_shut();
	if (ctx->extra->allowance == 0)
		return mk_fail_text(MAIKO_EAGAIN, "the actor is muted, as a subscriber is full, and has used up the "
						  "MAIKO_ALLOWANCE sends that it still had");
	ctx->extra->allowance--;
	return 0;
}
