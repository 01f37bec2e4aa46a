/*
 * time_limit.c - ends the run after a given time: an actor that can do nothing but wait.
 *
 * SPDX-License-Identifier: MIT
 */
#include "actors.h"

typedef struct time_limit {
	uint64_t seconds;
	bool waited;
} time_limit;

static maiko_next time_limit_tick(time_limit *self, maiko_ctx *ctx)
{
	if (!self->waited) {
		self->waited = true;
		return maiko_after_ms(self->seconds * 1000);
	}
	int rc = maiko_stop_all(ctx);
	return rc != 0 ? maiko_failed(rc) : maiko_never();
}

MAIKO_ACTOR(time_limit, MAIKO_TICK(time_limit_tick));

int time_limit_add(maiko_supervisor *sup, uint64_t seconds)
{
	return maiko_add(sup, time_limit, "time_limit", .init = &(time_limit){.seconds = seconds}, .topics = MAIKO_NO_TOPICS);
}
