/*
 * scribe.h - the interface of a recorder and of a replay (observe/note.h): the steps in which each worker did its work.
 */
#ifndef MK_SCRIBE_H
#define MK_SCRIBE_H

#include "runtime/runtime.h"

typedef enum mk_note_kind {
	MK_NOTE_CONTROL, /* step: runs a control message; number: mk_message_posted, value: of a job, the actor */
	MK_NOTE_TAKE,    /* step: takes up to `value` entries from the worker `number` */
	MK_NOTE_TIMERS,  /* step: fires the due timers */
	MK_NOTE_RUN,     /* step: runs the actor `number` */
	MK_NOTE_RETIRE,  /* step: ends the retiring actors */
	MK_NOTE_PROBE,   /* step: sends probes */
	MK_NOTE_NEWS,    /* step: publishes what the library tells */
	MK_NOTE_FLUSH,   /* step: flushes the channel to `number`, acknowledged up to `value` */
	MK_NOTE_IDLE,  /* step: discards what is left for actors on hold, or reports to the stop that nothing is left */
	MK_NOTE_HOOKS, /* step: runs on_start of the first batch */
	MK_NOTE_ENTER, /* step: the actor `number` is entered from libuv, until LEAVE */
	MK_NOTE_SILENT,   /* step: tells of a silent topic; number: for how long, value: whether something came again */
	MK_NOTE_EXTERNAL, /* step, or part of one: takes `value` events of external threads */
	MK_NOTE_LEAVE,    /* value: its error, or 0 */
	MK_NOTE_TASKS,    /* of a run: `value` tasks were run */
	MK_NOTE_PRIVATES, /* of a run: so many private deliveries */
	MK_NOTE_TASK_DONE, /* the callback of a task has returned `value` */
	MK_NOTE_TICK_LATE, /* of a run: a due tick is left for the next run */
	MK_NOTE_MUTE,      /* a mute is taken out of the lane; number: mk_message_posted */
	MK_NOTE_OPEN,      /* the check number `number` of a cycle has found it open */
	MK_NOTE_STOPPING,  /* value: whether MAIKO_ESHUTDOWN means the stop */
	MK_NOTE_FOUND,     /* maiko_find, maiko_find_group in a callback; value: the id, or 0 */
	MK_NOTE_WALL,      /* the clock of the machine was read; value: its time */
	/* calls, with their arguments: mk_call */
	MK_NOTE_ADD,    /* value: the error, or the actor's worker (MK_NOTE_NEW_WORKER); number: its id */
	MK_NOTE_CHANGE, /* value: the error, or 0; number: the actor */
	MK_NOTE_AFTER,  /* a delayed send; value: its id */
	MK_NOTE_CANCEL, /* value: the id of the delayed send */
	MK_NOTE_RANDOM,
	MK_NOTE_STOP_SELF,
	MK_NOTE_HOLD,       /* value: 1, or 0: it is unheld */
	MK_NOTE_ASK,        /* a question: the next event that the actor `number` sends is one */
	MK_NOTE_REPLY,      /* a reply to an actor's question, the event `number` of the origin `value` */
	MK_NOTE_KEEP,       /* maiko_keep of such an event */
	MK_NOTE_RELEASE,    /* maiko_release of it */
	MK_NOTE_WATCH,      /* number: the watched actor; value: MK_NOTED_FOUND and so on */
	MK_NOTE_GROUP_MADE, /* maiko_group; value: the id, or the error */
	/* maiko_remove_group; number: the group. In a callback, value: the error, or how many of these follow, each of
	 * an actor that it removes, `number`. Each removal has its own note, MK_NOTE_CHANGE. */
	MK_NOTE_GROUP_REMOVED,
	MK_NOTE_COMMAND, /* what a supervised actor is to do (group_steps.h); value: the command and its delay */
	/* steps of the supervisor */
	MK_NOTE_STARTING,
	MK_NOTE_STARTED,  /* the on_start hooks have run */
	MK_NOTE_BATCH,    /* a batch of changes begins; keys: the changes */
	MK_NOTE_SETTLING, /* all markers have passed */
	MK_NOTE_FINISHED, /* all workers have settled; number: the last one */
	MK_NOTE_STOP,     /* a stop begins; value: its deadline */
	MK_NOTE_DISCARD,
	MK_NOTE_STEP,  /* value: a step of a stop (mk_stop_step); number: of a hook, its actor; else the workers */
	MK_NOTE_OVER,  /* the supervisor has stopped */
	MK_NOTE_GROUP, /* a report of a supervised actor is taken (group_steps.h); number: the actor, value: its kind */
	MK_NOTE_GIVE_UP, /* the recording ends: what follows cannot be replayed; value: the error */
	MK_NOTES
} mk_note_kind;

enum { MK_NOTE_NEW_WORKER = 0xff };
/* Of MK_NOTE_WATCH: there is such an actor; restarts are told too; the watch ends. */
enum { MK_NOTED_FOUND = 1, MK_NOTED_RESTARTS = 2, MK_NOTED_UNWATCH = 4 };
#define MK_ANY_NUMBER UINT64_MAX

/* When an actor sends a delayed event. */
typedef enum mk_delay_kind {
	MK_DELAY_TOPIC, /* after so many milliseconds, to its topic */
	MK_DELAY_OWN,   /* ... to the actor itself, as are these: */
	MK_DELAY_EVERY, /* each time that they have passed */
	MK_DELAY_AT,    /* when the clock of the machine shows so many since 1970 */
	MK_DELAYS
} mk_delay_kind;
typedef struct mk_delay {
	mk_delay_kind kind;
	uint64_t ms;
} mk_delay;

/* The arguments of a call. */
typedef struct mk_call {
	/* MK_NOTE_ADD */
	const maiko_actor_type *type;
	const char *name;
	const maiko_add_options *options; /* may be NULL */
	bool told;                        /* the caller is notified of the completion */
	/* MK_NOTE_CHANGE */
	maiko_change change;
	const maiko_subscription *topics; /* NULL: none */
	/* MK_NOTE_GROUP_MADE, and `name` */
	const maiko_group_options *group;
	/* MK_NOTE_AFTER, MK_NOTE_REPLY, and MK_NOTE_ASK: the type of the answers, `data` NULL */
	const maiko_event_type *event;
	const void *data;
	/* MK_NOTE_AFTER */
	mk_delay delay;
	/* MK_NOTE_ASK */
	uint64_t timeout_ms;
	bool all;
	/* MK_NOTE_SILENT: the topic's `name`, and */
	uint64_t every_ms;
} mk_call;

typedef struct mk_note {
	mk_note_kind kind;
	uint64_t number;
	int64_t value;
	uint64_t now_ns;
	const mk_call *call;  /* or NULL */
	const uint64_t *keys; /* of changes: mk_change_key */
	uint32_t key_count;
} mk_note;

typedef struct mk_told {
	uint64_t number;
	int64_t value;
} mk_told;

/* A recorder or a replay. At most one for a supervisor. */
typedef struct mk_scribe {
	void *arg;
	/* A recorder: stores a note. On the worker's thread; `w` NULL: of the supervisor, with the lock. */
	void (*note)(void *arg, mk_worker *w, const mk_note *note);
	/* A new event type: 0, or the error that refuses it, with its text stored. */
	int (*accept)(void *arg, const maiko_event_type *type);
	/* A replay: whether the recording has that note next; fills in *ret_told then. */
	bool (*told)(void *arg, mk_worker *w, mk_note_kind kind, uint64_t number, mk_told *ret_told);
	/* A replay: puts the external events that the worker takes next into its inbox. */
	void (*refill)(void *arg, mk_worker *w);
	/* A replay: executes the steps before MK_NOTE_STARTED; false: the recording has no such note. */
	bool (*reach_started)(void *arg);
} mk_scribe;

static inline mk_scribe *mk_scribe_of(const mk_sup *sup)
{
	return __atomic_load_n(&sup->seam.scribe, __ATOMIC_ACQUIRE);
}

#endif
