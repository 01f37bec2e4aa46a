/*
 * harness.h - for tests: records what happens in a supervisor, sends in the name of actors,
 * waits until all has been handled, and answers questions.
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
 * (assert_int_equal is cmocka's; any test framework will do.) The supervisor may be a real
 * one, one on a loop of the caller's, or a simulated one (sim.h). Each worker's observations are
 * recorded on that worker, under one lock: a harness costs a supervisor its parallelism, and
 * memory as long as it records.
 *
 *   query.h    queries: what was sent, delivered, received, in any combination
 *   chain.h    what an event caused
 *   expect.h   the same as expectations, which explain themselves when they fail
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

/* How many records there may be, and how long a call waits, when nothing else is said. */
#define MAIKO_HARNESS_RECORDS 1000000
#define MAIKO_HARNESS_TIMEOUT_MS 20000

/* Zero in any field means the default. */
typedef struct maiko_harness_options {
	size_t records_max;  /* MAIKO_HARNESS_RECORDS; each takes some 150 bytes, and each event its
			      * size and some 200 */
	uint64_t timeout_ms; /* of settle and send_as, in real time; MAIKO_HARNESS_TIMEOUT_MS */
	/* Called for each expectation that fails, on the thread that expects, with a text of
	 * several lines, ended by a line feed, valid until it returns. Default: the text goes
	 * to stderr. */
	void (*on_failure)(void *arg, const char *text);
	void *arg;
	uint64_t reserved_[8];
} maiko_harness_options;

MAIKO_BEGIN_DECLS

/* ---- life ---------------------------------------------------------------------------- */

/*
 * maiko_harness_new(&h, sup, .records_max = 100, ...) - a harness on `sup`, recording.
 *
 * Of a running supervisor it records what happens once it returns; on a thread that may not
 * wait (supervisor.h), soon after. maiko_harness_open is the call under it; `options` may be
 * NULL. Errors: MAIKO_EINVAL (a NULL), MAIKO_ENOMEM, those of maiko_monitor_add.
 */
MAIKO_API int maiko_harness_open(maiko_harness **ret_harness, maiko_supervisor *sup,
				 const maiko_harness_options *options);

/*
 * Frees it with its records, before its supervisor or simulation is freed. Returns NULL;
 * NULL is fine. On a thread that may not wait the memory goes a little later, with the last
 * worker's look at it. Returns `h` if it could not be removed (MAIKO_ENOMEM, MAIKO_EFORK, or
 * MAIKO_ETIMEDOUT: a callback does not return): nothing was freed.
 */
MAIKO_API maiko_harness *maiko_harness_free(maiko_harness *h);

/* ---- recording ------------------------------------------------------------------------- */

/* From now on observations are recorded; are not. Idempotent. */
MAIKO_API int maiko_harness_record(maiko_harness *h);
MAIKO_API int maiko_harness_pause(maiko_harness *h);

/* Forgets all records, and what was wrong with them (maiko_harness_status). Order numbers go
 * on. Not while another thread asks; records, queries and chains that name one are void. */
MAIKO_API int maiko_harness_clear(maiko_harness *h);

/*
 * Whether what was recorded can be relied on: 0; MAIKO_E2BIG: records_max was reached, and
 * nothing was recorded since; MAIKO_ENOMEM: the same, for want of memory; MAIKO_EINVAL: a
 * query or matcher was misused. Until maiko_harness_clear, every expectation then fails and
 * says so, and maiko_harness_settle returns it.
 */
MAIKO_API int maiko_harness_status(maiko_harness *h);

/* ---- sending --------------------------------------------------------------------------- */

/*
 * maiko_harness_send_as(h, "shop", order, .price = 10) - sends an event in the name of an
 * actor, as if it had outside the handling of any event: in its order, not to itself
 * (unless it has .echo), the start of a chain; while the actor is muted, it waits. Complete
 * when it returns: the event is in the mailboxes of its worker's subscribers and on the way
 * to the others'. A simulation takes steps meanwhile, an embedded loop is run if it is this
 * thread's. maiko_harness_dispatch is the call under it; `event` is copied.
 *
 * Errors, nothing was sent: those of maiko_send; MAIKO_ENOENT (no such actor), MAIKO_EFAILED
 * (it has ended), MAIKO_ETIMEDOUT, MAIKO_ESTATE (not started), MAIKO_ESHUTDOWN (stopping, or
 * stopped), MAIKO_EDEADLK (on a thread that may not wait), MAIKO_EBROKEN (the simulation has
 * failed). Under simulation: on its thread only.
 */
MAIKO_API int maiko_harness_dispatch(maiko_harness *h, const char *actor, const maiko_event_type *type,
				     const void *event);

/* The event that the last maiko_harness_send_as has sent: the record of its being sent; NULL
 * if there is none, or it was not recorded. */
MAIKO_API const maiko_record *maiko_harness_sent(maiko_harness *h);

/* The event of that id, likewise. */
MAIKO_API const maiko_record *maiko_harness_event(maiko_harness *h, maiko_id id);

/* ---- waiting ---------------------------------------------------------------------------- */

/*
 * maiko_harness_settle - returns when all is at rest: no event is queued or on its way, no
 * callback runs or is ready to, no timer is due, no blocking job is under way, and libuv has
 * nothing ready. It is found out by counting, not by waiting a while: what was sent before
 * (by this thread, or by one that this thread has heard of since) and all that it has caused
 * has been handled, and recorded.
 *
 * Not waited for is what time or another process brings: delayed events and ticks that are
 * not due yet, descriptors that are not ready yet. A tick that is always due never rests.
 *
 * Real supervisors: rounds of questions to the workers, which sleep otherwise. On a loop of
 * the caller's: on its thread it runs the loop (so not inside a callback of that loop).
 * Simulated ones: maiko_sim_run. Errors: MAIKO_ETIMEDOUT (the option .timeout_ms; real time),
 * MAIKO_ESTATE (not started), MAIKO_EDEADLK (on a thread that may not wait), MAIKO_EBROKEN
 * (the simulation has failed), MAIKO_ENOMEM, MAIKO_EFORK, and those of maiko_harness_status.
 * 0 once the supervisor has stopped.
 */
MAIKO_API int maiko_harness_settle(maiko_harness *h);

/*
 * Returns as soon as `condition(arg)` holds: it is called on this thread, at once, after
 * observations, and every 10 ms, until `limit_ms` have passed (of virtual time under simulation,
 * which moves for it); 0: the option .timeout_ms. Errors: MAIKO_ETIMEDOUT; MAIKO_ESHUTDOWN
 * (the supervisor has stopped, and the condition does not hold: it is not waited for); else
 * as above.
 */
MAIKO_API int maiko_harness_settle_until(maiko_harness *h, bool (*condition)(void *arg), void *arg, uint64_t limit_ms);

/* The same, until the query has at least `count`. */
MAIKO_API int maiko_harness_settle_on(maiko_query query, size_t count, uint64_t limit_ms);

/* ---- questions about an event -------------------------------------------------------------- */

/* Of the event of a record, any record of it; of none (NULL, or an observation without an event) the
 * answers are false, 0, "" and NULL. `names` is a list ended by NULL (MAIKO_NAMES); arrays are
 * filled and counted as by maiko_query_collect (query.h, also for delivered and received). */

/* Whether it was delivered to anyone; to that actor; to all of these. */
MAIKO_API bool maiko_event_delivered(const maiko_record *event);
MAIKO_API bool maiko_event_delivered_to(const maiko_record *event, const char *actor);
MAIKO_API bool maiko_event_delivered_to_all(const maiko_record *event, const char *const *names);

/* To how many of these it was delivered, from 0 to 1; 1 if there are no names. */
MAIKO_API double maiko_event_ratio(const maiko_record *event, const char *const *names);

/* Who sent it; who has received it. */
MAIKO_API const char *maiko_event_sender(const maiko_record *event);
MAIKO_API size_t maiko_event_receivers(const maiko_record *event, const char **names, size_t size);

/* The event that caused it; those that it caused. */
MAIKO_API const maiko_record *maiko_event_parent(const maiko_record *event);
MAIKO_API size_t maiko_event_children(const maiko_record *event, const maiko_record **records, size_t size);

/* ---- questions about an actor ---------------------------------------------------------------- */

/* What it has received and sent: maiko_received_by and maiko_sent_by (query.h). */

/* How it is, from the records of the last actor of that name, else from the supervisor's
 * ledger; MAIKO_ACTOR_GONE: there is none. One that has failed remains MAIKO_ACTOR_FAILED,
 * one that was removed MAIKO_ACTOR_STOPPED. */
MAIKO_API maiko_actor_status maiko_harness_actor(maiko_harness *h, const char *actor);

/* ---- for a person ------------------------------------------------------------------------------ */

/* Writes all records, one a line; one line says so if there is none. */
MAIKO_API void maiko_harness_dump(maiko_harness *h, FILE *out);

/* How many expectations have failed; the text of the last (the harness's, until the next one
 * fails), NULL if none has. */
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
