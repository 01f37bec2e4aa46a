/*
 * example_in_simulation.h - put before an example's source by the compiler: its supervisor
 * is then a simulated one, with the seed that the environment says. The example's own text
 * is as it is.
 */
#ifndef EXAMPLE_IN_SIMULATION_H
#define EXAMPLE_IN_SIMULATION_H

#include <maiko/testing/sim.h>

int example_supervisor_new(maiko_supervisor **ret_sup, const maiko_options *options);
maiko_supervisor *example_supervisor_free(maiko_supervisor *sup);

#define maiko_supervisor_new example_supervisor_new
#define maiko_supervisor_free example_supervisor_free

#endif
