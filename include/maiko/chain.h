/*
 * chain.h - what an event caused, and what that caused: a tree, from the event down.
 *
 *   maiko_chain chain = maiko_chain_from(maiko_query_of(h, order));
 *   maiko_chain_has_actors_exactly(chain, MAIKO_NAMES("outside", "shop", "stock"));
 *   maiko_chain_print(chain, stdout);
 *
 * A path runs from the event's sender down: an actor that received the event, an event that
 * this actor sent because of it, an actor that received that, and so on. It is complete if
 * it ends with an actor that sent nothing because of what it received, or with an event that
 * no one received. A chain has one complete path or several:
 *
 *   outside --order--> shop --reserve--> stock            outside, shop, stock
 *                           `--bill--> ledger --paid--> shop    outside, shop, ledger, shop
 *
 * In "actors" below a path is its actors, sender first; in "events", the names of its event
 * types. A chain is a plain value; one of no event (a NULL) has nothing. For threads see
 * query.h. An event sent as the root of a new chain (maiko_send_root) is not part of this.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef MAIKO_CHAIN_H
#define MAIKO_CHAIN_H

#include <maiko/query.h>
#include <stdio.h>

typedef struct maiko_chain {
	maiko_harness *harness;
	const maiko_record *event; /* any record of it; NULL: there is none */
} maiko_chain;

MAIKO_BEGIN_DECLS

/* The chain from the event of a record; from the event of a query's first record. */
MAIKO_API maiko_chain maiko_chain_of(maiko_harness *h, const maiko_record *event);
MAIKO_API maiko_chain maiko_chain_from(maiko_query query);

/* How many events it has; how many complete paths; how many events the longest has. */
MAIKO_API size_t maiko_chain_count(maiko_chain chain);
MAIKO_API size_t maiko_chain_paths(maiko_chain chain);
MAIKO_API size_t maiko_chain_depth(maiko_chain chain);

/* The n-th complete path, `n` from 0: writes the first `size` of its actors' or events'
 * names; returns how many it has, 0 if there is no such path. */
MAIKO_API size_t maiko_chain_actors(maiko_chain chain, size_t n, const char **names, size_t size);
MAIKO_API size_t maiko_chain_events(maiko_chain chain, size_t n, const char **names, size_t size);

/* Whether some complete path is exactly that; `names` as MAIKO_NAMES makes it. */
MAIKO_API bool maiko_chain_has_actors_exactly(maiko_chain chain, const char *const *names);
MAIKO_API bool maiko_chain_has_events_exactly(maiko_chain chain, const char *const *names);

/* Whether some path has these, one right after the other. */
MAIKO_API bool maiko_chain_has_actors(maiko_chain chain, const char *const *names);
MAIKO_API bool maiko_chain_has_events(maiko_chain chain, const char *const *names);

/* Whether some path passes through an actor: it has sent or received an event of it. */
MAIKO_API bool maiko_chain_passes(maiko_chain chain, const char *actor);

/* The events with several children: writes the first `size`, returns how many. */
MAIKO_API size_t maiko_chain_branches(maiko_chain chain, const maiko_record **records, size_t size);

/* Whether paths through an actor go on to different actors, or to one by different types of
 * event, right after it. */
MAIKO_API bool maiko_chain_diverges_after(maiko_chain chain, const char *actor);

/* The actors of the shortest path to an actor, both ends included: writes the first `size`,
 * returns how many, 0 if none leads there. */
MAIKO_API size_t maiko_chain_path_to(maiko_chain chain, const char *actor, const char **names, size_t size);

/* Writes it as a tree for a person. */
MAIKO_API void maiko_chain_print(maiko_chain chain, FILE *out);

/* Writes it as a diagram of Mermaid (https://mermaid.js.org), type sequenceDiagram: an arrow
 * for each event and receiver. */
MAIKO_API void maiko_chain_mermaid(maiko_chain chain, FILE *out);

MAIKO_END_DECLS

#endif
