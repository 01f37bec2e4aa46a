/*
 * scribe.h - what a recorder is told and a leader tells (observe/note.h): the pieces in which each worker did its work.
 */
#ifndef MK_SCRIBE_H
#define MK_SCRIBE_H

#include "runtime/runtime.h"

typedef enum mk_note_kind {
	MK_NOTE_CONTROL,   /* piece: runs a control message; number: mk_message_posted, value: of a job, the actor */
	MK_NOTE_TAKE,      /* piece: takes up to `value` entries from the worker `number` */
	MK_NOTE_TIMERS,    /* piece: fires what is due */
	MK_NOTE_RUN,       /* piece: runs the actor `number` */
	MK_NOTE_RETIRE,    /* piece: ends those that part */
	MK_NOTE_PROBE,     /* piece: sends probes */
	MK_NOTE_FLUSH,     /* piece: the channel to `number` is empty up to `value` */
	MK_NOTE_IDLE,      /* piece: tells the stop that nothing is left */
	MK_NOTE_HOOKS,     /* piece: runs on_start of the first batch */
	MK_NOTE_ENTER,     /* piece: `number` is entered from libuv, until LEAVE */
	MK_NOTE_EXTERNAL,  /* piece, or part of one: takes `value` events from outside */
	MK_NOTE_LEAVE,     /* value: its error, or 0 */
	MK_NOTE_TASKS,     /* of a run: `value` tasks were run */
	MK_NOTE_TASK_DONE, /* the callback of a task has returned `value` */
	MK_NOTE_TICK_LATE, /* of a run: a tick that is due is for the next */
	MK_NOTE_MUTE,      /* a mute is taken out of the lane; number: mk_message_posted */
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

#endif
