/*
 * testing.h - the whole API of libmaiko-test, for tests of actors, and of libmaiko-observe, which it uses.
 *
 *   testing/sim.h        runs actors with a virtual clock and a seeded scheduler
 *   testing/harness.h    records what happens; queries and expectations (query.h, chain.h, expect.h)
 *   testing/explore.h    runs a test under many schedules, and shrinks one that fails
 *   testing/replay.h     replays a recording
 *   observe/recorder.h   records a running program
 *   observe/invariant.h  properties over time, in tests and in production
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef MAIKO_TESTING_H
#define MAIKO_TESTING_H

#include <maiko/observe/invariant.h>
#include <maiko/observe/recorder.h>
#include <maiko/testing/chain.h>
#include <maiko/testing/expect.h>
#include <maiko/testing/explore.h>
#include <maiko/testing/harness.h>
#include <maiko/testing/query.h>
#include <maiko/testing/replay.h>
#include <maiko/testing/sim.h>

#endif
