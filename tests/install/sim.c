/*
 * A simulation, as a user's test has it: an actor is told something, five virtual
 * seconds pass, and its tick has run five times.
 *
 * SPDX-License-Identifier: MIT
 */
#include <maiko/maiko.h>
#include <maiko/testing/sim.h>

#include <stdio.h>

typedef struct hello {
	unsigned n;
} hello;

MAIKO_TOPIC(greetings);
MAIKO_EVENT(hello, greetings, n);

typedef struct greeter {
	unsigned ticks;
} greeter;

static unsigned greeted, ticks;

static int greeter_on_hello(greeter *self, const hello *ev, maiko_ctx *ctx)
{
	(void)self, (void)ctx;
	greeted += ev->n;
	return 0;
}

static maiko_next greeter_tick(greeter *self, maiko_ctx *ctx)
{
	(void)ctx;
	ticks = self->ticks++; /* the first is at the start */
	return maiko_after_ms(1000);
}

MAIKO_ACTOR(greeter, MAIKO_ON(hello, greeter_on_hello), MAIKO_TICK(greeter_tick));

int main(void)
{
	maiko_sim *sim = NULL;
	int rc = maiko_sim_new(&sim, &(maiko_sim_options){.seed = 7});
	maiko_supervisor *sup = rc == 0 ? maiko_sim_supervisor(sim) : NULL;

	if (rc == 0)
		rc = maiko_add(sup, greeter, "greeter");
	if (rc == 0)
		rc = maiko_start(sup);
	if (rc == 0)
		rc = maiko_send(sup, hello, .n = 3);
	if (rc == 0)
		rc = maiko_sim_run(sim);
	if (rc == 0)
		rc = maiko_sim_advance(sim, 5000);
	if (rc == 0)
		rc = maiko_sim_finish(sim);

	if (rc != 0 || greeted != 3 || ticks != 5)
		fprintf(stderr, "%s: greeted %u, not 3, or ticked %u times, not 5\n", maiko_strerror(rc), greeted,
			ticks);
	maiko_sim_free(sim);
	return rc == 0 && greeted == 3 && ticks == 5 ? 0 : 1;
}
