/*
 * outcome.h - what can become of a delivery, which is one event for one subscriber.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef MAIKO_OUTCOME_H
#define MAIKO_OUTCOME_H

/* XX(field, text): what became of deliveries, besides being queued. */
#define MAIKO_OUTCOME_MAP(XX)                                                                                          \
	XX(handled, "handled by the actor")                                                                            \
	XX(ignored, "the actor has no handler for it")                                                                 \
	XX(dropped, "dropped or replaced by the policy of a full mailbox")                                             \
	XX(discarded, "discarded at stop")                                                                             \
	XX(dead, "its subscriber failed, left or was removed")                                                         \
	XX(no_memory, "no memory to deliver it")                                                                       \
	XX(expired, "older than its time to live")                                                                     \
	XX(filtered, "rejected by the filter of its subscription")                                                     \
	XX(set_aside, "set aside: its handler had failed repeatedly")                                                  \
	XX(passed_on, "passed on to another member of the share group")                                                \
	XX(lost, "lost on a link")

/* What became of a delivery: the counters of a ledger's row, in their order. */
typedef enum maiko_outcome {
	MAIKO_HANDLED = 0,
	MAIKO_IGNORED = 1,
	MAIKO_DROPPED = 2,
	MAIKO_DISCARDED = 3,
	MAIKO_DEAD = 4,
	MAIKO_NO_MEMORY = 5,
	MAIKO_EXPIRED = 6,
	MAIKO_FILTERED = 7,
	MAIKO_SET_ASIDE = 8,
	MAIKO_PASSED_ON = 9,
	MAIKO_LOST = 10
} maiko_outcome;

#endif
