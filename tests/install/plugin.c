/*
 * plugin.c - a plugin that has the libraries in itself: a simulation of two actors, and real
 * threads. plugin_host.c loads it.
 *
 * SPDX-License-Identifier: MIT
 */
#include <maiko/maiko.h>
#include <maiko/testing/sim.h>
#include <stdint.h>

typedef struct beat {
	uint32_t n;
} beat;
MAIKO_TOPIC(beats);
MAIKO_EVENT(beat, beats, n);

typedef struct counter {
	uint32_t *sum;
} counter;
static int counter_on_beat(counter *self, const beat *ev, maiko_ctx *ctx)
{
	(void)ctx;
	*self->sum += ev->n;
	return 0;
}
MAIKO_ACTOR(counter, MAIKO_ON(beat, counter_on_beat));

/* Sends 1, 2 and 3; returns what was counted. */
static uint32_t run(maiko_supervisor *sup)
{
	uint32_t sum = 0;
	int rc = maiko_add(sup, counter, "counter", .init = &(counter){.sum = &sum});
	if (rc == 0)
		rc = maiko_start(sup);
	for (uint32_t n = 1; rc == 0 && n <= 3; n++)
		rc = maiko_send(sup, beat, .n = n);
	if (rc == 0)
		rc = maiko_stop(sup, NULL);
	return rc == 0 ? sum : 0;
}

__attribute__((visibility("default"))) uint32_t plugin_run(void);
uint32_t plugin_run(void)
{
	maiko_supervisor *sup = NULL;
	maiko_sim *sim = NULL;
	if (maiko_supervisor_new(&sup, &(maiko_options){.workers = 2}) != 0)
		return 0;
	uint32_t real = run(sup);
	maiko_supervisor_free(sup);
	if (maiko_sim_new(&sim, &(maiko_sim_options){.seed = 1}) != 0)
		return 0;
	uint32_t simulated = run(maiko_sim_supervisor(sim));
	maiko_sim_free(sim);
	return real * 100 + simulated;
}
