/*
 * example_in_simulation.c - see example_in_simulation.h.
 */
#include <maiko/testing/sim.h>

#include <stdio.h>
#include <stdlib.h>

int example_supervisor_new(maiko_supervisor **ret_sup, const maiko_options *options);
maiko_supervisor *example_supervisor_free(maiko_supervisor *sup);

int example_supervisor_new(maiko_supervisor **ret_sup, const maiko_options *options)
{
	const char *seed = getenv("MAIKO_TEST_SEED");
	maiko_sim *sim;
	maiko_sim_options o = {.seed = seed == NULL ? 0 : strtoull(seed, NULL, 10)};
	if (options != NULL)
		o.supervisor = *options;
	if (o.supervisor.workers == 0)
		o.supervisor.workers = 2;
	if (o.supervisor.max_events_per_tick == 0)
		o.supervisor.max_events_per_tick = 128; /* as it runs otherwise */
	int rc = maiko_sim_new(&sim, &o);
	if (rc == 0)
		*ret_sup = maiko_sim_supervisor(sim);
	return rc;
}

maiko_supervisor *example_supervisor_free(maiko_supervisor *sup)
{
	maiko_sim *sim = maiko_sim_of(sup);
	if (sim != NULL && maiko_sim_finish(sim) != 0) {
		printf("%s\n", maiko_sim_failure(sim)); /* which nobody expects */
		fflush(stdout);
	}
	maiko_sim_free(sim);
	return NULL;
}
