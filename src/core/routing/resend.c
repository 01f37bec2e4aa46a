/*
 * resend.c - the event of a dead letter, and sending it again (maiko/lifecycle.h).
 */
#include "base/error.h"
#include "event/enclosed.h"

#include <maiko/lifecycle.h>
#include <maiko/send.h>

maiko_any maiko_letter_event(const maiko_dead_letter *letter)
{
	return letter == NULL ? (maiko_any){NULL, NULL} : mk_enclosed(letter->content);
}

int maiko_resend(maiko_ctx *ctx, const maiko_dead_letter *letter)
{
	if (ctx == NULL || letter == NULL)
		return MK_NULL(ctx, letter);
	maiko_any any = maiko_letter_event(letter);
	if (any.type == NULL)
		return mk_fail_text(MAIKO_EINVAL, "maiko_resend: letter has no event: it was not made in this process");
	return maiko_inject(ctx, any.type, any.data,
			    &(maiko_envelope){.id = letter->id,
					      .parent = letter->parent,
					      .correlation = letter->correlation,
					      .sender = letter->sender,
					      .origin_timestamp_ns = letter->origin_timestamp_ns});
}
