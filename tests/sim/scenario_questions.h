/*
 * scenario_questions.h - the scenario of questions: each ends exactly once, for the true reason (C21).
 */
#ifndef SCENARIO_QUESTIONS_H
#define SCENARIO_QUESTIONS_H

#include <maiko/testing/sim.h>

void questions_prepare(maiko_sim_options *options, void *arg);
int questions_run(maiko_sim *sim, void *arg);

#endif
