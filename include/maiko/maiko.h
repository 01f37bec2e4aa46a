/*
 * maiko - event-driven actors for libuv.
 *
 * This header brings in the whole public API. Each noun has a header of its
 * own, which is its reference:
 *
 *   error.h       error codes, their names and texts
 *   topic.h       topics and their overflow policies
 *   event.h       events, derived from plain structs
 *   buffer.h      reference-counted bytes shared by all receivers
 *   next.h        what a tick answers: when it wants to run again
 *   actor.h       actor types: a state struct and its handlers
 *   ctx.h         what an actor may call inside a callback
 *   supervisor.h  creating, starting, feeding and stopping a set of actors
 *   ledger.h      where every event went
 *   monitor.h     watching all of it happen
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef MAIKO_MAIKO_H
#define MAIKO_MAIKO_H

#include <maiko/actor.h>
#include <maiko/buffer.h>
#include <maiko/ctx.h>
#include <maiko/error.h>
#include <maiko/event.h>
#include <maiko/ledger.h>
#include <maiko/monitor.h>
#include <maiko/next.h>
#include <maiko/send.h>
#include <maiko/supervisor.h>
#include <maiko/topic.h>
#include <maiko/version.h>

#endif
