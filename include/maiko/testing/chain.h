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
 * types; in "steps", its events, each told by a matcher, its id or the name of its type:
 *
 *   maiko_chain_passes_steps(chain, MAIKO_STEPS("order", maiko_match(paid, MAIKO_FIELD_IS(amount, 10))));
 *
 * Of a list, the part of a path is meant that has it "exactly" (from end to end), "has" it
 * (one right after the other), or "passes" it (in that order, with any others between).
 * A list of none is in no path.
 *
 * maiko_chain_towards makes of a chain the part that leads to one actor: a chain of its own,
 * for all the questions here.
 *
 * A chain is a plain value; one of no event (a NULL) has nothing. For threads see query.h.
 * An event sent as the root of a new chain (maiko_send_root) is not part of this.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef MAIKO_TESTING_CHAIN_H
#define MAIKO_TESTING_CHAIN_H

#include <maiko/testing/query.h>
#include <stdio.h>

typedef struct maiko_chain {
	maiko_harness *harness;
	const maiko_record *event; /* any record of it; NULL: there is none */
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

/* Of a chain, the events that an actor has received, and those that led to them: its paths
 * are those that end with that actor, however the chain goes on. Not of one that is such a
 * part already: that is a misuse (maiko_harness_status) and has nothing. `actor` is not
 * copied. */
MAIKO_API maiko_chain maiko_chain_towards(maiko_chain chain, const char *actor);

/* How many events it has; how many complete paths; how many events the longest has. */
MAIKO_API size_t maiko_chain_count(maiko_chain chain);
MAIKO_API size_t maiko_chain_paths(maiko_chain chain);
MAIKO_API size_t maiko_chain_depth(maiko_chain chain);

/* The n-th complete path, `n` from 0: writes the first `size` of its actors' or events'
 * names; returns how many it has, 0 if there is no such path. */
MAIKO_API size_t maiko_chain_actors(maiko_chain chain, size_t n, const char **names, size_t size);
MAIKO_API size_t maiko_chain_events(maiko_chain chain, size_t n, const char **names, size_t size);

/* All its actors: the sender of its first event, then each that received or sent one of it,
 * once. Writes the first `size`, returns how many. */
MAIKO_API size_t maiko_chain_all_actors(maiko_chain chain, const char **names, size_t size);

/* Whether some complete path is exactly that; `names` as MAIKO_NAMES makes it. */
MAIKO_API bool maiko_chain_has_actors_exactly(maiko_chain chain, const char *const *names);
MAIKO_API bool maiko_chain_has_events_exactly(maiko_chain chain, const char *const *names);
MAIKO_API bool maiko_chain_has_steps_exactly(maiko_chain chain, maiko_steps steps);

/* Whether some path has these, one right after the other. */
MAIKO_API bool maiko_chain_has_actors(maiko_chain chain, const char *const *names);
MAIKO_API bool maiko_chain_has_events(maiko_chain chain, const char *const *names);
MAIKO_API bool maiko_chain_has_steps(maiko_chain chain, maiko_steps steps);

/* Whether some path has these in that order, with any others before, between and after. */
MAIKO_API bool maiko_chain_passes_actors(maiko_chain chain, const char *const *names);
MAIKO_API bool maiko_chain_passes_events(maiko_chain chain, const char *const *names);
MAIKO_API bool maiko_chain_passes_steps(maiko_chain chain, maiko_steps steps);

/* Whether some path passes through an actor: it has sent or received an event of it. */
MAIKO_API bool maiko_chain_passes(maiko_chain chain, const char *actor);

/* The events with several children: writes the first `size`, returns how many. */
MAIKO_API size_t maiko_chain_branches(maiko_chain chain, const maiko_record **records, size_t size);

/* Whether paths through an actor go on to different actors, or to one by different types of
 * event, right after it. */
MAIKO_API bool maiko_chain_diverges_after(maiko_chain chain, const char *actor);

/* How many events the first event that matches has caused, 0 if none matches; whether some
 * event that matches has caused several. */
MAIKO_API size_t maiko_chain_branches_after(maiko_chain chain, maiko_matcher event);
MAIKO_API bool maiko_chain_diverges_after_event(maiko_chain chain, maiko_matcher event);

/* The actors of the shortest path to an actor, both ends included: writes the first `size`,
 * returns how many, 0 if none leads there. */
MAIKO_API size_t maiko_chain_path_to(maiko_chain chain, const char *actor, const char **names, size_t size);

/* Writes it as a tree for a person; one line says so if there is no event. */
MAIKO_API void maiko_chain_print(maiko_chain chain, FILE *out);

/* Writes it as a diagram of Mermaid (https://mermaid.js.org), type sequenceDiagram: an arrow
 * for each event and receiver; a comment says so if there is no event. */
MAIKO_API void maiko_chain_mermaid(maiko_chain chain, FILE *out);

MAIKO_END_DECLS

/* ---- how it is done ---------------------------------------------------------------------- */

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
