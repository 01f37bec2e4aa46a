/*
 * ledger.h - accounts for every event.
 *
 * A delivery is one event for one subscriber. For each actor and for each topic:
 *
 *   deliveries = queued + handled + ignored + dropped + discarded + dead + no_memory
 *                + expired + filtered + set_aside + passed_on + lost
 *
 * and for each ordered pair of workers, and for the external threads:
 *
 *   sent = taken + in_flight + discarded
 *
 * An event sent to another worker becomes deliveries when that worker takes it. So events lost in
 * transit are in no `counts`: `dropped` does not include channel_dropped, nor `discarded` that of
 * the pairs. maiko_ledger_lost is the sum of all losses.
 *
 * Every counter has one writer. A ledger taken while events are in flight is not one consistent
 * snapshot; when the supervisor is quiescent, and after a stop, it is exact.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef MAIKO_LEDGER_H
#define MAIKO_LEDGER_H

#include <maiko/actor.h>
#include <maiko/event.h>
#include <maiko/export.h>
#include <maiko/group.h>
#include <maiko/outcome.h>
#include <stdio.h>

/* The number of failures that a supervisor keeps: the most recent ones. */
#define MAIKO_FAILURES_KEPT 64

typedef struct maiko_counts {
	uint64_t deliveries;
	uint64_t queued;
#define MAIKO_OUTCOME_FIELD(field, text) uint64_t field;
	MAIKO_OUTCOME_MAP(MAIKO_OUTCOME_FIELD)
#undef MAIKO_OUTCOME_FIELD
	uint64_t reserved_[8]; /* 0 */
} maiko_counts;

typedef enum maiko_actor_status {
	MAIKO_ACTOR_ADDED = 0, /* not started yet */
	MAIKO_ACTOR_RUNNING = 1,
	MAIKO_ACTOR_STOPPED = 2,
	MAIKO_ACTOR_FAILED = 3,
	MAIKO_ACTOR_STUCK = 4,     /* it had not returned from a callback when the stop ended */
	MAIKO_ACTOR_CUT_OFF = 5,   /* its worker was stuck in another's callback: it was not stopped, and its
			      * on_stop, if it has one, did not run */
	MAIKO_ACTOR_GONE = 6,      /* the row with the sums of all removed actors */
	MAIKO_ACTOR_RESTARTING = 7 /* it has failed, or its group restarts it, and it has not started again */
} maiko_actor_status;

typedef struct maiko_actor_row {
	const char *name;
	const char *type;
	maiko_actor_id id;
	uint32_t worker; /* 1 and up; 0: its thread is being created, or the row is GONE */
	maiko_actor_status status;
	int error;          /* why it failed, else 0 */
	const char *detail; /* more, human-readable; never NULL */
	uint64_t sent;      /* events that it has sent */
	uint64_t ticks;     /* times its tick ran */
	uint64_t mutes;     /* times it was muted */
	uint64_t bytes;     /* queued: of buffers, and of payloads over 480 bytes; exact between its turns */
	maiko_counts counts;
	bool held; /* on hold (maiko_hold); of one that has ended: when it did */
	/* If it is supervised (group.h), else 0 and "": */
	bool supervised;
	bool waits;           /* RESTARTING: it starts when its group starts it; resumes_ns is 0 */
	maiko_group_id group; /* 0: the root */
	uint64_t restarts;    /* how often it has started again */
	uint64_t resumes_ns;  /* RESTARTING: when it starts again, as maiko_now; if its group restarts with it, at
			       * the earliest; 0: at once, or it waits */
	/* RESTARTING, if it has failed: `error` and `detail` say why, and these where */
	maiko_phase phase;
	const char *event; /* the type of the event that it was handling; "" if none */
} maiko_actor_row;

/* A group (group.h). */
typedef struct maiko_group_row {
	const char *name;      /* "supervisor": the root */
	maiko_group_id id;     /* 0: the root */
	maiko_group_id parent; /* the group that it is a member of; 0: the root, or it is the root */
	maiko_strategy strategy;
	uint32_t restarts; /* how many failures within within_ms it repairs, or MAIKO_UNLIMITED */
	uint64_t within_ms;
	uint32_t spent;      /* of these, at the time of the ledger; 0 if without limit */
	uint64_t failures;   /* of its members, in total */
	uint64_t failed;     /* how often it has failed itself, because there were more */
	bool restarting;     /* it restarts members now: it stops them, waits, or starts them */
	uint64_t resumes_ns; /* it waits, and starts them then, as maiko_now; else 0 */
} maiko_group_row;

/* A failure of an actor, which may have been removed since. */
typedef struct maiko_failure {
	const char *actor; /* its name */
	const char *type;  /* of the actor */
	maiko_actor_id id;
	uint32_t worker; /* 1 and up */
	int error;
	const char *detail; /* the error's text, or more; never NULL */
	maiko_phase phase;
	const char *event; /* the type of the event that it was handling; "" if none */
	maiko_id event_id; /* of that event */
	uint64_t time_ns;  /* since 1970-01-01 UTC, as in maiko_envelope */
} maiko_failure;

typedef struct maiko_topic_row {
	const char *name;           /* "(given back)": the sums of the topics that were (maiko_topic_release) */
	uint64_t published;         /* events accepted */
	uint64_t unrouted;          /* of these, those that nobody subscribed to, and the topic did not retain */
	uint64_t channel_dropped;   /* entries dropped for a worker whose channel was full (drop policies) */
	uint64_t delayed;           /* delayed events that are not published yet */
	uint64_t delayed_discarded; /* delayed events that were cancelled */
	uint64_t bytes;             /* queued, as in maiko_actor_row; a shared buffer counts in each mailbox */
	maiko_counts counts;        /* queued: what remains of the deliveries */
	uint64_t refused;           /* sends that its .check has refused; not among those published */
	uint64_t retained;          /* how many events it retains now (maiko_topic.retain), */
	uint64_t retained_bytes;    /* how many bytes of payloads and buffers, */
	uint64_t unretained;        /* and how many it did not: too large, or no memory */
} maiko_topic_row;

typedef struct maiko_pair_row {
	uint32_t from; /* a worker, 1 and up; 0: the external threads */
	uint32_t to;
	uint64_t sent; /* entries: an event is one entry per worker, however many subscribers it has there */
	uint64_t taken;
	uint64_t in_flight;
	uint64_t discarded; /* in flight when a stop gave up a worker (MAIKO_ETIMEDOUT) */
	uint64_t dropped;   /* not sent: the channel was full and every subscriber there drops; or no memory */
} maiko_pair_row;

/* Rows are accessed through pointers, because those of a later version may be longer. */
typedef struct maiko_ledger {
	uint32_t workers;
	bool stopped;
	size_t actor_count;
	const maiko_actor_row *const *actors; /* one per present actor, in the order added, then one GONE */
	size_t topic_count;
	const maiko_topic_row *const *topics; /* those that were used */
	size_t pair_count;
	const maiko_pair_row *const *pairs;
	maiko_counts total; /* over the actors */
	uint64_t published; /* over the topics */
	uint64_t jobs;      /* blocking jobs in progress */
	uint64_t failed;    /* failures of actors, in total */
	size_t failure_count;
	const maiko_failure *const *failures; /* the last MAIKO_FAILURES_KEPT of them, oldest first */
	uint64_t untold;                      /* events of the library itself (lifecycle.h) for which there was no
					       * memory */
	uint64_t cut_off;                     /* actors whose on_stop did not run: rows CUT_OFF, and STUCK ones */
	uint64_t now_ns;                      /* when it was made, as maiko_now */
	size_t group_count;                   /* 0: nothing is supervised */
	const maiko_group_row *const *groups; /* the root, then depth first, as they were made */
	/* If the root has failed, and so the supervisor stops: the actor, in which callback and with which event it
	 * failed last, the error, and how often each of its groups has restarted. "" otherwise. */
	const char *chain;
} maiko_ledger;

MAIKO_BEGIN_DECLS

/* Makes a ledger in *ret_ledger; the caller frees it. Names in it are copies.
 * Errors: MAIKO_EINVAL, MAIKO_ENOMEM, MAIKO_EFORK. Any thread, any time between
 * maiko_supervisor_new and _free, also inside callbacks. */
MAIKO_API int maiko_report(maiko_supervisor *sup, maiko_ledger **ret_ledger);

/* Frees a ledger. Returns NULL; NULL is allowed. */
MAIKO_API maiko_ledger *maiko_ledger_free(maiko_ledger *ledger);

/* Whether every equation above holds. */
MAIKO_API bool maiko_ledger_balanced(const maiko_ledger *ledger);

/* The number of losses: the deliveries of `total` that were dropped, discarded, dead, lost on a link
 * or without memory, plus the entries that no worker took (channel_dropped of the topics, `discarded`
 * of the pairs), each counted once. Events that are ignored, queued or in flight are not lost, nor
 * are cancelled delayed events. 0 for NULL. Any thread. */
MAIKO_API uint64_t maiko_ledger_lost(const maiko_ledger *ledger);

/* Writes it as a human-readable table, which ends with "balanced" or "not balanced". One of a running
 * supervisor need not be: see above. If anything is supervised it contains what maiko_ledger_print_tree writes.
 * 0, or MAIKO_EINVAL for a NULL. Any thread. */
MAIKO_API int maiko_ledger_print(const maiko_ledger *ledger, FILE *out);

/*
 * Writes the groups and their actors as a tree, in the order in which they were added (that of their starts), with the
 * restarts spent, the state of each actor and why and until when it waits. Then the actors that are not supervised,
 * and the chain:
 *
 *   supervisor     one for one, 0 of 3 restarts in 5 s
 *   +- devices     rest for one, 3 of 5 restarts in 10 s, restarts its members in 1.2 s
 *   |  +- probe-3  running     2 restarts
 *   |  +- probe-4  restarting  in 1.2 s: i/o error, in a handler of reading; 2 restarts
 *   |  +- display  restarting  with its group; 2 restarts
 *   +- log         running
 *
 * 0, or MAIKO_EINVAL for a NULL. Any thread.
 */
MAIKO_API int maiko_ledger_print_tree(const maiko_ledger *ledger, FILE *out);

MAIKO_END_DECLS

#endif
