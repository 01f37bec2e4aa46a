/*
 * replay.h - a recording in memory, and a replay of it.
 */
#ifndef MT_REPLAY_H
#define MT_REPLAY_H

#include "recording.h"
#include "runtime/runtime.h"

#include <maiko/testing/replay.h>

typedef struct mt_entry {
	const mo_record *record;
	uint32_t tape, place; /* place: its index on that tape */
} mt_entry;

typedef struct mt_tape {
	const mo_record **records;
	uint32_t count, at; /* the records before `at` have been repeated or observed */
} mt_tape;

typedef struct mt_recording {
	unsigned char *file; /* mapped */
	size_t size;
	const mo_head *head;
	mt_entry *entries; /* notes and observations by ticket */
	size_t count;
	mt_tape tapes[MO_TAPES];
	const mo_record **types; /* their names, by number */
	uint32_t type_count;
	const mo_record **actors; /* their names, by id */
	size_t actor_count;
	uint64_t found, whole; /* records in the file, and records before the first gap */
	bool complete, over;   /* complete: the recorder was freed; over: the supervisor had stopped */
} mt_recording;

/* Reads a recording; `text` describes an error in the file. 0, MAIKO_EINVAL, MAIKO_ENOMEM, or the
 * error of open(2). Call mt_recording_fini in any case. */
int mt_recording_init(mt_recording *recording, const char *path, char *text, size_t size);
void mt_recording_fini(mt_recording *recording);

const char *mt_recording_actor(const mt_recording *recording, uint64_t actor);
const char *mt_recording_type(const mt_recording *recording, uint32_t type);

/* Seconds since the first record. Each worker reads the clock once per turn, so a time may be slightly before: 0. */
double mt_recording_seconds(const mt_recording *recording, const mo_record *record);

static inline bool mt_is_note(const mo_record *record, mk_note_kind kind) { return record->kind == MO_NOTES + kind; }
/* Of the calls on the supervisor's tape. */
static inline bool mt_is_call_from_outside(mk_note_kind kind)
{
	return kind == MK_NOTE_ADD || kind == MK_NOTE_CHANGE || kind == MK_NOTE_GROUP_MADE ||
	       kind == MK_NOTE_GROUP_REMOVED;
}
static inline bool mt_is_observation(const mo_record *record) { return record->kind < MO_NAMES_ACTOR; }
/* Whether it begins a piece of a worker's work. */
static inline bool mt_is_piece(const mo_record *record)
{
	return record->kind >= MO_NOTES && record->kind <= MO_NOTES + MK_NOTE_EXTERNAL;
}
static inline const mo_event *mt_event_of(const mo_record *record)
{
	return (record->flags & MO_HAS_EVENT) != 0 ? (const mo_event *)(const void *)record->rest : NULL;
}
/* Of a dispatch. */
static inline const mo_dispatch *mt_dispatch_of(const mo_record *record)
{
	return (const mo_dispatch *)(const void *)(record->rest + sizeof(mo_event));
}
/* NULL: it was not injected. */
static inline const mo_origin *mt_origin_of(const mo_record *record)
{
	bool injected = record->kind == MAIKO_OBSERVED_DISPATCHED && (record->flags & MO_HAS_EVENT) != 0 &&
			(record->flags & MO_INJECTED) != 0;
	return injected ? (const mo_origin *)(const void *)(mt_dispatch_of(record) + 1) : NULL;
}
/* The topic that the event was sent to, if its type does not say it; else NULL. */
const char *mt_topic_of(const mo_record *record);
const unsigned char *mt_content_of(const mo_record *record, size_t *ret_size);

/* ---- a replay ------------------------------------------------------------------------- */

enum { MT_SILENT_MAX = 256 };

typedef struct mt_replay {
	const maiko_replay_options *options;
	maiko_replay_result *result;
	mt_recording recording;
	mk_sup *sup;
	maiko_monitor *monitor;
	mk_scribe scribe;
	uint64_t now_ns;
	size_t at;              /* the entries before have been repeated or observed */
	const mk_actor *wanted; /* the actor that must run next */
	mk_worker *running;
	/* A repeated call: the value that it is given from the recording. */
	bool given;
	mk_note_kind given_kind;
	mk_told told;
	bool calling; /* in a repeated call */
	/* A source asks with its next send; answer NULL: it does not. */
	struct {
		const maiko_event_type *answer;
		uint64_t timeout_ms;
		bool all;
	} asking;
	struct mt_asked *asked; /* the questions of sources */
	uint32_t next;          /* the next worker, after the recording */
	bool ending, failed;
	/* Classes of sources, and their replacements. */
	const mk_actor_class *real[MT_SILENT_MAX], *silent[MT_SILENT_MAX];
	uint32_t silent_count;
} mt_replay;

/* peek: the next record of a tape, or NULL. consume: goes past it. */
static inline const mo_record *mt_replay_peek(const mt_replay *r, uint32_t tape)
{
	const mt_tape *t = &r->recording.tapes[tape];
	return t->at < t->count ? t->records[t->at] : NULL;
}
static inline void mt_replay_consume(mt_replay *r, uint32_t tape) { r->recording.tapes[tape].at++; }

/* replay_check.c: compares observations with the recording. */
void mt_replay_diverge(mt_replay *r, const char *text); /* only the first one has an effect */
const char *mt_note_text(int kind);                     /* of an mk_note_kind */
bool mt_replay_is_source(const mt_replay *r, uint64_t actor);
void mt_replay_see(void *arg, const maiko_observation *s); /* the monitor's hook; arg: the replay */
/* The record did not happen again. `instead`: what happened, or NULL. */
void mt_replay_differs(mt_replay *r, const mo_record *record, uint32_t tape, const char *instead);

/* replay_hint.c: appends the names and types of the options that are not in the recording. */
void mt_replay_hint(const mt_replay *r, char *text, size_t size);

/* replay_source.c: sources do not run: their recorded actions are repeated. */
int mt_source_silence(mt_replay *r, mk_actor *a);
/* Repeats the actions of the actor's callback, up to its return. */
void mt_source_play(mt_replay *r, mk_actor *a);
/* Before a run: repeats the callbacks of its tasks. */
void mt_source_tasks(mt_replay *r, mk_actor *a);
/* After the supervisor was freed. */
void mt_source_fini(mt_replay *r);

/* replay_call.c: repeats sends and requests. */
const maiko_event_type *mt_replay_type(const mt_replay *r, uint32_t number);
/* Makes a struct of that type with that content. NULL: the replay has diverged. mt_replay_drop frees it. */
void *mt_replay_content(mt_replay *r, uint32_t number, const unsigned char *from, size_t size,
			const maiko_event_type **ret_type);
void mt_replay_drop(const maiko_event_type *type, void *data);
/* Repeats a recorded call; `a` NULL: of an external thread. */
void mt_replay_call(mt_replay *r, mk_actor *a, const mo_record *record);
/* Before a piece of that tape: makes the groups that its callbacks use, and that another thread made during it: it is
 * repeated as a whole, and so before their notes. */
void mt_replay_groups(mt_replay *r, uint32_t tape);

#endif
