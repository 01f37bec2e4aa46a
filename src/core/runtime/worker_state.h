/*
 * worker_state.h - the struct of a worker (runtime.h).
 */
#ifndef MK_WORKER_STATE_H
#define MK_WORKER_STATE_H

#include "base/alive.h"
#include "base/seam.h"
#include "ds/channel.h"
#include "ds/inbox.h"
#include "ds/segmented_array.h"
#include "runtime/message.h"
#include "runtime/topic_state.h"

#include <uv.h>

/* ---- workers ---------------------------------------------------------------------- */

/* mk_worker.attention: a control message is in the lane (set by the poster); there are monitors; tracked events. */
enum { MK_POSTED = 1u << 0, MK_WATCHED = 1u << 1, MK_TRACKS = 1u << 2 };

/* How many callbacks run before the worker reads the clock, and when a turn ends (pace.h). */
typedef struct mk_pace {
	uint32_t left;      /* callbacks until the next clock check */
	uint32_t size;      /* callbacks between two checks, 1 to 16 */
	uint64_t callbacks; /* since the clock was read */
	uint64_t read_ns, read_ticks;
	uint64_t turn_ns; /* when the turn began */
	bool over;        /* the turn must end */
} mk_pace;

/* How long a worker checks for work before it sleeps (spin.h). */
enum { MK_SPIN_CLASSES = 10 };
typedef struct mk_spin {
	uint64_t most_ns, worth_ns;       /* the longest spin; what a wake-up costs */
	uint64_t length_ns;               /* of the next spin; 0: none */
	int last;                         /* the class of the last gap, if it has not been counted yet; else -1 */
	uint32_t weight[MK_SPIN_CLASSES]; /* of the last gaps, by length */
} mk_spin;

struct mk_worker {
	mk_sup *sup;
	/* copies of constant fields of the supervisor, for the path of an event */
	const mk_alive *alive;
	uint64_t wall_offset_ns;
	uint32_t serial;
	uint32_t index;
	bool own_thread; /* it serves one actor only */
	bool busy;       /* an own_thread worker has its actor (under the lock) */
	uv_loop_t *loop;
	uv_loop_t own_loop;
	uv_thread_t thread;
	bool thread_made;
	/* the current callback */
	_Atomic(uint32_t) attention; /* flags that a run checks after each callback: MK_POSTED and so on */
	mk_pace pace;
	uint64_t now_ns;
	bool is_now;               /* now_ns is current: the next turn does not read the clock */
	mk_actor *actor;           /* the actor whose callback runs, or NULL */
	mk_event *event;           /* the event that it handles, or NULL */
	const maiko_id *cause;     /* parent and correlation of a task's events, or NULL */
	const maiko_id *asked;     /* the question whose function runs, or NULL */
	uint64_t sequence, origin; /* of event ids */
	uint64_t injected;         /* events that entered with the id they had */
	uint64_t injected_after;   /* the last of them: `sequence` then, */
	maiko_id injected_id;      /* and its id */
	uint64_t probes;           /* begun here; the number of the last */
	uint64_t probes_seen;      /* arrived from any worker since this one last sent probes */
	struct mk_probing {        /* the cost of finding cycles on this worker, for tests (cycle.h) */
		uint64_t edges, verdicts, begun, sent;
	} probed;
	uint64_t quiet_sends; /* mk_sends when a stop last found the worker quiet */
	mk_random random;
	/* note.h: counts of messages posted, changes requested, checks whether a cycle is open */
	uint32_t posted, asked_changes, looks_open;
	bool unsure;             /* recording: a view could not be allocated; later ones are read anew (topic.c) */
	maiko_envelope envelope; /* the result of maiko_meta */
	/* monitor.c: the monitors of this worker */
	uint32_t monitor_count, telling;
	bool detached;       /* some of `monitors` were removed */
	maiko_envelope told; /* the event of the last observation that had one */
	maiko_observation observation;
	uint64_t watched;       /* bit set: the kinds for which some monitor has a hook */
	uint64_t watched_sends; /* those of them that a send causes */
	maiko_monitor *monitors[MAIKO_MONITORS_MAX];
	/* routing */
	mk_pool pool;
	mk_route *routes; /* by type index */
	uint32_t route_size;
	const maiko_event_type *recent_desc; /* the last one sent by an actor, and its route */
	mk_route *recent;
	mk_target *targets; /* target.h: a table of target_mask + 1 entries */
	uint32_t target_mask, target_span, target_shift, target_count; /* span: of a guess (mk_actor.target) */
	mk_map named;                                                  /* named.h */
	uint64_t route_version;    /* from 1; incremented when subscriptions or monitors change on this worker */
	mk_segmented_array topics; /* mk_topic, by index */
	mk_topic *all;             /* of MAIKO_ALL_TOPICS */
	uint64_t marker;           /* the last topology change applied */
	bool splits; /* that change is under way, and its joiners are given what is kept here (keeper.h) */
	struct mk_keeper *keepers; /* on this worker, under the lock; and those with events sent since that change */
	struct mk_keeper *late;
	uint64_t outgoing;       /* bit set: workers to which it has a channel */
	uint64_t unpublished;    /* bit set: those of them with entries not published */
	mk_topic *private_topic; /* private.h */
	mk_event **news;         /* news.h: what the library tells, not published yet */
	uint32_t news_count, news_size;
	mk_counter untold;                              /* what it could not tell without memory */
	mk_link *watches_coming, **watches_coming_tail; /* watch.c: messages for actors that are being added */
	const mk_actor *ending;                         /* why mk_actor_end ends it, unless it was removed: */
	uint8_t ending_why;                             /* a maiko_end_reason, or 0: the supervisor stops */
	uint32_t tracked;                               /* parts of receipts whose events are here (receipt.c) */
	uint64_t parts_sent;                            /* to other workers */
	struct mk_receipt *orphans;                     /* of senders that have ended */
	mk_channel *out[MAIKO_WORKERS_MAX];
	/* actors */
	mk_actor **here; /* all actors of this worker */
	uint32_t here_count, here_size;
	uint32_t here_reserved; /* of here_size, for actors that migrate to this worker */
	mk_actor *ready, **ready_tail;
	uint32_t passed_over;              /* turns since one of them has run */
	mk_actor *held, *retiring, *ended; /* each held actor is in one of these lists */
	uint32_t drainers;                 /* actors here with `drains` */
	mk_actor *on_hold;                 /* those that take no events (intake.h) */
	mk_actor *warm;                    /* actors whose ring may be freed (delivery.h) */
	struct mk_arrival *arriving;       /* actors that have joined topics here but not arrived yet (in_transit.h) */
	uint64_t warm_swept_ns;
	uint32_t trim_in, trim_wait; /* sweeps until its events are visited, and from the last to the next time */
	mk_counts gone;              /* of removed actors */
	mk_counter gone_deliveries, gone_sent, gone_ticks, gone_mutes;
	mk_counter jobs; /* blocking jobs under way */
	mk_timers timers;
	uint64_t looks_ns;            /* when it looks for silent topics next (expected.h); UINT64_MAX: never */
	struct mk_poller *poller;     /* fd_watch.c: made for the first watch */
	struct mk_fd_watch *doubtful; /* fd_watch.c: watches whose state the kernel must be asked for */
	bool fresh;                   /* descriptors were added since libuv last polled */
	uint64_t asked_ns;            /* when the kernel was last asked for them (idle.c) */
	uint32_t fired, ran;          /* descriptors ready in the last poll; actors run since */
	/* lanes */
	mk_inbox control, external;         /* external: feeds that have stopped resting */
	mk_link *feeds, **feeds_tail;       /* those taken from it that do not rest yet */
	bool feeds_closed;                  /* under the lock: it takes no event from outside any more */
	struct mk_feed *warm_feeds;         /* that have memory to give back (external_sender.h) */
	mk_link *deferred, **deferred_tail; /* control messages taken from the lane but not run yet */
	mk_link **deferred_seen;            /* no mute that a send may run precedes this one */
	_Atomic(uint64_t) incoming;         /* bit set: workers that have a channel to this one */
	_Atomic(mk_channel *) in[MAIKO_WORKERS_MAX];
	_Atomic(uint8_t) rest;        /* an mk_rest (lane.h) */
	bool entered;                 /* maiko_enter stands in for it */
	_Atomic(mk_sender *) running; /* the actor in a callback, for the report of a stop */
	mk_counter timed_calls;       /* timed.h: callbacks of actors with .stuck_ms, */
	_Atomic(mk_event *) pinned;   /* and the event that such an actor handles, or NULL */
	/* life cycle */
	bool go;         /* the first batch has started */
	bool draining;   /* a stop has begun */
	bool discarding; /* the stop's deadline has passed */
	bool exiting;
	bool asked_idle;   /* the stop waits for its report that nothing is left */
	bool reprobe;      /* some actor on this worker has a probe to send */
	mk_actor *probing; /* actors with a probe to send, now or when they are held again (cycle.c) */
	uint64_t probed_ns;
	mk_counter activity; /* incremented whenever the worker gets work (quiescence.c, stop.h) */
	_Atomic(int) tid;    /* of its thread, or 0 (thread_time.c) */
	_Atomic(int) clock;  /* its processor time; valid if there is a tid */
	uint64_t settling;   /* the quiescence round that it must answer; 0: none */
	bool settle_polls;   /* ... only after a poll of libuv */
	bool settle_stops;   /* the thread of its loop waits until the worker is quiet */
	mk_message go_message, topology_message, stop_message, discard_message, leave_message, settle_message;
	mk_timer deadline;
	/* libuv */
	uv_async_t async;
	uv_timer_t uv_timer;
	uv_idle_t idle;
	uv_prepare_t prepare;
	uint32_t open_handles; /* must be closed before the worker can end */
	uint64_t polled_ns;
	uint64_t poll_took_ns; /* the duration of the last poll while busy */
	/* idle.c, lane.h */
	mk_spin spin;
	_Atomic(int) core;    /* on which it last went to sleep */
	_Atomic(bool) beside; /* the worker that woke it ran on that core */
	bool yields;          /* it has woken such a worker in this turn */
	/* balance.c */
	_Atomic(uint64_t) idle_ns, idle_since_ns; /* total of past idle times; start of the current one, or 0 */
	uint64_t looked_ns;
	uint64_t seen_idle_ns[MAIKO_WORKERS_MAX];
	uint64_t seen_taken[MAIKO_WORKERS_MAX]; /* of the channel from each worker */
	uint64_t outside_ns, outside_looked_ns; /* processor time of threads that are no workers; when it was read */
	uint32_t outside_percent;               /* of a core, in the time before that */
	bool balances;
	struct mk_sample *sample; /* under way, or NULL */
	uint64_t look_every_ns, sample_wait_ns;
	_Atomic(uint64_t) calm_until_ns;             /* before it the worker gives nothing away */
	_Atomic(uint64_t) worked_percent, worked_ns; /* its actors' time in the last sample for a merge, and when */
	maiko_actor_id lent;                         /* an actor that two workers run in turns is here; 0: none */
	uint32_t lender, lent_looks;
	_Atomic(uint64_t) lent_asked_ns; /* when it was asked for */
	uint64_t lent_stays_ns;
	uint64_t lent_ns;       /* when it came */
	uint64_t lent_seen_ns;  /* when it was last looked at */
	mk_blocks blocks;       /* of large payloads */
	bool unflushed;         /* in a simulation: work was done since the last flush */
	bool opened;            /* its loop is initialized */
	bool left;              /* it executes no more turns */
	_Atomic(bool) finished; /* its thread accesses nothing any more */
};

#endif
