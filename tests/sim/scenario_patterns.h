/*
 * scenario_patterns.h - the scenario of patterns: an event comes once to each actor of whose subscriptions any matches,
 * and to no other, while subscriptions, actors and topics come and go.
 */
#ifndef SCENARIO_PATTERNS_H
#define SCENARIO_PATTERNS_H

#include <maiko/testing/sim.h>

void patterns_prepare(maiko_sim_options *options, void *arg);
int patterns_run(maiko_sim *sim, void *arg);

#endif
