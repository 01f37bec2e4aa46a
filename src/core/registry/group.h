/*
 * group.h - the tree of groups, and how often its members have failed. All of it under the supervisor's lock.
 *
 * A group is a list of members in the order in which they were added; a member is an actor or a group. The root has no
 * name; an actor that is supervised, but in no group of the user's, is a member of the root.
 *
 * What becomes of a member is decided by lifecycle/group_steps.c, on one thread at a time; what happens to an actor, on
 * its worker, is lifecycle/restart.c. Between the two go commands (`command`) and reports (`report`). An actor has
 * at most one of each under way.
 */
#ifndef MK_GROUP_STATE_H
#define MK_GROUP_STATE_H

#include "runtime/runtime.h"

typedef struct mk_member {
	struct mk_member *prev, *next;
	struct mk_group *group; /* that it is in; NULL: the root itself, or it has left */
	uint64_t order;         /* ascending from member to member of all groups */
	bool is_group;
} mk_member;

/* Where a supervised actor is, as far as the decisions know. */
typedef enum mk_care_state {
	MK_CARE_NEW,  /* it has not started yet, or its first start is not reported */
	MK_CARE_UP,   /* started */
	MK_CARE_DOWN, /* halted: it waits for a command */
	MK_CARE_GONE  /* ended */
} mk_care_state;

/* What an actor's worker is to do. */
typedef enum mk_command {
	MK_NO_COMMAND,
	MK_HALT,  /* end its life, keep its mailbox; reports MK_IS_DOWN */
	MK_START, /* after `delay_ms` begin a new life; reports MK_IS_UP, or MK_IS_DOWN with a failure */
	MK_PACE,  /* reports MK_IS_PACED after `delay_ms`: a run of a group waits for that */
	MK_LEAVE  /* remove the actor; reports MK_IS_GONE */
} mk_command;

/* What an actor's worker tells, in a list of the supervisor's until it is taken; at most one of an actor at a time. And
 * what a caller of maiko_restart asks. */
typedef enum mk_report_kind {
	MK_IS_UP = 1,
	MK_IS_DOWN,
	MK_IS_PACED,
	MK_IS_GONE,
	MK_IS_ASKED,
	MK_IS_OVERDUE,   /* of no worker: it has not stopped in time */
	MK_IS_ASKED_LATE /* asked, when the on_start of its next life had begun; only noted as such */
} mk_report_kind;
typedef struct mk_report {
	struct mk_report *next;
	struct mk_care *care;
	mk_report_kind kind; /* 0: it is in no list */
} mk_report;

/* What a supervised actor has beside the others. */
typedef struct mk_care {
	mk_member member;
	mk_actor *actor;
	/* constant: options; where the actor has said nothing, its group's, from mk_care_enter on */
	maiko_group_id in; /* .group */
	maiko_restarting kind;
	maiko_backoff backoff;
	bool has_backoff; /* its own */
	void *init;       /* a copy, or NULL: zeroed */
	uint32_t retries;
	bool start_may_fail, ephemeral;
	/* its worker's */
	mk_timer timer;
	maiko_id tried;    /* the event whose handler failed last, */
	uint32_t attempts; /* and how often */
	uint32_t in_a_row; /* failures without a healthy time in between */
	uint64_t up_ns;    /* when it started last */
	int because;       /* why it restarts: the error; 0: it has not failed */
	bool again, aside; /* what becomes of the event in hand: it goes back to the mailbox; it is set aside */
	bool waits;        /* a command waits for the end of a topology change */
	bool paces;        /* the timer is that of MK_PACE */
	/* written by its worker, read by any thread */
	mk_counter restarts;
	mk_counter resumes_ns; /* until when it waits, or 0 */
	/* of its worker until it reports, then of the step that takes the report */
	bool failed;            /* it has failed */
	bool counts;            /* that is more than another attempt at the same event */
	uint64_t report_ns;     /* when */
	uint64_t fail_delay_ms; /* before its next life */
	/* under the lock */
	mk_care_state state;
	mk_command command; /* under way, or MK_NO_COMMAND */
	uint64_t delay_ms;
	bool posted;      /* the message is in a lane: it executes what `command` is when it arrives */
	uint32_t pending; /* commands whose message has not been taken */
	mk_actor_message message;
	mk_report report, ask;
	int code; /* of its last failure */
	maiko_phase phase;
	char event[MAIKO_NAME_MAX + 1]; /* the type of the event that it handled, or "" */
	struct mk_change *asker;        /* maiko_restart: it starts without delay once it is down; or NULL */
	struct mk_change *asks_next;    /* in a replay: whose turn comes when that one is answered */
	bool begun;                     /* the on_start of a later life; it has not reported yet */
	bool asked_late;                /* since then: that life is not the one that was asked for */
	uint64_t halt_until_ns;         /* when it is overdue to stop for a run; 0: none waits for it */
} mk_care;

typedef struct mk_group {
	mk_member member;
	maiko_group_id id;
	char name[MAIKO_NAME_MAX + 1];
	mk_member *first, *last;
	struct mk_group *all_prev, *all_next; /* in the order of making */
	struct mk_group *same_hash;
	uint32_t depth; /* 0: the root */
	maiko_strategy strategy;
	maiko_restarting restart;
	maiko_backoff backoff;
	uint64_t stop_ms;
	bool removing;
	/* intensity: a ring of the times of the last failures */
	uint32_t limit;
	uint64_t within_ms, *times;
	uint32_t first_time, time_count;
	uint64_t failures, failed; /* of its members in total; how often it has failed itself */
	/* a run: its members from `from` on stop in reverse, then start in order */
	bool running, starting, paced;
	bool starts_first;         /* starting: none has been started yet */
	struct mk_group *next_run; /* in the list of those that run */
	mk_member *from;
	mk_care *at;    /* the next one to halt or to start */
	mk_care *cause; /* its timer paces the run; NULL: it has gone */
	uint64_t delay_ms;
	uint32_t row; /* in the ledger that is being made */
} mk_group;

/* What a report calls the root: no group may be named like that. */
#define MK_ROOT_NAME "supervisor"

typedef struct mk_groups {
	mk_group root;
	mk_group *first, *last; /* all others */
	uint64_t count, made, order;
	mk_map by_id, by_hash;
	mk_group *runs;                    /* those that run */
	mk_report *reports, **report_tail; /* not taken yet */
	int fatal;                         /* the root has failed: the supervisor is to stop with this error; 0 */
	bool told_fatal;                   /* that stop was begun */
	char *chain;                       /* that failure in words; else "" */
	uint32_t chain_size;               /* enough for the deepest group */
	struct mk_failed_group *failed;    /* groups that have failed, which no worker has told yet */
	uint32_t failed_count, failed_size;
	uint64_t untold;            /* what could not be told without memory, and is in no worker's count yet */
	struct mk_change *answered; /* maiko_restart: complete, to be told */
} mk_groups;

/* With the lock. */
static inline uint64_t mk_groups_untold(const mk_sup *sup) { return sup->groups->untold; }

int mk_groups_init(mk_sup *sup);
void mk_groups_fini(mk_sup *sup);

/* Makes a group; the options have been checked. `id`: of a recording; 0: the next. 0, MAIKO_ENOENT, MAIKO_EEXIST,
 * MAIKO_E2BIG or MAIKO_ENOMEM. */
int mk_group_new(mk_sup *sup, const char *name, const maiko_group_options *options, maiko_group_id id,
		 mk_group **ret_group);
/* NULL if there is none; 0: the root. */
MK_PRIVATE mk_group *mk_group_find(mk_sup *sup, maiko_group_id id);
mk_group *mk_group_named(mk_sup *sup, const char *name);

/* Frees the group if it is being removed and empty, and then its parent likewise. */
void mk_group_release(mk_sup *sup, mk_group *g);

/* An actor that has a care enters its group, whose defaults hold where it says nothing; leaves it. 0 or
 * MAIKO_ENOENT. */
int mk_care_enter(mk_sup *sup, mk_actor *a);
void mk_care_leave(mk_sup *sup, mk_actor *a);

static inline mk_group *mk_group_of_member(mk_member *m) { return MK_OF(m, mk_group, member); }
static inline mk_care *mk_care_of_member(mk_member *m) { return MK_OF(m, mk_care, member); }
static inline mk_care *mk_care_of(const mk_actor *a) { return a->cared ? a->extra->care : NULL; }

/* The first and the last actor of a list of members and their groups, from `from` on; and the next ones. `top`: the
 * group whose list it is. NULL: there is none. */
mk_care *mk_care_first(mk_member *from);
mk_care *mk_care_after(const mk_group *top, mk_care *c);
mk_care *mk_care_last(const mk_group *top);
mk_care *mk_care_before(const mk_group *top, const mk_member *from, mk_care *c);

/* Counts a failure at that time, by the clock of any worker. False: there were more than the group allows. */
bool mk_group_count(mk_group *g, uint64_t now_ns);

/* What a supervised actor needs, without its group yet. NULL without memory. free: NULL is allowed. */
mk_care *mk_care_new(mk_actor *a, const maiko_add_options *options);
void mk_care_free(mk_care *c);

/* 0, or MAIKO_EINVAL with its text: a field is out of its bounds; `given` may be NULL. */
int mk_backoff_check(const char *what, const char *name, const maiko_backoff *given);
/* The delay after `in_a_row` failures, from 1; `random`: 64 random bits. */
uint64_t mk_backoff_delay(const maiko_backoff *b, uint32_t in_a_row, uint64_t random);

#endif
