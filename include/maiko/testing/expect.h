/*
 * expect.h - expectations on recorded events: calls that return 0 or MAIKO_EBROKEN.
 *
 *   assert_int_equal(maiko_expect_count(maiko_query_of(h, order, .sender = "shop"), 3), 0);
 *
 * A failed expectation reports its source line, what was expected, what happened, how many
 * events each condition of the query excluded, and the chain of the event concerned. The
 * text goes to the harness's on_failure (default: stderr) and to maiko_harness_failure. It
 * aborts nothing: the test framework decides what follows.
 *
 *   shop_test.c:42: maiko_expect_count(maiko_query_of(h, order, .sender = "shop"), 3)
 *     expected  3 events
 *     happened  1:
 *       #14         1.204 ms  w1  dispatched   order#14 {"price":10,"what":"tea"}  shop on orders
 *     of 7 events
 *            4  type order
 *            1  sender shop
 *     chain of order#14
 *       order#14 {"price":10,"what":"tea"}  from shop, to stock, ledger
 *         reserve#19 {"what":"tea"}  from stock, to no one
 *
 * Misspelt names are detected: an expectation that names an actor which neither the records
 * nor the supervisor know fails, also one that expects no events, and the text lists the
 * known actors (exception: maiko_expect_actor with MAIKO_ACTOR_GONE). Topics and event types
 * become known when first used; a failed expectation lists them.
 *
 * Call maiko_harness_settle first: an expectation does not wait. All of them fail while
 * maiko_harness_status is not 0. Each macro calls the function of its name with the suffix
 * _at, for bindings; `here` must be valid during the call. For threads see query.h.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef MAIKO_TESTING_EXPECT_H
#define MAIKO_TESTING_EXPECT_H

#include <maiko/testing/chain.h>
#include <maiko/testing/query.h>

/* The source location and the text of an expectation. */
typedef struct maiko_here {
	const char *file;
	int line;
	const char *text;
} maiko_here;

MAIKO_BEGIN_DECLS

/* ---- of a query: how many, and which ------------------------------------------------------ */

/* It selects exactly, at least, at most that many; some; none. */
MAIKO_API int maiko_expect_count_at(const maiko_here *here, maiko_query query, size_t count);
MAIKO_API int maiko_expect_at_least_at(const maiko_here *here, maiko_query query, size_t count);
MAIKO_API int maiko_expect_at_most_at(const maiko_here *here, maiko_query query, size_t count);
MAIKO_API int maiko_expect_any_at(const maiko_here *here, maiko_query query);
MAIKO_API int maiko_expect_none_at(const maiko_here *here, maiko_query query);
#define maiko_expect_count(query, n)                                                                                   \
	maiko_expect_count_at(MAIKO_PP_HERE_("maiko_expect_count(" #query ", " #n ")"), (query), (n))
#define maiko_expect_at_least(query, n)                                                                                \
	maiko_expect_at_least_at(MAIKO_PP_HERE_("maiko_expect_at_least(" #query ", " #n ")"), (query), (n))
#define maiko_expect_at_most(query, n)                                                                                 \
	maiko_expect_at_most_at(MAIKO_PP_HERE_("maiko_expect_at_most(" #query ", " #n ")"), (query), (n))
#define maiko_expect_any(query) maiko_expect_any_at(MAIKO_PP_HERE_("maiko_expect_any(" #query ")"), (query))
#define maiko_expect_none(query) maiko_expect_none_at(MAIKO_PP_HERE_("maiko_expect_none(" #query ")"), (query))

/* It is not empty, and all of them, the first, the last matches. */
MAIKO_API int maiko_expect_all_at(const maiko_here *here, maiko_query query, maiko_matcher matcher);
MAIKO_API int maiko_expect_first_at(const maiko_here *here, maiko_query query, maiko_matcher matcher);
MAIKO_API int maiko_expect_last_at(const maiko_here *here, maiko_query query, maiko_matcher matcher);
#define maiko_expect_all(query, matcher)                                                                               \
	maiko_expect_all_at(MAIKO_PP_HERE_("maiko_expect_all(" #query ", " #matcher ")"), (query), (matcher))
#define maiko_expect_first(query, matcher)                                                                             \
	maiko_expect_first_at(MAIKO_PP_HERE_("maiko_expect_first(" #query ", " #matcher ")"), (query), (matcher))
#define maiko_expect_last(query, matcher)                                                                              \
	maiko_expect_last_at(MAIKO_PP_HERE_("maiko_expect_last(" #query ", " #matcher ")"), (query), (matcher))

/* Neither is empty, and all of the first come before all of the second. */
MAIKO_API int maiko_expect_before_at(const maiko_here *here, maiko_query query, maiko_query later);
#define maiko_expect_before(query, later)                                                                              \
	maiko_expect_before_at(MAIKO_PP_HERE_("maiko_expect_before(" #query ", " #later ")"), (query), (later))

/* Their senders, their receivers are exactly these, in any order. */
MAIKO_API int maiko_expect_senders_at(const maiko_here *here, maiko_query query, const char *const *names);
MAIKO_API int maiko_expect_receivers_at(const maiko_here *here, maiko_query query, const char *const *names);
#define maiko_expect_senders(query, ...)                                                                               \
	maiko_expect_senders_at(MAIKO_PP_HERE_("maiko_expect_senders(" #query ", " #__VA_ARGS__ ")"), (query),         \
				MAIKO_NAMES(__VA_ARGS__))
#define maiko_expect_receivers(query, ...)                                                                             \
	maiko_expect_receivers_at(MAIKO_PP_HERE_("maiko_expect_receivers(" #query ", " #__VA_ARGS__ ")"), (query),     \
				  MAIKO_NAMES(__VA_ARGS__))

/* ---- of each of a query's events; there must be one ------------------------------------------ */

/* It was delivered: to any actor; to all of these; to none of these; to at least that fraction
 * of these, from 0 to 1. */
MAIKO_API int maiko_expect_delivered_at(const maiko_here *here, maiko_query query);
MAIKO_API int maiko_expect_delivered_to_at(const maiko_here *here, maiko_query query, const char *const *names);
MAIKO_API int maiko_expect_not_delivered_to_at(const maiko_here *here, maiko_query query, const char *const *names);
MAIKO_API int maiko_expect_ratio_at(const maiko_here *here, maiko_query query, double least, const char *const *names);
#define maiko_expect_delivered(query)                                                                                  \
	maiko_expect_delivered_at(MAIKO_PP_HERE_("maiko_expect_delivered(" #query ")"), (query))
#define maiko_expect_delivered_to(query, ...)                                                                          \
	maiko_expect_delivered_to_at(MAIKO_PP_HERE_("maiko_expect_delivered_to(" #query ", " #__VA_ARGS__ ")"),        \
				     (query), MAIKO_NAMES(__VA_ARGS__))
#define maiko_expect_not_delivered_to(query, ...)                                                                      \
	maiko_expect_not_delivered_to_at(                                                                              \
		MAIKO_PP_HERE_("maiko_expect_not_delivered_to(" #query ", " #__VA_ARGS__ ")"), (query),                \
		MAIKO_NAMES(__VA_ARGS__))
#define maiko_expect_ratio(query, least, ...)                                                                          \
	maiko_expect_ratio_at(MAIKO_PP_HERE_("maiko_expect_ratio(" #query ", " #least ", " #__VA_ARGS__ ")"), (query), \
			      (least), MAIKO_NAMES(__VA_ARGS__))

/* It has exactly that many children. */
MAIKO_API int maiko_expect_children_at(const maiko_here *here, maiko_query query, size_t count);
#define maiko_expect_children(query, n)                                                                                \
	maiko_expect_children_at(MAIKO_PP_HERE_("maiko_expect_children(" #query ", " #n ")"), (query), (n))

/* ---- of an actor --------------------------------------------------------------------------------- */

/* Its status, as returned by maiko_harness_actor. For its events: maiko_received_by, maiko_sent_by. */
MAIKO_API int maiko_expect_actor_at(const maiko_here *here, maiko_harness *h, const char *actor,
				    maiko_actor_status status);
#define maiko_expect_actor(h, actor, status)                                                                           \
	maiko_expect_actor_at(MAIKO_PP_HERE_("maiko_expect_actor(" #h ", " #actor ", " #status ")"), (h), (actor),     \
			      (status))

/* ---- of a chain: see the functions of the same names in chain.h ------------------------------------ */

/* That many events; that many with several children. */
MAIKO_API int maiko_expect_chain_count_at(const maiko_here *here, maiko_chain chain, size_t count);
MAIKO_API int maiko_expect_chain_branches_at(const maiko_here *here, maiko_chain chain, size_t count);
#define maiko_expect_chain_count(chain, n)                                                                             \
	maiko_expect_chain_count_at(MAIKO_PP_HERE_("maiko_expect_chain_count(" #chain ", " #n ")"), (chain), (n))
#define maiko_expect_chain_branches(chain, n)                                                                          \
	maiko_expect_chain_branches_at(MAIKO_PP_HERE_("maiko_expect_chain_branches(" #chain ", " #n ")"), (chain), (n))

/* All its actors are these, in any order. */
MAIKO_API int maiko_expect_chain_all_actors_at(const maiko_here *here, maiko_chain chain, const char *const *names);
#define maiko_expect_chain_all_actors(chain, ...)                                                                      \
	maiko_expect_chain_all_actors_at(                                                                              \
		MAIKO_PP_HERE_("maiko_expect_chain_all_actors(" #chain ", " #__VA_ARGS__ ")"), (chain),                \
		MAIKO_NAMES(__VA_ARGS__))

/* Some complete path is exactly this list; some path has these contiguously. */
MAIKO_API int maiko_expect_chain_actors_exactly_at(const maiko_here *here, maiko_chain chain, const char *const *names);
MAIKO_API int maiko_expect_chain_events_exactly_at(const maiko_here *here, maiko_chain chain, const char *const *names);
MAIKO_API int maiko_expect_chain_actors_at(const maiko_here *here, maiko_chain chain, const char *const *names);
MAIKO_API int maiko_expect_chain_events_at(const maiko_here *here, maiko_chain chain, const char *const *names);
#define maiko_expect_chain_actors_exactly(chain, ...)                                                                  \
	maiko_expect_chain_actors_exactly_at(                                                                          \
		MAIKO_PP_HERE_("maiko_expect_chain_actors_exactly(" #chain ", " #__VA_ARGS__ ")"), (chain),            \
		MAIKO_NAMES(__VA_ARGS__))
#define maiko_expect_chain_events_exactly(chain, ...)                                                                  \
	maiko_expect_chain_events_exactly_at(                                                                          \
		MAIKO_PP_HERE_("maiko_expect_chain_events_exactly(" #chain ", " #__VA_ARGS__ ")"), (chain),            \
		MAIKO_NAMES(__VA_ARGS__))
#define maiko_expect_chain_actors(chain, ...)                                                                          \
	maiko_expect_chain_actors_at(MAIKO_PP_HERE_("maiko_expect_chain_actors(" #chain ", " #__VA_ARGS__ ")"),        \
				     (chain), MAIKO_NAMES(__VA_ARGS__))
#define maiko_expect_chain_events(chain, ...)                                                                          \
	maiko_expect_chain_events_at(MAIKO_PP_HERE_("maiko_expect_chain_events(" #chain ", " #__VA_ARGS__ ")"),        \
				     (chain), MAIKO_NAMES(__VA_ARGS__))

/* Some path has these in that order, with any others between. */
MAIKO_API int maiko_expect_chain_passes_actors_at(const maiko_here *here, maiko_chain chain, const char *const *names);
MAIKO_API int maiko_expect_chain_passes_events_at(const maiko_here *here, maiko_chain chain, const char *const *names);
#define maiko_expect_chain_passes_actors(chain, ...)                                                                   \
	maiko_expect_chain_passes_actors_at(                                                                           \
		MAIKO_PP_HERE_("maiko_expect_chain_passes_actors(" #chain ", " #__VA_ARGS__ ")"), (chain),             \
		MAIKO_NAMES(__VA_ARGS__))
#define maiko_expect_chain_passes_events(chain, ...)                                                                   \
	maiko_expect_chain_passes_events_at(                                                                           \
		MAIKO_PP_HERE_("maiko_expect_chain_passes_events(" #chain ", " #__VA_ARGS__ ")"), (chain),             \
		MAIKO_NAMES(__VA_ARGS__))

/* The same three of steps: the arguments of MAIKO_STEPS. */
MAIKO_API int maiko_expect_chain_steps_exactly_at(const maiko_here *here, maiko_chain chain, maiko_steps steps);
MAIKO_API int maiko_expect_chain_steps_at(const maiko_here *here, maiko_chain chain, maiko_steps steps);
MAIKO_API int maiko_expect_chain_passes_steps_at(const maiko_here *here, maiko_chain chain, maiko_steps steps);
#define maiko_expect_chain_steps_exactly(chain, ...)                                                                   \
	maiko_expect_chain_steps_exactly_at(                                                                           \
		MAIKO_PP_HERE_("maiko_expect_chain_steps_exactly(" #chain ", " #__VA_ARGS__ ")"), (chain),             \
		MAIKO_STEPS(__VA_ARGS__))
#define maiko_expect_chain_steps(chain, ...)                                                                           \
	maiko_expect_chain_steps_at(MAIKO_PP_HERE_("maiko_expect_chain_steps(" #chain ", " #__VA_ARGS__ ")"), (chain), \
				    MAIKO_STEPS(__VA_ARGS__))
#define maiko_expect_chain_passes_steps(chain, ...)                                                                    \
	maiko_expect_chain_passes_steps_at(                                                                            \
		MAIKO_PP_HERE_("maiko_expect_chain_passes_steps(" #chain ", " #__VA_ARGS__ ")"), (chain),              \
		MAIKO_STEPS(__VA_ARGS__))

/* It passes through an actor; does not; diverges after it; the shortest path to the last of
 * `names` is these. */
MAIKO_API int maiko_expect_chain_passes_at(const maiko_here *here, maiko_chain chain, const char *actor);
MAIKO_API int maiko_expect_chain_avoids_at(const maiko_here *here, maiko_chain chain, const char *actor);
MAIKO_API int maiko_expect_chain_diverges_after_at(const maiko_here *here, maiko_chain chain, const char *actor);
MAIKO_API int maiko_expect_chain_path_to_at(const maiko_here *here, maiko_chain chain, const char *const *names);
#define maiko_expect_chain_passes(chain, actor)                                                                        \
	maiko_expect_chain_passes_at(MAIKO_PP_HERE_("maiko_expect_chain_passes(" #chain ", " #actor ")"), (chain),     \
				     (actor))
#define maiko_expect_chain_avoids(chain, actor)                                                                        \
	maiko_expect_chain_avoids_at(MAIKO_PP_HERE_("maiko_expect_chain_avoids(" #chain ", " #actor ")"), (chain),     \
				     (actor))
#define maiko_expect_chain_diverges_after(chain, actor)                                                                \
	maiko_expect_chain_diverges_after_at(                                                                          \
		MAIKO_PP_HERE_("maiko_expect_chain_diverges_after(" #chain ", " #actor ")"), (chain), (actor))
#define maiko_expect_chain_path_to(chain, ...)                                                                         \
	maiko_expect_chain_path_to_at(MAIKO_PP_HERE_("maiko_expect_chain_path_to(" #chain ", " #__VA_ARGS__ ")"),      \
				      (chain), MAIKO_NAMES(__VA_ARGS__))

/* There is an event that matches, and the first one has that many children; some one has
 * several. */
MAIKO_API int maiko_expect_chain_branches_after_at(const maiko_here *here, maiko_chain chain, maiko_matcher event,
						   size_t count);
MAIKO_API int maiko_expect_chain_diverges_after_event_at(const maiko_here *here, maiko_chain chain,
							 maiko_matcher event);
#define maiko_expect_chain_branches_after(chain, event, n)                                                             \
	maiko_expect_chain_branches_after_at(                                                                          \
		MAIKO_PP_HERE_("maiko_expect_chain_branches_after(" #chain ", " #event ", " #n ")"), (chain), (event), \
		(n))
#define maiko_expect_chain_diverges_after_event(chain, event)                                                          \
	maiko_expect_chain_diverges_after_event_at(                                                                    \
		MAIKO_PP_HERE_("maiko_expect_chain_diverges_after_event(" #chain ", " #event ")"), (chain), (event))

/* ---- of anything ------------------------------------------------------------------------------------- */

/* Any other condition holds. */
MAIKO_API int maiko_expect_at(const maiko_here *here, maiko_harness *h, bool condition);
#define maiko_expect(h, condition)                                                                                     \
	maiko_expect_at(MAIKO_PP_HERE_("maiko_expect(" #h ", " #condition ")"), (h), (condition))

MAIKO_END_DECLS

#define MAIKO_PP_HERE_(text_) (&(const maiko_here){.file = __FILE__, .line = __LINE__, .text = text_})

#endif
