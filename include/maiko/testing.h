/*
 * testing.h - all of libmaiko-test, for tests of actors, and of libmaiko-observe, which it stands on.
 *
 *   testing/sim.h        the same actors under a virtual clock and a seeded scheduler
 *   testing/harness.h    what has happened, and expectations of it (query.h, chain.h, expect.h)
 *   testing/explore.h    one test under many schedules, and the smallest that fails
 *   testing/replay.h     replaying what a program in production has recorded
 *   observe/recorder.h   recording a running program
 *   observe/invariant.h  what must hold over time, in tests and in production
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
