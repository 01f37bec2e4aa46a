/*
 * curfew.c - ends the run after a given time: an actor that can do nothing but wait.
 *
 * SPDX-License-Identifier: MIT
 */
#include "actors.h"

typedef struct curfew {
	uint64_t seconds;
	bool waited;
} curfew;

static maiko_next curfew_tick(curfew *self, maiko_ctx *ctx)
{
	if (!self->waited) {
		self->waited = true;
		return maiko_after_ms(self->seconds * 1000);
	}
	int rc = maiko_stop_all(ctx);
	return rc != 0 ? maiko_failed(rc) : maiko_never();
}

MAIKO_ACTOR(curfew, MAIKO_TICK(curfew_tick));

int curfew_add(maiko_supervisor *sup, uint64_t seconds)
{
	return maiko_add(sup, curfew, "curfew", .init = &(curfew){.seconds = seconds}, .topics = MAIKO_NO_TOPICS);
}
