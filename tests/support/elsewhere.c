/*
 * elsewhere.c - see elsewhere.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "elsewhere.h"

MAIKO_TOPIC_DEFINE(remote_moves, .overflow = MAIKO_DROP_NEWEST);
MAIKO_STRUCT_DEFINE(remote_point, x, y);
MAIKO_EVENT_DEFINE(remote_move, remote_moves, MAIKO_NESTED(to, remote_point), speed);
MAIKO_SIGNAL_DEFINE(remote_halt, remote_moves);

static const maiko_topic *step_topic(const remote_step *ev) { return ev->n > 0 ? MAIKO_TOPIC_REF(remote_moves) : NULL; }

MAIKO_EVENT_ROUTED_DEFINE(remote_step, step_topic, n);

static int mover_on_move(remote_mover *self, const remote_move *ev, maiko_ctx *ctx)
{
	(void)ctx;
	self->x = ev->to.x;
	return 0;
}

MAIKO_ACTOR_DEFINE(remote_mover, MAIKO_ON(remote_move, mover_on_move));
