/*
 * chain.h - chains: the tree of an event and all events that it caused, directly or not.
 *
 *   maiko_chain chain = maiko_chain_from(maiko_query_of(h, order));
 *   maiko_chain_has_actors_exactly(chain, MAIKO_NAMES("outside", "shop", "stock"));
 *   maiko_chain_print(chain, stdout);
 *
 * A path begins with the event's sender: then an actor that received the event, an event that
 * this actor sent in response, an actor that received that, and so on. It is complete if it
 * ends with an actor that sent nothing in response, or with an event that no actor received.
 * A chain has one or more complete paths:
 *
 *   outside --order--> shop --reserve--> stock            outside, shop, stock
 *                           `--bill--> ledger --paid--> shop    outside, shop, ledger, shop
 *
 * Functions on "actors" compare a path's actors, sender first; on "events", the names of its
 * event types; on "steps", its events, each given as a matcher, an id or the name of its type:
 *
 *   maiko_chain_passes_steps(chain, MAIKO_STEPS("order", maiko_match(paid, MAIKO_FIELD_IS(amount, 10))));
 *
 * A complete path is "exactly" a list (from end to end); a path "has" it (contiguously), or
 * "passes" it (in that order, with any others between). No path matches an empty list.
 *
 * maiko_chain_towards restricts a chain to the part that leads to one actor; all functions
 * here accept the result.
 *
 * A chain is a plain value; a chain without an event (NULL) is empty. For threads see query.h.
 * An event sent as the root of a new chain (maiko_send_root) is not part of this one.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef MAIKO_TESTING_CHAIN_H
#define MAIKO_TESTING_CHAIN_H

#include <maiko/testing/query.h>
#include <stdio.h>

typedef struct maiko_chain {
	maiko_harness *harness;
	const maiko_record *event; /* any record of the event; NULL: an empty chain */
	const char *towards;       /* see maiko_chain_towards; NULL: the whole */
} maiko_chain;

/* A list of steps. MAIKO_STEPS(...) makes one, of 1 to 64: the name of an event's type, as a
 * text; a maiko_id; or a maiko_matcher (maiko_match_type, maiko_match, maiko_where, ...). */
typedef struct maiko_steps {
	const maiko_matcher *steps;
	size_t count;
} maiko_steps;

MAIKO_BEGIN_DECLS

/* The chain from the event of a record; from the event of a query's first record. */
MAIKO_API maiko_chain maiko_chain_of(maiko_harness *h, const maiko_record *event);
MAIKO_API maiko_chain maiko_chain_from(maiko_query query);

/* Restricts a chain to the events that an actor received and the events that led to them: its
 * paths are those that end with that actor, even where the chain continues. The result cannot
 * be restricted again: that is a misuse (maiko_harness_status) and gives an empty chain.
 * `actor` is not copied. */
MAIKO_API maiko_chain maiko_chain_towards(maiko_chain chain, const char *actor);

/* The number of its events; of its complete paths; of the events in the longest path. */
MAIKO_API size_t maiko_chain_count(maiko_chain chain);
MAIKO_API size_t maiko_chain_paths(maiko_chain chain);
MAIKO_API size_t maiko_chain_depth(maiko_chain chain);

/* The n-th complete path, `n` from 0: writes the first `size` of its actors' or events'
 * names; returns their number, 0 if there is no such path. */
MAIKO_API size_t maiko_chain_actors(maiko_chain chain, size_t n, const char **names, size_t size);
MAIKO_API size_t maiko_chain_events(maiko_chain chain, size_t n, const char **names, size_t size);

/* All its actors, each once: the sender of its first event, then those that received or sent
 * one of its events. Writes the first `size`, returns their number. */
MAIKO_API size_t maiko_chain_all_actors(maiko_chain chain, const char **names, size_t size);

/* Whether some complete path is exactly this list; `names` as made by MAIKO_NAMES. */
MAIKO_API bool maiko_chain_has_actors_exactly(maiko_chain chain, const char *const *names);
MAIKO_API bool maiko_chain_has_events_exactly(maiko_chain chain, const char *const *names);
MAIKO_API bool maiko_chain_has_steps_exactly(maiko_chain chain, maiko_steps steps);

/* Whether some path has these contiguously. */
MAIKO_API bool maiko_chain_has_actors(maiko_chain chain, const char *const *names);
MAIKO_API bool maiko_chain_has_events(maiko_chain chain, const char *const *names);
MAIKO_API bool maiko_chain_has_steps(maiko_chain chain, maiko_steps steps);

/* Whether some path has these in that order, with any others before, between and after. */
MAIKO_API bool maiko_chain_passes_actors(maiko_chain chain, const char *const *names);
MAIKO_API bool maiko_chain_passes_events(maiko_chain chain, const char *const *names);
MAIKO_API bool maiko_chain_passes_steps(maiko_chain chain, maiko_steps steps);

/* Whether some path passes through an actor: it has sent or received an event of it. */
MAIKO_API bool maiko_chain_passes(maiko_chain chain, const char *actor);

/* The events with several children: writes the first `size`, returns their number. */
MAIKO_API size_t maiko_chain_branches(maiko_chain chain, const maiko_record **records, size_t size);

/* Whether paths continue right after an actor to different actors, or to one actor by
 * different event types. */
MAIKO_API bool maiko_chain_diverges_after(maiko_chain chain, const char *actor);

/* The number of children of the first event that matches, 0 if none matches; whether some
 * event that matches has several. */
MAIKO_API size_t maiko_chain_branches_after(maiko_chain chain, maiko_matcher event);
MAIKO_API bool maiko_chain_diverges_after_event(maiko_chain chain, maiko_matcher event);

/* The actors of the shortest path to an actor, both ends included: writes the first `size`,
 * returns their number, 0 if there is no path. */
MAIKO_API size_t maiko_chain_path_to(maiko_chain chain, const char *actor, const char **names, size_t size);

/* Writes it as a human-readable tree; an empty chain as one line that says so. */
MAIKO_API void maiko_chain_print(maiko_chain chain, FILE *out);

/* Writes it as a Mermaid sequenceDiagram (https://mermaid.js.org), an arrow for each event and
 * receiver; an empty chain as a comment that says so. */
MAIKO_API void maiko_chain_mermaid(maiko_chain chain, FILE *out);

MAIKO_END_DECLS

/* ---- implementation ---------------------------------------------------------------------- */

#define MAIKO_STEPS(...)                                                                                               \
	((maiko_steps){.steps = (const maiko_matcher[]){MAIKO_PP_MAP(MAIKO_PP_STEP_, ~, __VA_ARGS__)},                 \
		       .count = MAIKO_PP_COUNT(__VA_ARGS__)})

static inline maiko_matcher maiko_step_itself_(maiko_matcher matcher) { return matcher; }

/* clang-format off */
#define MAIKO_PP_STEP_(unused, step)                                                                                   \
	(MAIKO_PP_MUST_(_Generic((step), char * : 1, const char * : 1, maiko_id : 1, maiko_matcher : 1, default : 0),  \
			"MAIKO_STEPS: each step must be the name of a type, a maiko_id or a maiko_matcher")    \
		 ? maiko_match_name(NULL)                                                                              \
		 : _Generic((step), char * : maiko_match_name, const char * : maiko_match_name,                        \
			    maiko_id : maiko_match_id, default : maiko_step_itself_)(step)),
/* clang-format on */

#endif
