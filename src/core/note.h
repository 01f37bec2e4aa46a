/*
 * note.h - the decisions of chance: reported to a recorder, and in a replay taken from the recording.
 *
 * A worker does the same when the same comes in, but for *when it looks*: which control message it
 * runs next, how many entries it takes from a channel, which actor it runs and for how many events,
 * how much room it finds again in a channel. A turn consists of such pieces, and each is noted before
 * it is done, but after all that it depends on has been read. So in the order of the notes each cause
 * is before its effects, and whoever does the same pieces in that order, one after the other, each as
 * a whole, does the same (lead.h).
 *
 * For that, what a piece finds out while it runs must not depend on what other workers do meanwhile:
 *
 *   - a send finds a channel as full as the last flush has left it, and takes no mutes: both are
 *     looked at between callbacks alone. A callback that floods a channel is muted by the channel.
 *   - what is under the supervisor's lock is noted under it, and a change of it that another worker
 *     hears of by a control message (a batch of changes, a step of a stop) is a piece of its own.
 *   - what a call tells its caller of that state (an id, a refusal) is noted as a value.
 *
 * All this holds while `seam.noted` is set: from before the start, or never. Otherwise nothing here
 * costs more than a look at that flag, a few times a turn.
 */
#ifndef MK_NOTE_H
#define MK_NOTE_H

#include "runtime.h"

typedef enum mk_note_kind {
	MK_NOTE_CONTROL,   /* piece: runs a control message; number: mk_note_posted, value: of a job, the actor */
	MK_NOTE_TAKE,      /* piece: takes up to `value` entries from the worker `number` */
	MK_NOTE_TIMERS,    /* piece: fires what is due */
	MK_NOTE_RUN,       /* piece: runs the actor `number` */
	MK_NOTE_PART,      /* piece: ends those that part */
	MK_NOTE_PROBE,     /* piece: sends probes */
	MK_NOTE_FLUSH,     /* piece: the channel to `number` is empty up to `value` */
	MK_NOTE_IDLE,      /* piece: tells the stop that nothing is left */
	MK_NOTE_HOOKS,     /* piece: runs on_start of the first batch */
	MK_NOTE_ENTER,     /* piece: `number` is entered from libuv, until LEAVE */
	MK_NOTE_FOREIGN,   /* piece, or part of one: takes `value` events from outside */
	MK_NOTE_LEAVE,     /* value: its error, or 0 */
	MK_NOTE_TASKS,     /* of a run: `value` tasks were run */
	MK_NOTE_TASK_DONE, /* the callback of a task has returned `value` */
	MK_NOTE_TICK_LATE, /* of a run: a tick that is due is for the next */
	MK_NOTE_MUTE,      /* a mute is taken out of the lane; number: mk_note_posted */
	MK_NOTE_OPEN,      /* the `number`th look at whether a cycle is open says yes */
	MK_NOTE_STOPPING,  /* value: whether MAIKO_ESHUTDOWN means the stop */
	MK_NOTE_FOUND,     /* maiko_find in a callback; value: the id, or 0 */
	/* calls, with what they were given: mk_call */
	MK_NOTE_ADD,    /* value: the error, or where it lives (MK_NOTE_NEW_WORKER); number: its id */
	MK_NOTE_CHANGE, /* value: the error, or 0; number: of whom */
	MK_NOTE_AFTER,  /* a delayed send; value: its name */
	MK_NOTE_CANCEL, /* value: the name */
	MK_NOTE_RANDOM,
	MK_NOTE_STOP_SELF,
	/* the supervisor's, each a piece */
	MK_NOTE_STARTING,
	MK_NOTE_STARTED,  /* the hooks have run */
	MK_NOTE_BATCH,    /* a batch of changes begins; keys: which */
	MK_NOTE_SETTLING, /* all markers have passed */
	MK_NOTE_FINISHED, /* all have settled; number: the worker that was last */
	MK_NOTE_STOP,     /* a stop begins; value: its deadline */
	MK_NOTE_DISCARD,
	MK_NOTE_STEP,    /* value: a step of a stop (mk_stop_step); number: of a hook, its actor; else the workers */
	MK_NOTE_OVER,    /* it has stopped */
	MK_NOTE_GIVE_UP, /* the recording ends: what follows cannot be done again; value: the error */
	MK_NOTES
} mk_note_kind;

enum { MK_NOTE_NEW_WORKER = 0xff };
#define MK_ANY_NUMBER UINT64_MAX

/* What a call was given. */
typedef struct mk_call {
	/* MK_NOTE_ADD */
	const maiko_actor_type *type;
	const char *name;
	const maiko_add_options *options; /* may be NULL */
	bool told;                        /* somebody hears what becomes of it */
	/* MK_NOTE_CHANGE */
	maiko_change change;
	const char *topic; /* NULL: none */
	maiko_overflow overflow;
	/* MK_NOTE_AFTER */
	const maiko_event_type *event;
	const void *data;
	uint64_t delay_ms;
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

/* A recorder, or a leader. At most one for a supervisor. */
typedef struct mk_scribe {
	void *arg;
	/* A recorder's. On the worker's thread; `w` NULL: the supervisor's, with the lock. */
	void (*note)(void *arg, mk_worker *w, const mk_note *note);
	/* An event type is new: 0, or the error that refuses it, with its words. */
	int (*accept)(void *arg, const maiko_event_type *type);
	/* A leader's: whether that is noted next; *ret_told is filled in then. */
	bool (*told)(void *arg, mk_worker *w, mk_note_kind kind, uint64_t number, mk_told *ret_told);
	/* Puts into the worker's inbox what it is to take from outside now. */
	void (*refill)(void *arg, mk_worker *w);
	/* Does what was noted before MK_NOTE_STARTED; false: that was not noted. */
	bool (*reach_started)(void *arg);
} mk_scribe;

static inline mk_scribe *mk_scribe_of(const mk_sup *sup)
{
	return __atomic_load_n(&sup->seam.scribe, __ATOMIC_ACQUIRE);
}

/* Notes from now on. Before the start, with the lock. */
MK_PRIVATE void mk_note_begin(mk_sup *sup, mk_scribe *scribe);

/* ---- noting --------------------------------------------------------------------------- */

MK_NOINLINE void mk_note_here(mk_worker *w, mk_note_kind kind, uint64_t number, int64_t value);
#define MK_NOTE(w, kind, number, value)                                                                                \
	do {                                                                                                           \
		if (MK_UNLIKELY((w)->sup->seam.noted))                                                                 \
			mk_note_here((w), (kind), (number), (value));                                                  \
	} while (0)

/* With the lock. */
void mk_note_sup(mk_sup *sup, mk_note_kind kind, uint64_t number, int64_t value);
void mk_note_batch(mk_sup *sup, uint64_t number, const uint64_t *keys, uint32_t count);

void mk_note_control(mk_worker *w, const mk_message *m);
static inline void mk_note_take(mk_worker *w, uint32_t from, uint64_t count)
{
	mk_note_here(w, MK_NOTE_TAKE, from, (int64_t)count);
}

/* A call in a callback of `caller`'s, or (NULL, with the lock) from outside. */
void mk_note_call(mk_sup *sup, mk_worker *caller, mk_note_kind kind, uint64_t number, int64_t value,
		  const mk_call *call);

/* The worker of the actor in whose callback a call is made; NULL: it is made from outside, or in a hook
 * of a monitor. */
mk_worker *mk_caller(const mk_sup *sup, const mk_actor *requester);

/* The name of a control message: its mk_post, the worker that has posted it, its number there. */
static inline uint64_t mk_note_posted(const mk_message *m)
{
	return (uint64_t)m->post << 56 | (uint64_t)m->from << 32 | m->number;
}

/* ---- being told ------------------------------------------------------------------------- */

/* Led: whether the recording has that next. */
bool mk_is_told(mk_worker *w, mk_note_kind kind, uint64_t number, mk_told *ret_told);
bool mk_caller_is_told(const mk_sup *sup, mk_worker *caller, mk_note_kind kind, uint64_t number, mk_told *ret_told);

#endif
