/*
 * scenario_retained.h - the scenario of retained events: whoever joins gets them and what follows, without a gap, each
 * once.
 */
#ifndef SCENARIO_RETAINED_H
#define SCENARIO_RETAINED_H

#include <maiko/testing/sim.h>

void retained_prepare(maiko_sim_options *options, void *arg);
int retained_run(maiko_sim *sim, void *arg);

#endif
