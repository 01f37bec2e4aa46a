/*
 * elsewhere.h - a topic, events and an actor type that are defined in another file.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef ELSEWHERE_H
#define ELSEWHERE_H

#include <maiko/maiko.h>

typedef struct remote_point {
	int32_t x, y;
} remote_point;

typedef struct remote_move {
	remote_point to;
	uint32_t speed;
} remote_move;

typedef struct remote_step {
	int32_t n;
} remote_step;

typedef struct remote_mover {
	int32_t x;
} remote_mover;

MAIKO_TOPIC_DECLARE(remote_moves);
MAIKO_STRUCT_DECLARE(remote_point);
MAIKO_EVENT_DECLARE(remote_move);
MAIKO_EVENT_DECLARE(remote_step);
MAIKO_SIGNAL_DECLARE(remote_halt);
MAIKO_ACTOR_DECLARE(remote_mover);

#endif
