/*
 * topic.h - topics: events are published on them, actors subscribe to them.
 *
 *   MAIKO_TOPIC(greetings);
 *   MAIKO_TOPIC(telemetry, .overflow = MAIKO_DROP_OLDEST);
 *   MAIKO_TOPIC(readings, .check = check_reading);
 *   MAIKO_TOPIC(orders, .ttl_ms = 500);
 *   MAIKO_TOPIC(state, .retain = 16);
 *
 * The name alone identifies a topic: two files that each define a topic of one name
 * refer to the same topic (their policies must agree, else MAIKO_EINVAL when the
 * second is first used).
 *
 * Bounds: a name of 1 to MAIKO_NAME_MAX bytes; MAIKO_TOPICS_MAX topics per
 * supervisor.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef MAIKO_TOPIC_H
#define MAIKO_TOPIC_H

#include <maiko/export.h>
#include <maiko/pp.h>

/* The maximum number of topics of a supervisor. */
#define MAIKO_TOPICS_MAX (1u << 22)

/* The most events that a topic retains, and how many KiB of them if it does not say so. */
#define MAIKO_RETAIN_MAX 65536u
#define MAIKO_RETAIN_KIB 1024u

/* What happens to an event for a subscriber whose mailbox is full. */
typedef enum maiko_overflow {
	MAIKO_OVERFLOW_DEFAULT = 0, /* of a subscription: the topic's; of a topic: block    */
	MAIKO_BLOCK = 1,            /* queue it, and mute its sender until there is space   */
	MAIKO_DROP_NEWEST = 2,      /* drop the event that arrives                          */
	MAIKO_DROP_OLDEST = 3,      /* drop the oldest queued event of the same topic, or, if
				     * none is queued, the event that arrives               */
	MAIKO_KEEP_LATEST = 4,      /* an event replaces the queued one of the same key, in
				     * place, full or not; a new key in a full mailbox blocks */
	MAIKO_FAIL = 5              /* drop the event and report MAIKO_EOVERFLOW to the
				     * subscriber's on_error, once before its next turn     */
} maiko_overflow;

struct maiko_any;    /* event.h */
struct maiko_filter; /* filter.h */

/* The descriptor of a topic, made by MAIKO_TOPIC; fill one in by hand only for the raw
 * calls. The caller owns all its memory, which must outlive every supervisor that it
 * was passed to. */
typedef struct maiko_topic {
	const char *name;
	maiko_overflow overflow;
	/* For MAIKO_KEEP_LATEST: which events replace each other. Events of one
	 * type and one key do. NULL: all events of a type do. Called on a worker. */
	uint64_t (*key)(const struct maiko_any *event);
	uint64_t *slot;  /* used by the runtime, initially zero */
	uint32_t format; /* MAIKO_FORMAT; 0 means 1. Also MAIKO_FORMAT_LIKE: by MAIKO_LIKE */
	/*
	 * Whether an event may be sent: NULL if so, else why not, a text in static memory. An event that is refused
	 * is not sent: the send returns MAIKO_EINVAL, maiko_last_error says
	 *
	 *   topic 'readings' refuses the event 'reading': the value is out of range
	 *
	 * and the ledger counts it (maiko_topic_row.refused). So no handler needs to check for itself what the topic
	 * checks. `event` is of any type that is sent to the topic, maiko_as(event, reading); the function is declared
	 * before the topic, and defined after its events. NULL: all are good.
	 *
	 * Called once for each event, on the thread that sends it (of a delayed event: when the send is
	 * delayed; of an event that an actor sends to itself: the check of the topic of its type), on several
	 * threads at a time. It only reads the event and what is constant, and calls nothing of the library
	 * except maiko_as and maiko_any_as.
	 */
	const char *(*check)(const struct maiko_any *event);
	/*
	 * The time to live of its events, up to MAIKO_NEXT_MS_MAX; 0: without end. One that is older when its
	 * turn to be handled comes is not handled: the delivery is counted `expired`, also in its receipt, which
	 * it does not keep from being done, and can be told of as a dead letter (MAIKO_LETTER_EXPIRED). Until
	 * its turn it takes room in its mailbox like any other.
	 *
	 * Its age is the time since its send (maiko_envelope.timestamp_ns): of a delayed event since it was due,
	 * of an injected one since it was injected. It is looked at before each event, by the clock of
	 * maiko_now, which is read once per turn of a worker, mostly every 100 µs. An event that an actor sends
	 * to itself does not expire.
	 */
	uint64_t ttl_ms;
	/* At least every so many milliseconds something should be published on it, by whomever; else a maiko_silent
	 * (lifecycle.h) tells, after 1 to 1.25 times as long. 0: nothing is expected; at most MAIKO_NEXT_MS_MAX. */
	uint64_t expect_every_ms;
	/*
	 * How many events the topic retains, the last ones: up to MAIKO_RETAIN_MAX; 0: none. With MAIKO_KEEP_LATEST the
	 * last one of each type and key; when there are more keys the one that is longest unchanged goes.
	 *
	 * Who joins the topic later (maiko_add on a running supervisor, maiko_subscribe...) handles these first, the
	 * oldest first, each marked in its envelope: maiko_meta(ctx)->retained; then what is sent from then on. No
	 * event is missing between, none comes twice, and none that is older comes after a newer one of its sender,
	 * whoever sends meanwhile and on whatever worker. They are deliveries like any others: the filter of the
	 * subscription applies, an actor is not given its own without .echo, one that is older than .ttl_ms is not
	 * given, nor one whose key has come anew to a subscriber with MAIKO_KEEP_LATEST. They are queued however full
	 * the mailbox is, before all that waits there. Between topics they have no order. Who subscribes by a pattern,
	 * or to all topics, is given what the topics retain that exist then.
	 *
	 * A restart and a move join nothing. What is retained is forgotten with the supervisor. docs/retained.md
	 */
	uint32_t retain;
	/* The most KiB of payloads and their buffers that it retains; 0: MAIKO_RETAIN_KIB. The oldest go. An event
	 * that is larger is not retained, nor one for whose copy there is no memory; then nothing before it (of its
	 * key) is either, and maiko_topic_row.unretained counts it. */
	uint32_t retain_kib;
	uint64_t reserved_[3];
} maiko_topic;

/* A topic, or a pattern of topics, that an actor subscribes to, optionally with its own policy and a filter. */
typedef struct maiko_subscription {
	const maiko_topic *topic;         /* NULL ends a list; a pattern: MAIKO_LIKE */
	maiko_overflow overflow;          /* MAIKO_OVERFLOW_DEFAULT: the topic's */
	const struct maiko_filter *where; /* which events it wants (filter.h), copied; NULL: all of them */
	/*
	 * The name of a share group, copied; NULL: none. The group is all actors that subscribe to the same topic with
	 * the same name: each event of the topic goes to one of them, the one with the fewest events waiting, where one
	 * that is full, on hold, or waits for its restart comes last. Groups of other names, and subscribers without a
	 * group, get the event as well.
	 *
	 * What waits for a member that ends, fails, or no longer subscribes is passed on to the others, as is what
	 * waits for one on hold when another has nothing to do: the delivery is counted `passed_on`, and there is a
	 * new one. The event whose handler has failed is not passed on. The filter, the policy and the mailbox are
	 * each member's own; an event that the filter of one turns away goes to another, and is `filtered` if all
	 * turn it away. The order of a sender's events (C1) does not hold in a group, neither between its members
	 * nor for one of them.
	 *
	 * Bounds: 1 to MAIKO_NAME_MAX bytes. An actor gets no event of the topic by another of its subscriptions; not
	 * for the topics of the library.
	 */
	const char *share;
	uint64_t reserved_[3];
} maiko_subscription;

MAIKO_BEGIN_DECLS

/* The topic for programs that need no routing, named "default". */
extern MAIKO_API const maiko_topic maiko_default_topic;
/* lets MAIKO_EVENT(type, maiko_default_topic, ...) find it */
#define maiko_gen_topic_maiko_default_topic maiko_default_topic

/* The topic of event types that an actor only sends to itself (maiko_send_self_after_ms), named "maiko.private". To
 * send one to others, and to subscribe to this topic, is MAIKO_EINVAL. */
extern MAIKO_API const maiko_topic maiko_private_topic;
#define maiko_gen_topic_maiko_private_topic maiko_private_topic

/* The lists behind MAIKO_ALL_TOPICS and MAIKO_NO_TOPICS. */
extern MAIKO_API const maiko_subscription maiko_all_topics[];
extern MAIKO_API const maiko_subscription maiko_no_topics[];

/*
 * maiko_topic_named - looks up a topic by name, and creates it if it does not exist.
 *
 * Routing by content uses it ("device.42"). The supervisor owns the topic, which is
 * valid until maiko_topic_release, or without it until maiko_supervisor_free.
 *
 * Returns the topic in *ret_topic. An existing topic keeps its policy; a new one has
 * the default policy. Errors: MAIKO_EINVAL (a NULL, an empty or overlong
 * name, one that begins with "maiko.", which are the library's, a pattern),
 * MAIKO_E2BIG (MAIKO_TOPICS_MAX reached), MAIKO_ENOMEM, MAIKO_EFORK. Any thread, also
 * inside callbacks. It takes a lock briefly: look a topic up once, not for each event.
 */
MAIKO_API int maiko_topic_named(maiko_supervisor *sup, const char *name, const maiko_topic **ret_topic);

/* maiko_topic_with - the same with policies: overflow, key, check, ttl_ms, expect_every_ms, retain and retain_kib are
 * those of `like`. Also MAIKO_EINVAL when the topic exists with other policies. */
MAIKO_API int maiko_topic_with(maiko_supervisor *sup, const char *name, const maiko_topic *like,
			       const maiko_topic **ret_topic);

/*
 * maiko_topic_release - the caller needs a topic no longer that it has named.
 *
 * Once for each maiko_topic_named and maiko_topic_with; a program whose topics do not come
 * and go need not call it. Subscriptions stay, and so does the topic while it has any, or retains an event. A
 * topic that all have released, and that for a minute had no subscriber and no event queued,
 * delayed or kept, is given back when another one is made by maiko_topic_named: its memory is
 * reused, and its counts move to the row "(given back)" of the ledger. A topic that a static
 * descriptor, an event type or an actor type refers to stays; so does any while a recorder
 * or a harness is attached.
 *
 * 0; MAIKO_EINVAL: a NULL, a topic that no such call has returned, or one that was released
 * as often as it was named; MAIKO_EFORK. Any thread, also inside callbacks. After it the
 * pointer may not be used any more.
 */
MAIKO_API int maiko_topic_release(maiko_supervisor *sup, const maiko_topic *topic);

MAIKO_END_DECLS

/* MAIKO_TOPIC(name, .overflow = ..., .key = ..., .check = ..., .ttl_ms = ...): a topic, local to this file. */
#define MAIKO_TOPIC(...) MAIKO_PP_TOPIC_(static, __VA_ARGS__, .reserved_ = {0})
/* The same over several files: DECLARE in a header, DEFINE in one source file. */
#define MAIKO_TOPIC_DECLARE(name) extern const maiko_topic maiko_gen_topic_##name
#define MAIKO_TOPIC_DEFINE(...) MAIKO_PP_TOPIC_(, __VA_ARGS__, .reserved_ = {0})

/* clang-format off */
#define MAIKO_PP_TOPIC_(linkage, name_, ...)                                                                           \
	static uint64_t maiko_gen_slot_topic_##name_ MAIKO_UNUSED;                                                     \
	linkage const maiko_topic maiko_gen_topic_##name_ MAIKO_UNUSED = {                                             \
		.name = #name_, .slot = &maiko_gen_slot_topic_##name_, .format = MAIKO_FORMAT, __VA_ARGS__}
/* clang-format on */

/* The descriptor of a topic made by MAIKO_TOPIC: const maiko_topic *. */
#define MAIKO_TOPIC_REF(name) (&maiko_gen_topic_##name)

/* MAIKO_TOPICS(a, b, MAIKO_SUB(c, .overflow = MAIKO_DROP_NEWEST, .where = ...)): a list of up to 32
 * for the option .topics of maiko_add. */
#define MAIKO_TOPICS(...)                                                                                              \
	((const maiko_subscription[]){MAIKO_PP_MAP(MAIKO_PP_SUB_, ~, __VA_ARGS__){.topic = NULL, .reserved_ = {0}}})
#define MAIKO_SUB(...) (MAIKO_PP_SUB_WITH_, __VA_ARGS__, .reserved_ = {0})

/*
 * MAIKO_TOPICS_LIKE("device.*.temp", "alarm.>"): patterns, also for maiko_subscribe_all and maiko_unsubscribe_all.
 * MAIKO_LIKE("device.*.temp", .overflow = ..., .where = ...): one of them in a list of MAIKO_TOPICS, with options.
 *
 * Dots separate the tokens of a name. In a pattern the token * stands for exactly one token, and > as the last one
 * stands for one or more: "device.*.temp" matches "device.7.temp"; "alarm.>" matches "alarm.fire" and "alarm.fire.3",
 * but not "alarm". A * within a token means nothing: "a*b" is a name. The text may be made at run time, and is copied;
 * if it has neither * nor > as a token, it is the name of a topic.
 *
 * The actor receives the events of all topics whose names match, also of those that are made later; but not of the
 * topics of the library itself. It receives an event once, however many of its subscriptions match. The first one
 * decides what the policy and the filter are: that to the topic by its name; then patterns, compared token by token: a
 * name before *, and * before >. The policy, unless .overflow gives another, is that of the event's topic.
 *
 * Only actors subscribe to patterns: a pattern as the topic of an event, or in maiko_topic_named, is MAIKO_EINVAL. So
 * is one with an empty token, or with > before its end. Patterns and topics together are at most MAIKO_TOPICS_MAX.
 */
#define MAIKO_TOPICS_LIKE(...)                                                                                         \
	((const maiko_subscription[]){MAIKO_PP_MAP(MAIKO_PP_LIKE_, ~, __VA_ARGS__){.topic = NULL, .reserved_ = {0}}})
#define MAIKO_LIKE(...) (MAIKO_PP_SUB_LIKE_, __VA_ARGS__, .reserved_ = {0})
#define MAIKO_FORMAT_LIKE UINT32_C(0x10000)
#define MAIKO_ALL_TOPICS (maiko_all_topics)
#define MAIKO_NO_TOPICS (maiko_no_topics)

#define MAIKO_PP_SUB_(ignored, item) MAIKO_PP_CAT(MAIKO_PP_SUB_IF_, MAIKO_PP_IS_TUPLE(item))(item)
#define MAIKO_PP_SUB_IF_0(name) {.topic = &maiko_gen_topic_##name, .reserved_ = {0}},
#define MAIKO_PP_SUB_IF_1(tuple) MAIKO_PP_SUB_OPEN_ tuple
#define MAIKO_PP_SUB_OPEN_(kind, ...) kind(__VA_ARGS__)
#define MAIKO_PP_SUB_WITH_(name, ...) {.topic = &maiko_gen_topic_##name, __VA_ARGS__},
#define MAIKO_PP_SUB_LIKE_(pattern_, ...) {.topic = MAIKO_PP_PATTERN_(pattern_), __VA_ARGS__},
#define MAIKO_PP_PATTERN_(pattern_)                                                                                    \
	(&(const maiko_topic){.name = (pattern_), .format = MAIKO_FORMAT | MAIKO_FORMAT_LIKE, .reserved_ = {0}})
#define MAIKO_PP_LIKE_(ignored, pattern_) MAIKO_PP_SUB_LIKE_(pattern_, .reserved_ = {0})

#endif
