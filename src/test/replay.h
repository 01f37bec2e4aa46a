/*
 * replay.h - a recording in memory.
 */
#ifndef MT_REPLAY_H
#define MT_REPLAY_H

#include "recording.h"
#include "runtime.h"

typedef struct mt_entry {
	const mt_record *record;
	uint32_t worker; /* index */
} mt_entry;

/* Where the events of one series of ids start: a worker, or a thread outside. */
typedef struct mt_origin {
	uint64_t origin;
	uint32_t worker;
	uint32_t thread; /* 1 and up; 0: the actors of the worker */
} mt_origin;

typedef struct mt_recording {
	unsigned char *file; /* mapped */
	size_t size;
	const mt_head *head;
	mt_entry *entries; /* by ticket: what happened */
	size_t count;
	const mt_record **types; /* their names, by number */
	uint32_t type_count;
	const mt_record **actors; /* their names */
	size_t actor_count;
	mt_origin *origins;
	size_t origin_count;
	bool complete;
} mt_recording;

/* Reads a recording; the text says what is wrong with the file. 0, MAIKO_EINVAL,
 * MAIKO_ENOMEM, what open(2) says. mt_recording_fini in any case. */
int mt_recording_init(mt_recording *recording, const char *path, char *text, size_t size);
void mt_recording_fini(mt_recording *recording);

const mt_origin *mt_recording_origin(const mt_recording *recording, uint64_t origin);
const char *mt_recording_actor(const mt_recording *recording, uint64_t actor);
const char *mt_recording_type(const mt_recording *recording, uint32_t type);

/* ---- a replay ------------------------------------------------------------------------- */

/* A sight that waits for its record; in the terms of the recording. */
typedef struct mt_seen {
	uint8_t kind;
	uint64_t actor;
	maiko_id id;
	uint64_t sender;
	uint64_t hash;
	int64_t code;
	char content[160]; /* as text, of what was sent */
	char type[MAIKO_NAME_MAX + 1];
} mt_seen;

typedef struct mt_queue {
	mt_seen *items;
	size_t head, count, size;
} mt_queue;

enum { MT_THREADS_MAX = 64 }; /* outside; those of more are taken for each other */

typedef struct mt_replay {
	const maiko_replay_options *options;
	maiko_replay_result *result;
	mt_recording recording;
	mk_sup *sup;
	maiko_monitor *monitor;
	uint64_t now_ns;
	const mk_actor *wanted; /* what is to run */
	mk_worker *running;
	mt_queue queues[MAIKO_WORKERS_MAX];
	uint64_t origins[MT_THREADS_MAX]; /* of the ids of the simulated threads, by number */
	bool known[MT_THREADS_MAX];       /* it has sent */
	bool stopping, ending;
	uint32_t next; /* worker, when it runs freely */
	bool failed;
} mt_replay;

/* replay_check.c: what is seen, and whether it is what was recorded. */
void mt_replay_diverge(mt_replay *r, const char *text); /* the first one counts */
bool mt_replay_is_source(const mt_replay *r, uint64_t actor);
bool mt_replay_is_named(const char *const *names, const char *name);
bool mt_replay_compares(const mt_replay *r, int kind, uint64_t actor);
void mt_replay_see(void *arg, const maiko_sight *s); /* the monitor's hook; arg: the replay */

/* Takes the next sight of the entry's worker, or none, for the entry; they must agree. */
void mt_replay_check(mt_replay *r, const mt_entry *e);

/* What was seen after the last record of a whole recording. */
void mt_replay_check_rest(mt_replay *r);

#endif
