/*
 * scenario.h - the mixed scenario: everything that a program may do, at random.
 *
 * From a seed: workers, topics of all policies, actors of several types, small mailboxes,
 * what each of them does with an event, and what happens outside meanwhile; in half of the
 * worlds, the wide ones, also filters, patterns, share groups, times to live, retained events
 * and timers. Each event carries its sender, its topic and a number; the numbers of one sender
 * and topic have no gap. So each subscriber can tell at each event whether one was lost,
 * doubled or overtaken, and at the end whether it has had all that it should have had.
 *
 * What an actor does depends on a stream of its own, so that another schedule does not
 * change what the others do.
 */
#ifndef SCENARIO_H
#define SCENARIO_H

#include <maiko/testing/sim.h>

enum {
	SC_TOPICS = 12,          /* there are; and two more in a wide world: */
	SC_EXPIRING = SC_TOPICS, /* ... one whose events expire */
	SC_RETAINING,            /* ... and one that retains */
	SC_TOPICS_ALL,
	SC_BELL = 0xbe11, /* the key of an event of a timer */
	SC_USED_MAX = 5,
	SC_ACTORS_MAX = 20,
	SC_THREADS = 4,
	SC_BURST = 2, /* of these, whose bursts they are; and who acts in the midst of others' calls */
	SC_OTHER = 3,
	SC_SENDERS = SC_ACTORS_MAX + SC_THREADS,
	SC_CHAINS = 2048,
	SC_RECEIPTS = 256,
	SC_REPLIES = 4,
	SC_ELSEWHERE = 16,
	SC_INJECTED = 256,
	SC_CHANGES = 256,
	SC_GROUPS = 12
};

/* What every event of the scenario begins with. */
typedef struct parcel {
	uint16_t sender, topic; /* indices below */
	uint16_t n;             /* from 1, of that sender and topic; 0: sent later, not numbered */
	uint16_t key;
	uint32_t check; /* of all the others */
	uint32_t serial;
	uint16_t chain;             /* of causes: the place of its correlation below; 0: it is not followed */
	uint16_t receipt;           /* the place of its receipt; 0: it is not tracked */
	uint16_t injected;          /* the place of its origin; 0: it was sent here */
	uint16_t upto[SC_USED_MAX]; /* the numbers that its sender has sent before it, on each topic */
} parcel;

/* What is to be in an event's receipt. */
typedef struct sc_reply {
	uint16_t sender, topic, n;
} sc_reply;
typedef struct sc_receipt {
	const struct sc_actor *sender;
	maiko_id id;
	uint16_t chain;
	uint8_t topic;
	bool awaited, came;
	uint32_t reply_count; /* some of what its handlers have sent */
	sc_reply replies[SC_REPLIES];
	uint64_t seen[MAIKO_LOST + 1];            /* outcomes of its deliveries, by a monitor */
	uint64_t counts[MAIKO_LOST + 1], unknown; /* ... and by the receipt */
} sc_receipt;

/* An event that was sent elsewhere. */
typedef struct sc_origin {
	maiko_envelope envelope;
	char sender[8]; /* which the envelope names */
	uint16_t chain;
	maiko_actor_id by; /* who injects it */
} sc_origin;

/* A change of an actor's subscriptions. */
typedef struct sc_change {
	struct sc_actor *actor;
	uint8_t topics;        /* a bit each */
	bool ends, under_way;  /* ends: the subscriptions */
	uint16_t unsubscribed; /* the actor's, when it was asked for */
} sc_change;

/* What an actor's tick waits for, and what has come since. */
typedef struct sc_wait {
	unsigned of; /* a set of maiko_woken */
	uint64_t ms, due_ns;
	bool ran, unsure;   /* unsure: it has failed since */
	bool events, calls; /* calls: maiko_wake_tick */
} sc_wait;

/* An actor as the scenario knows it, also after it has gone. */
typedef struct sc_actor {
	maiko_actor_id id; /* 0: not there yet, or never */
	uint64_t random;
	uint32_t energy; /* sends left */
	uint32_t ticks_left;
	uint8_t type, policy[SC_USED_MAX];
	uint8_t outs, subs; /* topics, a bit each: those it sends to; asked for at its adding */
	uint8_t whole;      /* subscribed since before the start, without a break */
	uint8_t filters;    /* topics where it wants only events that have a number */
	uint8_t shares;     /* topics that it shares with others, where it joined so */
	bool echo, first;   /* ... and of the first batch */
	bool ignores;       /* some events, without seeing them */
	bool watches;       /* topics: it has private deliveries too */
	bool has_receipts;  /* of what it has sent */
	bool temporary;     /* its failure does not stop the others */
	bool supervised;    /* it is restarted instead */
	bool down, loses;   /* it waits for its restart; loses: it may miss events because of that */
	uint32_t again;     /* the serial number of the event that it handles once more, + 1 */
	bool running, failed, leaving, stopped;
	bool drains;
	uint16_t later;             /* events sent later, accepted */
	bool on_hold, holds;        /* holds: has been so, and a stop may discard what it did not take */
	uint16_t tracked, receipts; /* tracked events accepted; their receipts */
	uint16_t chain, handles;    /* of the event that it handles: its chain and the place of its receipt */
	sc_wait wait;               /* what its tick waits for */
	maiko_delayed delayed;
	maiko_delayed bell; /* a timer at a fixed rate, if bell_ms is not 0 */
	uint64_t bell_ms, bell_ns;
	bool rings; /* it has had one */
	const parcel *kept;
	parcel kept_copy;
	uint16_t seen[SC_SENDERS][SC_USED_MAX]; /* the last number */
	uint8_t known[SC_SENDERS];              /* topics, a bit each: the next number must be one more than that */
	uint8_t group[SC_USED_MAX];             /* topics that were subscribed in one change with this one */
	uint16_t unsubscribed;                  /* how often that was asked for */
	uint16_t unsubscribing;                 /* of that, what is under way */
} sc_actor;

typedef struct sc_world {
	maiko_sim *sim;
	maiko_supervisor *sup;
	uint64_t random; /* of the outside */
	uint32_t used;   /* topics */
	uint8_t topics[SC_USED_MAX];
	uint32_t actor_count;
	sc_actor actors[SC_ACTORS_MAX];
	uint16_t sent[SC_SENDERS][SC_USED_MAX];
	uint64_t thread;        /* that sends from outside now, from 1; 0: none */
	uint32_t calling;       /* threads in the midst of a send, a bit each */
	uint64_t accepted;      /* sends in all, later ones too */
	uint64_t tracked, came; /* of these, with a receipt; receipts that came */
	uint64_t told;          /* notices of interest that were handled */
	uint64_t rung;          /* events of timers that were handled */
	uint32_t serial;
	bool strict;         /* no allocation fails: under block nothing may be missing */
	bool stops;          /* actors may stop the supervisor */
	bool fatal;          /* some are not temporary */
	int status;          /* what the end is to say */
	bool graceful;       /* the stop has been or will be so */
	bool begun, started; /* the start has been asked for, and has succeeded */
	uint64_t overlaps;
	maiko_monitor *spare;
	uint16_t chain_count, receipt_count, injected_count; /* places are from 1 */
	uint32_t left;                                       /* events that left for elsewhere */
	uint64_t first_ns;                                   /* the timestamp of the first event that was handled */
	maiko_id chains[SC_CHAINS];                          /* the correlation; none: no event was handled yet */
	sc_receipt receipts[SC_RECEIPTS];
	sc_origin elsewhere[SC_ELSEWHERE], injected[SC_INJECTED];
	bool wide;   /* there are topics that expire and retain, filters, patterns, share groups, timers */
	bool groups; /* there may be some */
	uint32_t group_count;
	maiko_group_id group_ids[SC_GROUPS];
	uint32_t change_count;
	sc_change changes[SC_CHANGES];
} sc_world;

extern sc_world sc;

/* One of n, from a stream (a linear congruential generator: Knuth's MMIX). */
static inline uint32_t sc_draw(uint64_t *random, uint32_t n)
{
	*random = *random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)((*random >> 32) * n >> 32);
}

/* ---- scenario.c ---- */
void scenario_prepare(maiko_sim_options *options, void *arg);
int scenario_run(maiko_sim *sim, void *arg);

/* ---- scenario_events.c ---- */

/* The policy and topic of one in use; whether all events there have a receipt; what is wanted of those there. */
maiko_overflow sc_policy(uint32_t used);
const maiko_topic *sc_topic(uint32_t used);
bool sc_only_tracked(uint32_t used);
maiko_filter sc_numbered(uint32_t used);
/* The arrays of an event that has some. */
void sc_check_arrays(const maiko_any *any);

/* Sends from that external thread. */
enum { SC_TRY, SC_WAIT, SC_TIMEOUT };
int sc_send_outside(uint32_t thread, uint32_t used, uint64_t *random, int how);

/* ---- scenario_actors.c ---- */

/* A new actor from the stream; `ctx` NULL: from outside. What the adding says. */
int sc_add(maiko_ctx *ctx, uint64_t *random);
/* Subscribes or unsubscribes some actor. */
int sc_resubscribe(maiko_ctx *ctx, uint64_t *random);
int sc_remove(maiko_ctx *ctx, uint64_t *random);
/* Moves some actor to some worker, which may not be possible. */
int sc_move(maiko_ctx *ctx, uint64_t *random);
/* Restarts some actor; makes a group; removes some group. */
int sc_restart(maiko_ctx *ctx, uint64_t *random);
int sc_group(maiko_ctx *ctx, uint64_t *random);
int sc_ungroup(maiko_ctx *ctx, uint64_t *random);
/* Finds some actor by its name, and changes it. */
int sc_meet(uint64_t *random);

/* ---- scenario_check.c ---- */

uint32_t sc_check_of(const parcel *p);
/* An actor handles an event. */
void sc_saw(sc_actor *a, const parcel *p, const maiko_ctx *ctx);
/* An event of its timer; false: it is none. */
bool sc_rang(sc_actor *a, const parcel *p, const maiko_ctx *ctx);
/* An observation of a tracked event; the receipt of one, and which that is. */
void sc_observed(const maiko_observation *s);
const sc_receipt *sc_receipt_came(sc_actor *a, const maiko_receipt *receipt);
/* It has failed, or is to be restarted; it has been. */
void sc_failed(sc_actor *a, const maiko_observation *s);
void sc_restarting(sc_actor *a, const maiko_observation *s);
void sc_restarted(sc_actor *a);
/* What the end may say: of the failures of those that nobody restarts, or of the root. */
bool sc_is_status(int status);
/* A tick begins. */
void sc_tick_begins(sc_actor *a, const maiko_ctx *ctx);
void sc_tick_ends(sc_actor *a, const maiko_ctx *ctx, const maiko_next *next);
/* It is about to end, in a graceful stop, or has: it has had everything. */
void sc_had_all(const sc_actor *a);
/* When nothing is left to do: nobody outside is held up. */
void sc_quiet(void);
/* After the end. */
void sc_end(void);

#endif
