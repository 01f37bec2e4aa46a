/*
 * harness.h - for tests: records what happens in a supervisor, sends in the name of actors,
 * waits for quiescence, and answers queries.
 *
 *   maiko_harness *h;
 *   assert_int_equal(maiko_harness_new(&h, sup), 0);
 *   assert_int_equal(maiko_start(sup), 0);
 *   assert_int_equal(maiko_harness_send_as(h, "shop", order, .price = 10), 0);
 *   assert_int_equal(maiko_harness_settle(h), 0);
 *   assert_int_equal(maiko_expect_delivered_to(maiko_query_of(h, order), "stock", "ledger"), 0);
 *   assert_int_equal(maiko_expect_count(maiko_received_by(h, "stock"), 1), 0);
 *   maiko_harness_free(h);
 *   maiko_stop(sup, NULL);
 *
 * (assert_int_equal is cmocka's; any test framework works.) The supervisor may be threaded,
 * embedded in a loop of the caller, or simulated (sim.h). Each worker records its observations
 * itself, under one common lock: recording costs parallelism, and memory that grows with time.
 *
 *   query.h    queries: what was sent, delivered, received, in any combination
 *   chain.h    what an event caused
 *   expect.h   the same as expectations, which explain their failures
 *
 * Any thread may call these, unless said otherwise. A NULL harness is MAIKO_EINVAL.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef MAIKO_TESTING_HARNESS_H
#define MAIKO_TESTING_HARNESS_H

#include <maiko/testing/chain.h>
#include <maiko/testing/expect.h>
#include <maiko/maiko.h>
#include <maiko/testing/query.h>
#include <stdio.h>

/* The defaults of .records_max and .timeout_ms. */
#define MAIKO_HARNESS_RECORDS 1000000
#define MAIKO_HARNESS_TIMEOUT_MS 20000

/* Zero in any field means the default. */
typedef struct maiko_harness_options {
	size_t records_max;  /* MAIKO_HARNESS_RECORDS; each takes some 150 bytes, and each event its
			      * size and some 200 */
	uint64_t timeout_ms; /* of settle and send_as, in real time; MAIKO_HARNESS_TIMEOUT_MS */
	/* Called for each failed expectation, on the thread that made it, with a text of several
	 * lines that ends with a line feed and is valid until it returns. Default: the text goes
	 * to stderr. */
	void (*on_failure)(void *arg, const char *text);
	void *arg;
	uint64_t reserved_[8];
} maiko_harness_options;

MAIKO_BEGIN_DECLS

/* ---- life ---------------------------------------------------------------------------- */

/*
 * maiko_harness_new(&h, sup, .records_max = 100, ...) - makes a harness on `sup` that records.
 *
 * On a running supervisor recording has begun when it returns; on a thread that may not wait
 * (supervisor.h), it begins soon after. maiko_harness_open is the call behind it; `options`
 * may be NULL. Errors: MAIKO_EINVAL (a NULL), MAIKO_ENOMEM, those of maiko_monitor_add.
 */
MAIKO_API int maiko_harness_open(maiko_harness **ret_harness, maiko_supervisor *sup,
				 const maiko_harness_options *options);

/*
 * Frees it with its records; call it before its supervisor or simulation is freed. Returns
 * NULL; NULL is allowed. On a thread that may not wait the memory is freed later, when the
 * last worker has detached it. Returns `h`, with nothing freed, if it could not be removed
 * (MAIKO_ENOMEM, MAIKO_EFORK, or MAIKO_ETIMEDOUT: a callback does not return).
 */
MAIKO_API maiko_harness *maiko_harness_free(maiko_harness *h);

/* ---- recording ------------------------------------------------------------------------- */

/* Starts recording observations; stops it. Idempotent. */
MAIKO_API int maiko_harness_record(maiko_harness *h);
MAIKO_API int maiko_harness_pause(maiko_harness *h);

/* Deletes all records, and resets maiko_harness_status. Order numbers continue. Not while
 * another thread uses them; records, and queries and chains that refer to one, become invalid. */
MAIKO_API int maiko_harness_clear(maiko_harness *h);

/*
 * Whether the records are complete: 0; MAIKO_E2BIG: records_max was reached, and nothing was
 * recorded since; MAIKO_ENOMEM: the same, out of memory; MAIKO_EINVAL: a query or matcher was
 * misused. After an error every expectation fails with it, and maiko_harness_settle returns
 * it, until maiko_harness_clear.
 */
MAIKO_API int maiko_harness_status(maiko_harness *h);

/* ---- sending --------------------------------------------------------------------------- */

/*
 * maiko_harness_send_as(h, "shop", order, .price = 10) - sends an event in the name of an
 * actor, as if that actor sent it while it handles no event: in the order of its sends, not to
 * itself (unless it has .echo), as a root. It waits while the actor is muted. When it returns,
 * the event is in the mailboxes of the subscribers on the actor's worker and in flight to the
 * others. A simulation takes steps meanwhile; an embedded loop runs if it belongs to this
 * thread. maiko_harness_dispatch is the call behind it; `event` is copied.
 *
 * Errors, with nothing sent: those of maiko_send; MAIKO_ENOENT (no such actor), MAIKO_EFAILED
 * (it has ended), MAIKO_ETIMEDOUT, MAIKO_ESTATE (not started), MAIKO_ESHUTDOWN (stopping, or
 * stopped), MAIKO_EDEADLK (on a thread that may not wait), MAIKO_EBROKEN (the simulation has
 * failed). Under simulation: on its thread only.
 */
MAIKO_API int maiko_harness_dispatch(maiko_harness *h, const char *actor, const maiko_event_type *type,
				     const void *event);

/* The event that the last maiko_harness_send_as has sent: its DISPATCHED record; NULL if there
 * is none, or it was not recorded. */
MAIKO_API const maiko_record *maiko_harness_sent(maiko_harness *h);

/* The event of that id, likewise. */
MAIKO_API const maiko_record *maiko_harness_event(maiko_harness *h, maiko_id id);

/* ---- waiting ---------------------------------------------------------------------------- */

/*
 * maiko_harness_settle - waits for quiescence: no event is queued or in flight, no callback
 * runs or is ready, no timer is due, no blocking job is in progress, and libuv has nothing
 * ready. Counters prove it, not the passing of time: every event sent before (by this thread,
 * or by one that it has synchronised with), and every event caused by it, has been handled and
 * recorded.
 *
 * It does not wait for time or other processes: delayed events and ticks that are not due yet,
 * descriptors that are not ready yet. With a tick that is always due there is no quiescence.
 *
 * Threaded: it asks the workers in rounds; they sleep in between. Embedded: call it on the
 * loop's thread; it runs the loop (so not inside a callback of that loop). Simulated:
 * maiko_sim_run. Errors: MAIKO_ETIMEDOUT (the option .timeout_ms; real time), MAIKO_ESTATE
 * (not started), MAIKO_EDEADLK (on a thread that may not wait), MAIKO_EBROKEN (the simulation
 * has failed), MAIKO_ENOMEM, MAIKO_EFORK, and those of maiko_harness_status. 0 once the
 * supervisor has stopped.
 */
MAIKO_API int maiko_harness_settle(maiko_harness *h);

/*
 * Returns as soon as `condition(arg)` holds. The condition is called on this thread: immediately,
 * after observations, and every 10 ms, until `limit_ms` have passed (of virtual time under
 * simulation, which advances for it); 0: the option .timeout_ms. Errors: MAIKO_ETIMEDOUT;
 * MAIKO_ESHUTDOWN (the supervisor has stopped, and the condition does not hold); else as above.
 */
MAIKO_API int maiko_harness_settle_until(maiko_harness *h, bool (*condition)(void *arg), void *arg, uint64_t limit_ms);

/* The same, until the query selects at least `count`. */
MAIKO_API int maiko_harness_settle_on(maiko_query query, size_t count, uint64_t limit_ms);

/* ---- one event ----------------------------------------------------------------------------- */

/* `event` is any record of the event. Without an event (NULL, or an observation without one) the
 * results are false, 0, "" and NULL. `names` is a list ended by NULL (MAIKO_NAMES); arrays are
 * filled and counted as by maiko_query_collect (query.h, which defines delivered and received). */

/* Whether it was delivered to any actor; to that actor; to all of these. */
MAIKO_API bool maiko_event_delivered(const maiko_record *event);
MAIKO_API bool maiko_event_delivered_to(const maiko_record *event, const char *actor);
MAIKO_API bool maiko_event_delivered_to_all(const maiko_record *event, const char *const *names);

/* The fraction of these that it was delivered to, from 0 to 1; 1 if there are no names. */
MAIKO_API double maiko_event_ratio(const maiko_record *event, const char *const *names);

/* Its sender; its receivers. */
MAIKO_API const char *maiko_event_sender(const maiko_record *event);
MAIKO_API size_t maiko_event_receivers(const maiko_record *event, const char **names, size_t size);

/* The event that caused it; those that it caused. */
MAIKO_API const maiko_record *maiko_event_parent(const maiko_record *event);
MAIKO_API size_t maiko_event_children(const maiko_record *event, const maiko_record **records, size_t size);

/* ---- one actor ------------------------------------------------------------------------------- */

/* For its events: maiko_received_by and maiko_sent_by (query.h). */

/* Its status, from the records of the last actor of that name, else from the supervisor's
 * ledger; MAIKO_ACTOR_GONE: there is none. A failed actor remains MAIKO_ACTOR_FAILED, unless it is
 * restarted; a removed one MAIKO_ACTOR_STOPPED. */
MAIKO_API maiko_actor_status maiko_harness_actor(maiko_harness *h, const char *actor);

/* ---- output ------------------------------------------------------------------------------------ */

/* Writes all records, one per line; without records a line that says so. */
MAIKO_API void maiko_harness_dump(maiko_harness *h, FILE *out);

/* The number of failed expectations; the text of the last one (owned by the harness, valid
 * until the next one fails), NULL if none has failed. */
MAIKO_API size_t maiko_harness_failures(maiko_harness *h);
MAIKO_API const char *maiko_harness_failure(maiko_harness *h);

MAIKO_END_DECLS

#define maiko_harness_new(ret_harness, ...) MAIKO_PP_HARNESS_(ret_harness, __VA_ARGS__, .reserved_ = {0})
#define MAIKO_PP_HARNESS_(ret_harness, sup, ...)                                                                       \
	maiko_harness_open((ret_harness), (sup), &(const maiko_harness_options){__VA_ARGS__})

#define maiko_harness_send_as(h, actor, ...) MAIKO_PP_SEND_AS_(h, actor, __VA_ARGS__, )
#define MAIKO_PP_SEND_AS_(h, actor, event, ...)                                                                        \
	MAIKO_PP_SENDING_(event, maiko_harness_dispatch((h), (actor), &maiko_gen_event_##event, &maiko_value_),        \
			  __VA_ARGS__)

#endif
