/*
 * letter.h - dead letters: deliveries that are not handled are told of on the topic maiko.dead_letters, if anyone
 * subscribes to it and the reason is among maiko_options.dead_letters.
 *
 * They are made where the outcome is counted (delivery.c, router.c), which is never the path of an event that is
 * handled, and published later (news.h).
 */
#ifndef MK_LETTER_H
#define MK_LETTER_H

#include "routing/news.h"

#include <maiko/lifecycle.h>

/* Of maiko_options: 0, or MAIKO_EINVAL. */
int mk_letters_check(uint64_t dead_letters);

/* A delivery (`a` NULL: to no actor of this worker) had that outcome (an offset in mk_counts); most have no letter.
 * Of set_aside mk_letter_set_aside tells. */
void mk_letter_of_outcome(mk_worker *w, const mk_actor *a, const mk_event *e, size_t outcome);
static inline void mk_letter(mk_worker *w, const mk_actor *a, const mk_event *e, size_t outcome)
{
	if (MK_UNLIKELY(mk_news_wanted(w, MK_LETTERS_TOPIC)))
		mk_letter_of_outcome(w, a, e, outcome);
}

/* The event is set aside, after so many attempts, the last of which has failed with `error`. */
void mk_letter_set_aside(mk_worker *w, const mk_actor *a, const mk_event *e, int error, uint32_t attempts);

/* Nobody subscribes; a channel was full. */
void mk_letter_unrouted(mk_worker *w, const mk_event *e);
void mk_letter_not_sent(mk_worker *w, const mk_event *e);

#endif
