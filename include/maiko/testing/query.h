/*
 * query.h - queries on the records of a harness.
 *
 * A query is a plain value: a harness, and conditions on its records. A macro makes it, with
 * the conditions as options; it can be copied, changed and evaluated any number of times:
 *
 *   maiko_query orders = maiko_query_of(h, order, .sender = "shop");
 *   size_t all = maiko_query_count(orders);
 *   orders.receiver = "stock";
 *   const maiko_record *last = maiko_query_last(orders);
 *   printf("%s\n", maiko_payload(last, order)->what);
 *
 * What a query selects (.of):
 *
 *   MAIKO_OF_EVENTS        each event sent, once                     (the default)
 *   MAIKO_OF_DELIVERIES    each event, for each actor whose mailbox it entered
 *   MAIKO_OF_RECEIPTS      each event, for each actor whose handler for it has returned
 *   MAIKO_OF_OBSERVATIONS  all records, of the kinds in .kinds
 *
 * An event that was delivered may still be dropped, or have no handler; then it was not
 * received. Once the supervisor has settled, every other delivered event was received.
 *
 * Matchers test the content of an event. MAIKO_WHERE makes one from an expression, at file
 * scope; maiko_match makes one from the names of fields, checked by the compiler.
 * MAIKO_WHERE_RECORD makes one that tests the metadata too: sender, topic, ids, time, receiver.
 *
 *   MAIKO_WHERE(expensive, order, it->price > 1000);
 *   MAIKO_WHERE_RECORD(is_root, it->event->parent.sequence == 0);
 *   ...
 *   maiko_query_of(h, order, .where = maiko_where(expensive))
 *   maiko_query_of(h, order, .where = maiko_match(order, MAIKO_FIELD_IS(price, 10),
 *                                                 MAIKO_FIELD_CONTAINS(what, "tea")))
 *
 * The functions here may be called from any thread, also while events are recorded: they see
 * at least the records that existed when the call began. Predicates are called on the calling
 * thread, without a lock. Texts in a query are not copied.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef MAIKO_TESTING_QUERY_H
#define MAIKO_TESTING_QUERY_H

#include <maiko/maiko.h>

/* Records what happens in a supervisor; see harness.h. Opaque. */
typedef struct maiko_harness maiko_harness;

/* The maximum number of matchers in a query; of field tests in a matcher: MAIKO_TESTS_MAX (filter.h). */
#define MAIKO_MATCHERS_MAX 4

/*
 * A recorded observation: a maiko_observation (monitor.h) with a number. Records of one event
 * share one copy of its content, with a reference on each buffer in it. The harness owns them,
 * until maiko_harness_clear or _free. Pass to a harness only records that it returned.
 */
typedef struct maiko_record {
	uint64_t order; /* from 1, over all workers: an effect has a higher one than its cause */
	maiko_observation_kind kind;
	uint32_t worker;             /* 1 and up */
	uint64_t now_ns;             /* the worker's clock, read once per turn */
	maiko_actor_id actor;        /* 0: it is about no actor */
	const char *actor_name;      /* "" then */
	const char *actor_type;      /* "" then */
	const maiko_envelope *event; /* NULL: it is about no event */
	const void *data;            /* the event's struct, or NULL */
	int64_t code;                /* see MAIKO_OBSERVATION_MAP */
	bool was_queued;             /* overflowed, discarded, set aside: it was in the mailbox */
} maiko_record;

/* ---- matchers ------------------------------------------------------------------------- */

/* A predicate made by MAIKO_WHERE or MAIKO_WHERE_RECORD. */
typedef struct maiko_predicate {
	const char *name;
	const char *text;             /* of its expression */
	const maiko_event_type *type; /* NULL: of any, and it tests records */
	bool (*test)(const void *event, const void *arg);
	bool (*test_record)(const maiko_record *record, const void *arg);
	bool needs_arg;
} maiko_predicate;

/* Conditions on an event: the type, the id, all of the tests, and the predicate. All zero:
 * any event matches. Make one with the calls below. */
typedef struct maiko_matcher {
	const maiko_event_type *type;
	const char *type_name; /* NULL: any */
	bool by_id;
	maiko_id id;                      /* with by_id */
	const maiko_predicate *predicate; /* may be NULL */
	const void *arg;                  /* the predicate's */
	maiko_field_test tests[MAIKO_TESTS_MAX];
} maiko_matcher;

/*
 * Match an event of a type; of the type of that name; with an id. A zero id (the parent of a
 * root) matches no event.
 *
 *   maiko_match_type(order)    maiko_match_name("order")    maiko_match_id(record->event->id)
 */
#define maiko_match_type(event) ((maiko_matcher){.type = &maiko_gen_event_##event})
MAIKO_BEGIN_DECLS
MAIKO_API maiko_matcher maiko_match_name(const char *name);
MAIKO_API maiko_matcher maiko_match_id(maiko_id id);
MAIKO_END_DECLS

/*
 * MAIKO_WHERE(name, event, expression): at file scope, a predicate on an event; in the
 * expression `it` points to the event. MAIKO_WHERE_WITH(name, event, type, expression): the
 * expression also has a `const type *arg`.
 *
 *   MAIKO_WHERE(expensive, order, it->price > 1000);
 *   MAIKO_WHERE_WITH(dearer_than, order, double, it->price > *arg);
 *
 * MAIKO_WHERE_RECORD(name, expression), MAIKO_WHERE_RECORD_WITH(name, type, expression): the
 * same for events of any type; `it` is the record, a `const maiko_record *` that has an event.
 * For a step of a chain, which is no single record, it is the event's DISPATCHED record.
 * maiko_payload(it, order) returns the content.
 *
 *   MAIKO_WHERE_RECORD(from_the_shop, strcmp(it->event->sender, "shop") == 0);
 *   MAIKO_WHERE_RECORD_WITH(sent_after, uint64_t, it->event->timestamp_ns > *arg);
 *
 * maiko_where(name), maiko_where_with(name, pointer): the matcher of any of them. The pointer
 * must be valid as long as the matcher is used.
 */
#define MAIKO_WHERE(name_, event_, ...)                                                                                \
	static bool maiko_gen_where_test_##name_(const void *it_, const void *arg_)                                    \
	{                                                                                                              \
		const event_ *it = (const event_ *)it_;                                                                \
		(void)it;                                                                                              \
		(void)arg_;                                                                                            \
		return (__VA_ARGS__);                                                                                  \
	}                                                                                                              \
	MAIKO_PP_PREDICATE_(name_, event_, #__VA_ARGS__, false)
#define MAIKO_WHERE_WITH(name_, event_, type_, ...)                                                                    \
	typedef type_ maiko_gen_where_arg_##name_;                                                                     \
	static bool maiko_gen_where_test_##name_(const void *it_, const void *arg_)                                    \
	{                                                                                                              \
		const event_ *it = (const event_ *)it_;                                                                \
		const type_ *arg = (const type_ *)arg_;                                                                \
		(void)it;                                                                                              \
		(void)arg;                                                                                             \
		return (__VA_ARGS__);                                                                                  \
	}                                                                                                              \
	MAIKO_PP_PREDICATE_(name_, event_, #__VA_ARGS__, true)
#define MAIKO_WHERE_RECORD(name_, ...)                                                                                 \
	static bool maiko_gen_where_test_##name_(const maiko_record *it, const void *arg_)                             \
	{                                                                                                              \
		(void)it;                                                                                              \
		(void)arg_;                                                                                            \
		return (__VA_ARGS__);                                                                                  \
	}                                                                                                              \
	MAIKO_PP_RECORD_PREDICATE_(name_, #__VA_ARGS__, false)
#define MAIKO_WHERE_RECORD_WITH(name_, type_, ...)                                                                     \
	typedef type_ maiko_gen_where_arg_##name_;                                                                     \
	static bool maiko_gen_where_test_##name_(const maiko_record *it, const void *arg_)                             \
	{                                                                                                              \
		const type_ *arg = (const type_ *)arg_;                                                                \
		(void)it;                                                                                              \
		(void)arg;                                                                                             \
		return (__VA_ARGS__);                                                                                  \
	}                                                                                                              \
	MAIKO_PP_RECORD_PREDICATE_(name_, #__VA_ARGS__, true)
#define maiko_where(name) ((maiko_matcher){.predicate = &maiko_gen_where_##name})
/* clang-format off */
#define maiko_where_with(name, pointer)                                                                                \
	((maiko_matcher){.predicate =                                                                                  \
				 &maiko_gen_where_##name +                                                             \
				 MAIKO_PP_MUST_(                                                                       \
					 MAIKO_PP_IS_TO_(pointer, maiko_gen_where_arg_##name),                         \
					 "maiko_where_with: " #pointer                                                 \
					 " must point to what MAIKO_WHERE_WITH(" #name ", ...) takes"),                \
			 .arg = (pointer)})
/* clang-format on */

/*
 * maiko_match(event, tests...): a matcher by fields, one to MAIKO_TESTS_MAX tests of filter.h:
 *
 *   maiko_match(order, MAIKO_FIELD_IS(price, 10), MAIKO_FIELD_CONTAINS(what, "tea"))
 */
#define maiko_match(event, ...)                                                                                        \
	((maiko_matcher){.type = &maiko_gen_event_##event +                                                            \
				 MAIKO_PP_MUST_(MAIKO_PP_COUNT(__VA_ARGS__) <= MAIKO_TESTS_MAX,                        \
						"maiko_match: more than MAIKO_TESTS_MAX tests"),                       \
			 .tests = {MAIKO_PP_MAP(MAIKO_PP_TEST_, event, __VA_ARGS__)}})

/* ---- queries ----------------------------------------------------------------------------- */

typedef enum maiko_query_base {
	MAIKO_OF_EVENTS = 0,
	MAIKO_OF_DELIVERIES = 1,
	MAIKO_OF_RECEIPTS = 2,
	MAIKO_OF_OBSERVATIONS = 3
} maiko_query_base;

/* For .kinds: MAIKO_KIND(FAILED) | MAIKO_KIND(STOPPED). */
#define MAIKO_KIND(KIND) (UINT32_C(1) << MAIKO_OBSERVED_##KIND)

/* Zero in any field but the harness: no condition. All conditions must hold. */
typedef struct maiko_query {
	maiko_harness *harness;
	maiko_query_base of;
	uint32_t kinds;               /* of MAIKO_OF_OBSERVATIONS, see MAIKO_KIND; 0: all */
	const maiko_event_type *type; /* MAIKO_EVENT_REF(order), or by its name: */
	const char *type_name;
	const char *sender;         /* an actor's name, or "outside" */
	const char *receiver;       /* for events: an actor that has received it; else: the record's actor */
	const char *topic;          /* a topic's name */
	maiko_id id;                /* of the event */
	maiko_id parent;            /* the event that caused it */
	maiko_id correlation;       /* the root of its chain */
	const maiko_record *after;  /* those with a higher order number */
	const maiko_record *before; /* those with a lower one */
	const maiko_record *within; /* that record's event, and all events that it caused */
	maiko_matcher where;
	maiko_matcher and_where[MAIKO_MATCHERS_MAX - 1];
	uint64_t reserved_[8];
} maiko_query;

/* maiko_query_of(h, event, .sender = "shop", ...): about one type of event.
 * maiko_query_events(h, .topic = "orders", ...): about all. */
#define maiko_query_of(h, ...) MAIKO_PP_QUERY_OF_(h, __VA_ARGS__, .reserved_ = {0})
#define maiko_query_events(...) MAIKO_PP_QUERY_EVENTS_(__VA_ARGS__, .reserved_ = {0})

/* The number of occurrences of a name. */
typedef struct maiko_tally {
	const char *name;
	size_t count;
} maiko_tally;

MAIKO_BEGIN_DECLS

/* ---- queries on actors and topics --------------------------------------------------------- */

/* The events that an actor received; that it sent ("outside": all external threads); that were
 * published on a topic; each delivery of the latter. Unknown names select nothing. */
MAIKO_API maiko_query maiko_received_by(maiko_harness *h, const char *actor);
MAIKO_API maiko_query maiko_sent_by(maiko_harness *h, const char *actor);
MAIKO_API maiko_query maiko_published_on(maiko_harness *h, const char *topic);
MAIKO_API maiko_query maiko_delivered_on(maiko_harness *h, const char *topic);

/* The query with one more matcher, at most MAIKO_MATCHERS_MAX in all; one too many is a misuse
 * (maiko_harness_status). */
MAIKO_API maiko_query maiko_query_where(maiko_query query, maiko_matcher matcher);

/* ---- evaluation ---------------------------------------------------------------------------- */

/* The number of results; whether there is one; whether all of them match (true if there is
 * none). */
MAIKO_API size_t maiko_query_count(maiko_query query);
MAIKO_API bool maiko_query_any(maiko_query query);
MAIKO_API bool maiko_query_all(maiko_query query, maiko_matcher matcher);

/* One result, by order; `n` from 0. NULL if there is none. For an event: its DISPATCHED
 * record. */
MAIKO_API const maiko_record *maiko_query_first(maiko_query query);
MAIKO_API const maiko_record *maiko_query_last(maiko_query query);
MAIKO_API const maiko_record *maiko_query_nth(maiko_query query, size_t n);

/* The one after `record`; the first for NULL. */
MAIKO_API const maiko_record *maiko_query_next(maiko_query query, const maiko_record *record);

/* Writes the first `size` results into the caller's array; returns the number of results. The
 * same for the distinct names of their senders and receivers, and of their event types with
 * the number of each, in the order of first occurrence. Arrays may be NULL if `size` is 0. */
MAIKO_API size_t maiko_query_collect(maiko_query query, const maiko_record **records, size_t size);
MAIKO_API size_t maiko_query_senders(maiko_query query, const char **names, size_t size);
MAIKO_API size_t maiko_query_receivers(maiko_query query, const char **names, size_t size);
MAIKO_API size_t maiko_query_types(maiko_query query, maiko_tally *tallies, size_t size);

/* ---- one record ------------------------------------------------------------------------------ */

/* The event's struct if it is of that type (by name and layout), else NULL. NULL for NULL. */
MAIKO_API const void *maiko_record_as(const maiko_record *record, const maiko_event_type *type);

/* Whether the record's event matches. A test of a field that the descriptor does not list, or
 * that compares text with a number, is false (in a query it is a misuse). */
MAIKO_API bool maiko_record_matches(const maiko_record *record, maiko_matcher matcher);

MAIKO_END_DECLS

/* A loop over the results of a query. */
#define maiko_query_each(record, query)                                                                                \
	for (const maiko_record *record = maiko_query_next((query), NULL); record != NULL;                             \
	     record = maiko_query_next((query), record))

/* The content of a record's event as `const event *`, or NULL. */
#define maiko_payload(record, event) ((const event *)maiko_record_as((record), &maiko_gen_event_##event))

/* A list of names, ended by NULL. */
#define MAIKO_NAMES(...) ((const char *const[]){__VA_ARGS__, NULL})

/* ---- implementation ---------------------------------------------------------------------- */

#define MAIKO_PP_QUERY_OF_(h, event, ...) ((maiko_query){.harness = (h), .type = &maiko_gen_event_##event, __VA_ARGS__})
#define MAIKO_PP_QUERY_EVENTS_(h, ...) ((maiko_query){.harness = (h), __VA_ARGS__})

#define MAIKO_PP_PREDICATE_(name_, event_, text_, needs_)                                                              \
	static const maiko_predicate maiko_gen_where_##name_ MAIKO_UNUSED = {.name = #name_,                           \
									     .text = text_,                            \
									     .type = &maiko_gen_event_##event_,        \
									     .test = maiko_gen_where_test_##name_,     \
									     .needs_arg = needs_}

#define MAIKO_PP_RECORD_PREDICATE_(name_, text_, needs_)                                                               \
	static const maiko_predicate maiko_gen_where_##name_ MAIKO_UNUSED = {.name = #name_,                           \
									     .text = text_,                            \
									     .test_record =                            \
										     maiko_gen_where_test_##name_,     \
									     .needs_arg = needs_}

#endif
