/*
 * test.h - the second library, libmaiko-test: for tests of actors.
 *
 *   sim.h        the same actors under a virtual clock and a seeded scheduler
 *   harness.h    what has happened, and expectations of it (query.h, chain.h, expect.h)
 *   explore.h    one test under many schedules, and the smallest that fails
 *   invariant.h  what must hold over time, in tests and in production
 *   recorder.h   recording a running program, and replaying it
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef MAIKO_TEST_H
#define MAIKO_TEST_H

#include <maiko/chain.h>
#include <maiko/expect.h>
#include <maiko/explore.h>
#include <maiko/harness.h>
#include <maiko/invariant.h>
#include <maiko/query.h>
#include <maiko/recorder.h>
#include <maiko/sim.h>

#endif
