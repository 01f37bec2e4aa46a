/*
 * maiko - event-driven actors for libuv.
 *
 * This header includes the whole public API of the core. Each noun has its own
 * header, which is its reference:
 *
 *   error.h       error codes, their names and texts
 *   topic.h       topics and their overflow policies
 *   event.h       events, derived from plain structs
 *   filter.h      filters of subscriptions
 *   buffer.h      reference-counted bytes shared by all receivers
 *   next.h        the result of a tick: when it runs next
 *   actor.h       actor types: a state struct and its handlers
 *   ctx.h         what an actor may call inside a callback
 *   supervisor.h  creating, starting, feeding and stopping a set of actors
 *   group.h       supervision: which actors are restarted when they fail, and with which others
 *   lifecycle.h   ends and restarts of actors, watches, dead letters
 *   ask.h         questions and answers
 *   receipt.h     the sender learns what became of one event
 *   outcome.h     what can become of a delivery
 *   ledger.h      accounts for every event
 *   monitor.h     hooks that observe a supervisor
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef MAIKO_MAIKO_H
#define MAIKO_MAIKO_H

#include <maiko/actor.h>
#include <maiko/ask.h>
#include <maiko/buffer.h>
#include <maiko/ctx.h>
#include <maiko/error.h>
#include <maiko/event.h>
#include <maiko/filter.h>
#include <maiko/group.h>
#include <maiko/ledger.h>
#include <maiko/lifecycle.h>
#include <maiko/monitor.h>
#include <maiko/next.h>
#include <maiko/outcome.h>
#include <maiko/receipt.h>
#include <maiko/send.h>
#include <maiko/supervisor.h>
#include <maiko/topic.h>
#include <maiko/version.h>

#endif
