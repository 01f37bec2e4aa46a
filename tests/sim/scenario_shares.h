/*
 * scenario_shares.h - the scenario of share groups: members that join, leave, fail, rest, move and are removed while
 * jobs come; each job has one end in each group.
 */
#ifndef SCENARIO_SHARES_H
#define SCENARIO_SHARES_H

#include <maiko/testing/sim.h>

void shares_prepare(maiko_sim_options *options, void *arg);
int shares_run(maiko_sim *sim, void *arg);

#endif
