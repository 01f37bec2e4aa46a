/*
 * actor.h - actor types: a state struct and its handlers.
 *
 *   typedef struct greeter { unsigned greeted; } greeter;
 *   static int greeter_on_hello(greeter *self, const hello *ev, maiko_ctx *ctx);
 *   MAIKO_ACTOR(greeter, MAIKO_ON(hello, greeter_on_hello));
 *
 * Items, each with the exact signature of its function (any other does not
 * compile). Up to 32 in all, one of each kind (MAIKO_ON: one per event):
 *
 *   MAIKO_ON(event, fn)   int fn(state *, const event *, maiko_ctx *)
 *   MAIKO_ON_ANY(fn)      int fn(state *, const maiko_any *, maiko_ctx *)
 *                         every event that no MAIKO_ON handles
 *   MAIKO_ON_START(fn)    int fn(state *, maiko_ctx *)
 *   MAIKO_ON_STOP(fn)     int fn(state *, maiko_ctx *)
 *                         the last callback: it may send, but receives no reply; what
 *                         needs a reply belongs before it, in the drain of a stop
 *   MAIKO_ON_ERROR(fn)    int fn(state *, const maiko_error *, maiko_ctx *)
 *   MAIKO_ON_DONE(fn)     int fn(state *, const maiko_completion *, maiko_ctx *)
 *                         a change that this actor requested is complete
 *   MAIKO_ON_RECEIPT(fn)  int fn(state *, const maiko_receipt *, maiko_ctx *)
 *                         what became of an event that it sent with maiko_send_tracked (receipt.h)
 *   MAIKO_ON_INTEREST(fn, topics...)
 *                         int fn(state *, const maiko_interest *, maiko_ctx *)
 *                         whether any actor subscribes to one of these topics has changed
 *   MAIKO_TICK(fn)        maiko_next fn(state *, maiko_ctx *)
 *
 * A negative result is an error. on_error receives it and returns 0 to continue, or a
 * negative code to fail the actor (without an on_error every error fails it). A failed
 * actor runs on_stop, if its on_start succeeded, and is removed. Then the supervisor
 * stops gracefully and ends with that error, unless the actor was added with
 * .restart = MAIKO_TEMPORARY: then the other actors continue; or with .group or another
 * .restart: then it is restarted (group.h). In any case the ledger names it.
 * (MAIKO_ESHUTDOWN is not a failure once a stop has begun.)
 *
 * The runtime owns the state. Before on_start it is zeroed, or a shallow copy of the
 * option .init. It does not move while the actor lives. An actor's callbacks never
 * overlap, so its state needs no lock.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef MAIKO_ACTOR_H
#define MAIKO_ACTOR_H

#include <maiko/event.h>
#include <maiko/export.h>
#include <maiko/next.h>
#include <maiko/pp.h>
#include <maiko/receipt.h>
#include <maiko/topic.h>

#define MAIKO_STATE_SIZE_MAX (1u << 26) /* bytes */
#define MAIKO_ACTORS_MAX (1u << 22)     /* alive at one time, per supervisor */
#define MAIKO_MAILBOX_MAX (1u << 20)    /* events */
#define MAIKO_BUDGET_MAX (1u << 16)     /* events per turn */

/* What the actor was doing when it failed. */
typedef enum maiko_phase {
	MAIKO_PHASE_START = 1,
	MAIKO_PHASE_HANDLE = 2,
	MAIKO_PHASE_TICK = 3,
	MAIKO_PHASE_STOP = 4,
	MAIKO_PHASE_DONE = 5,      /* MAIKO_ON_DONE, or the done of a blocking job     */
	MAIKO_PHASE_OVERFLOW = 6,  /* its mailbox was full under MAIKO_FAIL            */
	MAIKO_PHASE_DEADLOCK = 7,  /* it is in a cycle of full mailboxes past the bound;
			       * it fails whatever on_error answers              */
	MAIKO_PHASE_LOOP = 8,      /* between maiko_enter and maiko_leave              */
	MAIKO_PHASE_RECEIPT = 9,   /* MAIKO_ON_RECEIPT                                 */
	MAIKO_PHASE_INTEREST = 10, /* MAIKO_ON_INTEREST                               */
	MAIKO_PHASE_ANSWER = 11    /* the function of a question that ended without an answer */
} maiko_phase;

typedef struct maiko_error {
	int code; /* negative */
	maiko_phase phase;
	maiko_any event;    /* event.type is NULL when there was none */
	const char *detail; /* human-readable: what maiko_last_error said of the call that failed with this
			     * code in the callback; else the code's text. Never NULL */
} maiko_error;

/* What happens when an actor fails; group.h tells of restarts. */
typedef enum maiko_restarting {
	MAIKO_RESTART_UNSAID = 0, /* the default: as its group says; without a group the supervisor
				   * stops, with the error                                          */
	MAIKO_TEMPORARY = 1,      /* it is removed, the others continue                             */
	MAIKO_TRANSIENT = 2,      /* it is restarted when it has failed                             */
	MAIKO_PERMANENT = 3       /* also when it has ended by maiko_stop_self                      */
} maiko_restarting;

/* Identifies a group of one supervisor (group.h): never 0, never reused. */
typedef uint64_t maiko_group_id;

/* The delay before a restart: the first failure waits first_ms, each further one `factor` times as long, up to
 * max_ms. When it has run for healthy_ms, the delays begin anew. Without a maiko_backoff: 100 ms, doubling, 30 s. */
typedef struct maiko_backoff {
	uint64_t first_ms;       /* 0: no delay at all; up to MAIKO_NEXT_MS_MAX                    */
	uint64_t max_ms;         /* 0: 30000, or first_ms if that is more                          */
	uint32_t factor;         /* 1: a constant delay; up to 100; 0: 2                           */
	uint32_t jitter_percent; /* each delay is longer or shorter by up to this at random, 0 to 100 */
	uint64_t healthy_ms;     /* 0: twice max_ms                                                */
	maiko_overflow overflow; /* MAIKO_DROP_OLDEST: while the actor waits, a full mailbox drops its
				  * oldest event where its topics say MAIKO_BLOCK, so that an absent
				  * device does not stop its producers; else MAIKO_OVERFLOW_DEFAULT */
	uint64_t reserved_[4];
} maiko_backoff;

/* Asynchronous changes: a call requests them, and they complete later. */
typedef enum maiko_change {
	MAIKO_CHANGE_ADD = 1,
	MAIKO_CHANGE_REMOVE = 2,
	MAIKO_CHANGE_SUBSCRIBE = 3,
	MAIKO_CHANGE_UNSUBSCRIBE = 4,
	MAIKO_CHANGE_MOVE = 5,
	MAIKO_CHANGE_RESTART = 6
} maiko_change;

typedef struct maiko_completion {
	maiko_change change;
	int status;               /* 0, or why it was not done */
	maiko_actor_id actor;     /* the actor added, removed, ... */
	const maiko_topic *topic; /* of (un)subscribing to one topic, else NULL */
	const char *name;         /* of an addition: the actor's; else ""                        */
	const void *init;         /* of an addition that had .init: an unchanged copy, so that a resource
				   * in it (a descriptor) can be released when the addition has
				   * failed; else NULL. name and init: until the callback returns. */
} maiko_completion;

/*
 * What a MAIKO_ON_INTEREST is told, for instance so that an expensive source sleeps while nobody listens:
 *
 *   MAIKO_ACTOR(camera, MAIKO_ON_INTEREST(camera_on_interest, frames), MAIKO_TICK(camera_tick));
 *
 * Soon after its start the actor is told the state of each topic; then of each change of it: when the
 * first subscription is complete, and when the last has gone. The actor does not run in between: it
 * handles nothing that the change has caused before it has been told, and everything that is sent
 * because of it reaches the subscriber. It passes a full mailbox: events that were queued before may come
 * after it. A topic that changes there and back before the callback runs is not mentioned; what the callback
 * was told last is always so, or the next one is on its way. In the ledger these are deliveries of the topic
 * "maiko.private"; one that was not mentioned is counted dropped there.
 *
 * Each actor that subscribes counts, this one too. An actor with MAIKO_ALL_TOPICS, a monitor and a
 * recorder do not. An actor that has failed counts until it is removed. A stop of the supervisor
 * changes nothing. Who subscribes by a pattern counts for each topic that it matches. Up to 64 topics.
 * External threads are not told: add an actor for them.
 *
 * A pattern may be watched, MAIKO_ON_INTEREST(feed_on_interest, MAIKO_LIKE("quotes.>")): then the actor is told
 * of each topic and of each pattern that actors subscribe to, and that can have an event of a name which its pattern
 * matches: "quotes.acme" is wanted; "quotes.*" is wanted, of which maiko_interest.topic has the name; later, that it is
 * not. Soon after its start it is told of those that are wanted; of one that nobody subscribes to, nothing. A topic or
 * pattern that it was told of stays until it is removed (maiko_topic_release).
 */
typedef struct maiko_interest {
	const maiko_topic *topic; /* valid as long as the actor */
	bool wanted;              /* whether any actor subscribes to it now */
} maiko_interest;

typedef enum maiko_item_kind {
	MAIKO_ITEM_END = 0,
	MAIKO_ITEM_ON = 1,
	MAIKO_ITEM_ANY = 2,
	MAIKO_ITEM_START = 3,
	MAIKO_ITEM_STOP = 4,
	MAIKO_ITEM_ERROR = 5,
	MAIKO_ITEM_DONE = 6,
	MAIKO_ITEM_TICK = 7,
	MAIKO_ITEM_RECEIPT = 8,
	MAIKO_ITEM_INTEREST = 9
} maiko_item_kind;

/* One item of an actor type. The kind says which function is set. */
typedef struct maiko_item {
	maiko_item_kind kind;
	const maiko_event_type *event; /* ON */
	int (*on)(void *state, const void *event, maiko_ctx *ctx);
	int (*any)(void *state, const maiko_any *event, maiko_ctx *ctx);
	int (*hook)(void *state, maiko_ctx *ctx); /* START, STOP */
	int (*error)(void *state, const maiko_error *error, maiko_ctx *ctx);
	int (*done)(void *state, const maiko_completion *completion, maiko_ctx *ctx);
	maiko_next (*tick)(void *state, maiko_ctx *ctx);
	int (*receipt)(void *state, const maiko_receipt *receipt, maiko_ctx *ctx);
	int (*interest)(void *state, const maiko_interest *interest, maiko_ctx *ctx);
	const maiko_topic *const *topics; /* INTEREST: ends with NULL */
} maiko_item;

/* The descriptor of an actor type. Made by MAIKO_ACTOR; memory as for maiko_topic. */
typedef struct maiko_actor_type {
	const char *name;
	uint32_t state_size;     /* bytes, up to MAIKO_STATE_SIZE_MAX */
	uint32_t state_align;    /* a power of two up to 64 */
	const maiko_item *items; /* ends with MAIKO_ITEM_END */
	uint64_t *slot;          /* used by the runtime, initially zero */
	uint32_t format;         /* MAIKO_FORMAT, for its items too; 0 means 1 */
} maiko_actor_type;

/* The options of maiko_add; init_type is `const state *`, so that .init is typed. */
/* clang-format off */
#define MAIKO_ADD_OPTIONS_(init_type)                                                                                  \
	init_type init;                    /* the state to copy at (re)start; NULL: zeroed            */               \
	const maiko_subscription *topics;  /* MAIKO_TOPICS(...), MAIKO_ALL_TOPICS, MAIKO_NO_TOPICS;                    \
					    * NULL: the topics of the events that the type handles   */                \
	maiko_overflow overflow;           /* for those derived topics; default: that of each topic  */                \
	uint32_t mailbox;                  /* events, 1 to MAIKO_MAILBOX_MAX; 0: the supervisor's    */                \
	uint64_t mailbox_bytes;            /* bound of the queued bytes of buffers and of payloads                     \
					    * over 480 bytes: at the bound the policy applies to                       \
					    * events that have such bytes; the last one admitted may                   \
					    * exceed it; 0: the supervisor's                         */                \
	uint32_t max_events_per_tick;      /* per turn, 1 to MAIKO_BUDGET_MAX; 0: the supervisor's   */                \
	uint32_t worker;                   /* 1 and up: pinned to that worker; 0: the runtime's choice */              \
	bool own_thread;                   /* a dedicated worker                                     */                \
	bool echo;                         /* it receives its own events too                         */                \
	maiko_restarting restart;          /* what its failure causes; group.h                       */                \
	maiko_actor_id *ret_id;            /* receives the id; may be NULL                           */                \
	void (*done)(void *arg, const maiko_completion *completion); /* see supervisor.h             */                \
	void *done_arg;                                                                                                \
	uint64_t drains;                   /* true: at a stop its ticks, watches and delayed sends                     \
					    * go on until no other actor has work left and it is not                   \
					    * on hold (maiko_hold), or the deadline comes            */                \
	maiko_group_id group;              /* that it is a member of; 0: none                        */                \
	const maiko_backoff *backoff;      /* the delay of its restarts, copied; NULL: the group's   */                \
	uint64_t stuck_ms;                 /* a callback that runs longer is reported while it runs,                   \
					    * by a thread of the library (monitor.h: stuck;                            \
					    * lifecycle.h: maiko_stuck), up to                                         \
					    * MAIKO_NEXT_MS_MAX; 0: none. Time in which its thread                     \
					    * waits for a processor does not count. The report of                      \
					    * the supervisor names the actors that wait for it                         \
					    * (ledger.h). Not in simulation                          */                \
	uint32_t retries;                  /* of an event whose handler has failed, before it is set                   \
					    * aside; up to 1000                                      */                \
	uint16_t start_may_fail;           /* true: a failure of its first on_start is one like any                    \
					    * other, and not one of maiko_start or maiko_add         */                \
	uint16_t ephemeral;                /* true: removed when its group restarts it with others   */                \
	uint64_t reserved_[8]
/* clang-format on */

typedef struct maiko_add_options {
	MAIKO_ADD_OPTIONS_(const void *);
} maiko_add_options;

MAIKO_BEGIN_DECLS

/* The text of a phase, to follow "failed in": "on_start", "a handler", "its tick"; "?" for an
 * unknown phase. Never NULL; static memory. Any thread. */
MAIKO_API const char *maiko_phase_text(maiko_phase phase);

/* The raw call behind maiko_add(sup, ...); see supervisor.h. `options` may be NULL. */
MAIKO_API int maiko_supervisor_add(maiko_supervisor *sup, const maiko_actor_type *type, const char *name,
				   const maiko_add_options *options);

/* The raw call behind maiko_add(ctx, ...); see ctx.h. */
MAIKO_API int maiko_ctx_add(maiko_ctx *ctx, const maiko_actor_type *type, const char *name,
			    const maiko_add_options *options);

MAIKO_END_DECLS

#define MAIKO_ON(event, fn) (MAIKO_PP_ON_, event, fn)
#define MAIKO_ON_ANY(fn) (MAIKO_PP_ANY_, ~, fn)
#define MAIKO_ON_START(fn) (MAIKO_PP_START_, ~, fn)
#define MAIKO_ON_STOP(fn) (MAIKO_PP_STOP_, ~, fn)
#define MAIKO_ON_ERROR(fn) (MAIKO_PP_ERROR_, ~, fn)
#define MAIKO_ON_DONE(fn) (MAIKO_PP_DONE_, ~, fn)
#define MAIKO_TICK(fn) (MAIKO_PP_TICK_, ~, fn)
#define MAIKO_ON_RECEIPT(fn) (MAIKO_PP_RECEIPT_, ~, fn)
#define MAIKO_ON_INTEREST(fn, ...) (MAIKO_PP_INTEREST_, (MAIKO_PP_MAP(MAIKO_PP_WATCHED_, ~, __VA_ARGS__)), fn)

/* MAIKO_ACTOR(state type, items...): an actor type, local to this file. */
#define MAIKO_ACTOR(...) MAIKO_PP_ACTOR_(static, __VA_ARGS__, (MAIKO_PP_END_, ~, ~))
/* The same over several files: DECLARE in a header, DEFINE in one source file. */
#define MAIKO_ACTOR_DECLARE(type)                                                                                      \
	extern const maiko_actor_type maiko_gen_actor_##type;                                                          \
	MAIKO_PP_ADDER_(type)
#define MAIKO_ACTOR_DEFINE(...) MAIKO_PP_ACTOR_DEFINE_(__VA_ARGS__, (MAIKO_PP_END_, ~, ~))

/* The descriptor of an actor type made by MAIKO_ACTOR. */
#define MAIKO_ACTOR_REF(type) (&maiko_gen_actor_##type)

/* maiko_add(to, type, name, options...): see supervisor.h and ctx.h. */
#define maiko_add(to, type, ...) MAIKO_PP_ADD_(to, type, __VA_ARGS__, .reserved_ = {0})

/* ---- implementation ------------------------------------------------------ */

#define MAIKO_PP_ADD_(to, type, name, ...)                                                                             \
	MAIKO_PP_STRICT_(MAIKO_PP_TO_(to, maiko_gen_ctx_add_##type, maiko_gen_add_##type)(                             \
		(to), (name), &(const struct maiko_gen_options_##type){__VA_ARGS__}))

/* The typed options of one actor type, and its two adders. */
#define MAIKO_PP_ADDER_(type)                                                                                          \
	struct maiko_gen_options_##type {                                                                              \
		MAIKO_ADD_OPTIONS_(const type *);                                                                      \
	};                                                                                                             \
	MAIKO_UNUSED static inline maiko_add_options maiko_gen_raw_##type(const struct maiko_gen_options_##type *o_)   \
	{                                                                                                              \
		maiko_add_options raw_ = {.init = o_->init,                                                            \
					  .topics = o_->topics,                                                        \
					  .overflow = o_->overflow,                                                    \
					  .mailbox = o_->mailbox,                                                      \
					  .mailbox_bytes = o_->mailbox_bytes,                                          \
					  .max_events_per_tick = o_->max_events_per_tick,                              \
					  .worker = o_->worker,                                                        \
					  .own_thread = o_->own_thread,                                                \
					  .echo = o_->echo,                                                            \
					  .restart = o_->restart,                                                      \
					  .ret_id = o_->ret_id,                                                        \
					  .done = o_->done,                                                            \
					  .done_arg = o_->done_arg,                                                    \
					  .drains = o_->drains,                                                        \
					  .group = o_->group,                                                          \
					  .backoff = o_->backoff,                                                      \
					  .stuck_ms = o_->stuck_ms,                                                    \
					  .retries = o_->retries,                                                      \
					  .start_may_fail = o_->start_may_fail,                                        \
					  .ephemeral = o_->ephemeral,                                                  \
					  .reserved_ = {0}};                                                           \
		return raw_;                                                                                           \
	}                                                                                                              \
	MAIKO_UNUSED static inline int maiko_gen_add_##type(maiko_supervisor *sup_, const char *name_,                 \
							    const struct maiko_gen_options_##type *o_)                 \
	{                                                                                                              \
		maiko_add_options raw_ = maiko_gen_raw_##type(o_);                                                     \
		return maiko_supervisor_add(sup_, &maiko_gen_actor_##type, name_, &raw_);                              \
	}                                                                                                              \
	MAIKO_UNUSED static inline int maiko_gen_ctx_add_##type(maiko_ctx *ctx_, const char *name_,                    \
								const struct maiko_gen_options_##type *o_)             \
	{                                                                                                              \
		maiko_add_options raw_ = maiko_gen_raw_##type(o_);                                                     \
		return maiko_ctx_add(ctx_, &maiko_gen_actor_##type, name_, &raw_);                                     \
	}                                                                                                              \
	_Static_assert(sizeof(maiko_add_options) > 0, "")

#define MAIKO_PP_ACTOR_(linkage, type, ...)                                                                            \
	MAIKO_PP_ACTOR_TABLE_(linkage, type, __VA_ARGS__);                                                             \
	MAIKO_PP_ADDER_(type)
#define MAIKO_PP_ACTOR_DEFINE_(type, ...) MAIKO_PP_ACTOR_TABLE_(, type, __VA_ARGS__)

/* The items are expanded twice: to trampolines, which call each function by its
 * own type, and to the rows that point to them. */
#define MAIKO_PP_ACTOR_TABLE_(linkage, type, ...)                                                                      \
	_Static_assert(MAIKO_PP_COUNT(__VA_ARGS__) <= 33, #type " has more than 32 items");                            \
	/* Rejects duplicates: each item declares its name with size 1, then, in a nested block, size 2. */            \
	MAIKO_UNUSED static inline void maiko_gen_once_##type(void){                                                   \
		_Pragma("GCC diagnostic push") _Pragma("GCC diagnostic ignored \"-Wshadow\"") MAIKO_PP_MAP(            \
			MAIKO_PP_FREE_, type, __VA_ARGS__) MAIKO_PP_MAP(MAIKO_PP_TAKE_, type, __VA_ARGS__)             \
			MAIKO_PP_MAP(MAIKO_PP_CLOSE_, type, __VA_ARGS__)                                               \
				_Pragma("GCC diagnostic pop")} MAIKO_PP_MAP(MAIKO_PP_CALLER_, type,                    \
									    __VA_ARGS__) static const maiko_item       \
		maiko_gen_items_##type[] = {MAIKO_PP_MAP(MAIKO_PP_ROW_, type, __VA_ARGS__)};                           \
	static uint64_t maiko_gen_slot_actor_##type MAIKO_UNUSED;                                                      \
	linkage const maiko_actor_type maiko_gen_actor_##type MAIKO_UNUSED = {.name = #type,                           \
									      .state_size = sizeof(type),              \
									      .state_align = _Alignof(type),           \
									      .items = maiko_gen_items_##type,         \
									      .slot = &maiko_gen_slot_actor_##type,    \
									      .format = MAIKO_FORMAT}

#define MAIKO_PP_FREE_(type, tuple) MAIKO_PP_ITEM_(FREE_, type, MAIKO_PP_UNWRAP_ tuple)
#define MAIKO_PP_TAKE_(type, tuple) MAIKO_PP_ITEM_(TAKE_, type, MAIKO_PP_UNWRAP_ tuple)
/* clang-format off */
#define MAIKO_PP_CLOSE_(type, tuple) }
#define MAIKO_PP_NAME_FREE_(name) typedef char name[1] MAIKO_UNUSED;
#define MAIKO_PP_NAME_TAKE_(name, text) {_Static_assert(sizeof(name) == 1, text); typedef char name[2] MAIKO_UNUSED;
/* clang-format on */
#define MAIKO_PP_CALLER_(type, tuple) MAIKO_PP_ITEM_(CALLER_, type, MAIKO_PP_UNWRAP_ tuple)
#define MAIKO_PP_ROW_(type, tuple) MAIKO_PP_ITEM_(ROW_, type, MAIKO_PP_UNWRAP_ tuple)
#define MAIKO_PP_ITEM_(...) MAIKO_PP_ITEM_OPEN_(__VA_ARGS__)
#define MAIKO_PP_ITEM_OPEN_(what, type, kind, event, fn) MAIKO_PP_CAT(kind, what)(type, event, fn)

/* clang-format off */
/* The name that each item declares. */
#define MAIKO_PP_ON_FREE_(type, event, fn) MAIKO_PP_NAME_FREE_(maiko_on_##event)
#define MAIKO_PP_ON_TAKE_(type, event, fn) \
	MAIKO_PP_NAME_TAKE_(maiko_on_##event, "actor " #type ": two handlers of " #event)
#define MAIKO_PP_ANY_FREE_(type, ignored, fn) MAIKO_PP_NAME_FREE_(maiko_has_any)
#define MAIKO_PP_ANY_TAKE_(type, ignored, fn) MAIKO_PP_NAME_TAKE_(maiko_has_any, "actor " #type ": two MAIKO_ON_ANY")
#define MAIKO_PP_START_FREE_(type, ignored, fn) MAIKO_PP_NAME_FREE_(maiko_has_start)
#define MAIKO_PP_START_TAKE_(type, ignored, fn) \
	MAIKO_PP_NAME_TAKE_(maiko_has_start, "actor " #type ": two MAIKO_ON_START")
#define MAIKO_PP_STOP_FREE_(type, ignored, fn) MAIKO_PP_NAME_FREE_(maiko_has_stop)
#define MAIKO_PP_STOP_TAKE_(type, ignored, fn) MAIKO_PP_NAME_TAKE_(maiko_has_stop, "actor " #type ": two MAIKO_ON_STOP")
#define MAIKO_PP_ERROR_FREE_(type, ignored, fn) MAIKO_PP_NAME_FREE_(maiko_has_error)
#define MAIKO_PP_ERROR_TAKE_(type, ignored, fn) \
	MAIKO_PP_NAME_TAKE_(maiko_has_error, "actor " #type ": two MAIKO_ON_ERROR")
#define MAIKO_PP_DONE_FREE_(type, ignored, fn) MAIKO_PP_NAME_FREE_(maiko_has_done)
#define MAIKO_PP_DONE_TAKE_(type, ignored, fn) MAIKO_PP_NAME_TAKE_(maiko_has_done, "actor " #type ": two MAIKO_ON_DONE")
#define MAIKO_PP_TICK_FREE_(type, ignored, fn) MAIKO_PP_NAME_FREE_(maiko_has_tick)
#define MAIKO_PP_TICK_TAKE_(type, ignored, fn) MAIKO_PP_NAME_TAKE_(maiko_has_tick, "actor " #type ": two MAIKO_TICK")
#define MAIKO_PP_RECEIPT_FREE_(type, ignored, fn) MAIKO_PP_NAME_FREE_(maiko_has_receipt)
#define MAIKO_PP_RECEIPT_TAKE_(type, ignored, fn) \
	MAIKO_PP_NAME_TAKE_(maiko_has_receipt, "actor " #type ": two MAIKO_ON_RECEIPT")
#define MAIKO_PP_INTEREST_FREE_(type, topics_, fn) MAIKO_PP_NAME_FREE_(maiko_has_interest)
#define MAIKO_PP_INTEREST_TAKE_(type, topics_, fn) \
	MAIKO_PP_NAME_TAKE_(maiko_has_interest, "actor " #type ": two MAIKO_ON_INTEREST")
#define MAIKO_PP_END_FREE_(type, ignored, also)
#define MAIKO_PP_END_TAKE_(type, ignored, also) {

/* clang-format on */
#define MAIKO_PP_ON_CALLER_(type, event_, fn)                                                                          \
	MAIKO_PP_CHECK_(fn, int (*)(type *, const event_ *, maiko_ctx *),                                              \
			"MAIKO_ON(" #event_ ", " #fn "): the handler must be  int " #fn "(" #type                      \
			" *self, const " #event_ " *ev, maiko_ctx *ctx)")                                              \
	static int maiko_gen_on_##type##_gets_##event_(void *state_, const void *data_, maiko_ctx *ctx_)               \
	{                                                                                                              \
		return fn((type *)state_, (const event_ *)data_, ctx_);                                                \
	}
#define MAIKO_PP_ON_ROW_(type, event_, fn)                                                                             \
	{.kind = MAIKO_ITEM_ON, .event = &maiko_gen_event_##event_, .on = maiko_gen_on_##type##_gets_##event_},

#define MAIKO_PP_ANY_CALLER_(type, ignored, fn)                                                                        \
	MAIKO_PP_CHECK_(fn, int (*)(type *, const maiko_any *, maiko_ctx *),                                           \
			"MAIKO_ON_ANY(" #fn "): it must be  int " #fn "(" #type                                        \
			" *self, const maiko_any *ev, maiko_ctx *ctx)")                                                \
	static int maiko_gen_any_##type(void *state_, const maiko_any *any_, maiko_ctx *ctx_)                          \
	{                                                                                                              \
		return fn((type *)state_, any_, ctx_);                                                                 \
	}
#define MAIKO_PP_ANY_ROW_(type, ignored, fn) {.kind = MAIKO_ITEM_ANY, .any = maiko_gen_any_##type},

#define MAIKO_PP_HOOK_CALLER_(type, fn, hook, what)                                                                    \
	MAIKO_PP_CHECK_(fn, int (*)(type *, maiko_ctx *),                                                              \
			what "(" #fn "): it must be  int " #fn "(" #type " *self, maiko_ctx *ctx)")                    \
	static int maiko_gen_##hook##_##type(void *state_, maiko_ctx *ctx_) { return fn((type *)state_, ctx_); }
#define MAIKO_PP_START_CALLER_(type, ignored, fn) MAIKO_PP_HOOK_CALLER_(type, fn, start, "MAIKO_ON_START")
#define MAIKO_PP_STOP_CALLER_(type, ignored, fn) MAIKO_PP_HOOK_CALLER_(type, fn, stop, "MAIKO_ON_STOP")
#define MAIKO_PP_START_ROW_(type, ignored, fn) {.kind = MAIKO_ITEM_START, .hook = maiko_gen_start_##type},
#define MAIKO_PP_STOP_ROW_(type, ignored, fn) {.kind = MAIKO_ITEM_STOP, .hook = maiko_gen_stop_##type},

#define MAIKO_PP_ERROR_CALLER_(type, ignored, fn)                                                                      \
	MAIKO_PP_CHECK_(fn, int (*)(type *, const maiko_error *, maiko_ctx *),                                         \
			"MAIKO_ON_ERROR(" #fn "): it must be  int " #fn "(" #type                                      \
			" *self, const maiko_error *error, maiko_ctx *ctx)")                                           \
	static int maiko_gen_error_##type(void *state_, const maiko_error *error_, maiko_ctx *ctx_)                    \
	{                                                                                                              \
		return fn((type *)state_, error_, ctx_);                                                               \
	}
#define MAIKO_PP_ERROR_ROW_(type, ignored, fn) {.kind = MAIKO_ITEM_ERROR, .error = maiko_gen_error_##type},

#define MAIKO_PP_DONE_CALLER_(type, ignored, fn)                                                                       \
	MAIKO_PP_CHECK_(fn, int (*)(type *, const maiko_completion *, maiko_ctx *),                                    \
			"MAIKO_ON_DONE(" #fn "): it must be  int " #fn "(" #type                                       \
			" *self, const maiko_completion *completion, maiko_ctx *ctx)")                                 \
	static int maiko_gen_done_##type(void *state_, const maiko_completion *completion_, maiko_ctx *ctx_)           \
	{                                                                                                              \
		return fn((type *)state_, completion_, ctx_);                                                          \
	}
#define MAIKO_PP_DONE_ROW_(type, ignored, fn) {.kind = MAIKO_ITEM_DONE, .done = maiko_gen_done_##type},

/* clang-format off */
#define MAIKO_PP_TICK_CALLER_(type, ignored, fn)                                                                       \
	MAIKO_PP_CHECK_(fn, maiko_next(*)(type *, maiko_ctx *),                                                        \
			"MAIKO_TICK(" #fn "): it must be  maiko_next " #fn "(" #type " *self, maiko_ctx *ctx)")        \
	static maiko_next maiko_gen_tick_##type(void *state_, maiko_ctx *ctx_) { return fn((type *)state_, ctx_); }
/* clang-format on */
#define MAIKO_PP_TICK_ROW_(type, ignored, fn) {.kind = MAIKO_ITEM_TICK, .tick = maiko_gen_tick_##type},

#define MAIKO_PP_RECEIPT_CALLER_(type, ignored, fn)                                                                    \
	MAIKO_PP_CHECK_(fn, int (*)(type *, const maiko_receipt *, maiko_ctx *),                                       \
			"MAIKO_ON_RECEIPT(" #fn "): it must be  int " #fn "(" #type                                    \
			" *self, const maiko_receipt *receipt, maiko_ctx *ctx)")                                       \
	static int maiko_gen_receipt_##type(void *state_, const maiko_receipt *receipt_, maiko_ctx *ctx_)              \
	{                                                                                                              \
		return fn((type *)state_, receipt_, ctx_);                                                             \
	}
#define MAIKO_PP_RECEIPT_ROW_(type, ignored, fn) {.kind = MAIKO_ITEM_RECEIPT, .receipt = maiko_gen_receipt_##type},

#define MAIKO_PP_WATCHED_(ignored, item) MAIKO_PP_CAT(MAIKO_PP_WATCHED_IF_, MAIKO_PP_IS_TUPLE(item))(item)
#define MAIKO_PP_WATCHED_IF_0(topic_) &maiko_gen_topic_##topic_,
#define MAIKO_PP_WATCHED_IF_1(tuple) MAIKO_PP_WATCHED_OPEN_ tuple
#define MAIKO_PP_WATCHED_OPEN_(kind, pattern_, ...)                                                                    \
	&(const maiko_topic){.name = (pattern_),                                                                       \
			     .format = (MAIKO_FORMAT | MAIKO_FORMAT_LIKE) +                                            \
				       (uint32_t)MAIKO_PP_MUST_(MAIKO_PP_COUNT(__VA_ARGS__) == 1,                      \
								"MAIKO_ON_INTEREST takes MAIKO_LIKE without options"), \
			     .reserved_ = {0}},
#define MAIKO_PP_INTEREST_CALLER_(type, topics_, fn)                                                                   \
	MAIKO_PP_CHECK_(fn, int (*)(type *, const maiko_interest *, maiko_ctx *),                                      \
			"MAIKO_ON_INTEREST(" #fn "): it must be  int " #fn "(" #type                                   \
			" *self, const maiko_interest *interest, maiko_ctx *ctx)")                                     \
	static int maiko_gen_interest_##type(void *state_, const maiko_interest *interest_, maiko_ctx *ctx_)           \
	{                                                                                                              \
		return fn((type *)state_, interest_, ctx_);                                                            \
	}                                                                                                              \
	static const maiko_topic *const maiko_gen_watched_##type[] = {MAIKO_PP_UNWRAP_ topics_ 0};
#define MAIKO_PP_INTEREST_ROW_(type, topics_, fn)                                                                      \
	{.kind = MAIKO_ITEM_INTEREST, .interest = maiko_gen_interest_##type, .topics = maiko_gen_watched_##type},

#define MAIKO_PP_END_CALLER_(type, ignored, also)
/* clang-format off */
#define MAIKO_PP_END_ROW_(type, ignored, also) {.kind = MAIKO_ITEM_END}
/* clang-format on */

#endif
