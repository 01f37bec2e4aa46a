/*
 * resend.c - a dead letter: its reason as text, its event, and sending that again (maiko/lifecycle.h).
 */
#include "base/error.h"
#include "event/enclosed.h"

#include <maiko/lifecycle.h>
#include <maiko/send.h>

const char *maiko_letter_reason_text(maiko_letter_reason reason)
{
	switch (reason) {
	case MAIKO_LETTER_SET_ASIDE:
		return "set aside";
	case MAIKO_LETTER_DEAD:
		return "dead";
	case MAIKO_LETTER_DROPPED:
		return "dropped";
	case MAIKO_LETTER_EXPIRED:
		return "expired";
	case MAIKO_LETTER_DISCARDED:
		return "discarded";
	case MAIKO_LETTER_UNROUTED:
		return "unrouted";
	case MAIKO_LETTER_LOST:
		return "lost";
	}
	return "?";
}

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
			    &(maiko_envelope){.topic = &(const maiko_topic){.name = letter->topic},
					      .id = letter->id,
					      .parent = letter->parent,
					      .correlation = letter->correlation,
					      .sender = letter->sender,
					      .origin_timestamp_ns = letter->origin_timestamp_ns});
}
