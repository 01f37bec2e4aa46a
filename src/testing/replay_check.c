/*
 * replay_check.c - compares the observations of a replay with the recording.
 */
#include "replay.h"

#include "code_text.h"
#include "registry/directory.h"

#include <stdio.h>
#include <string.h>

void mt_replay_diverge(mt_replay *r, const char *text)
{
	if (!r->failed) {
		snprintf(r->result->text, sizeof r->result->text, "%s", text);
		mt_replay_hint(r, r->result->text, sizeof r->result->text);
	}
	r->failed = true;
}

bool mt_replay_is_source(const mt_replay *r, uint64_t actor)
{
	return actor != 0 && mo_is_listed(r->options->sources, mt_recording_actor(&r->recording, actor));
}

/* ---- as text --------------------------------------------------------------------------------- */

static const char *const note_texts[MK_NOTES] = {
	[MK_NOTE_CONTROL] = "a control message",
	[MK_NOTE_TAKE] = "events taken from another worker",
	[MK_NOTE_TIMERS] = "timers",
	[MK_NOTE_SILENT] = "a look at a silent topic",
	[MK_NOTE_RUN] = "a run",
	[MK_NOTE_RETIRE] = "actors that end",
	[MK_NOTE_PROBE] = "probes",
	[MK_NOTE_NEWS] = "what the library tells",
	[MK_NOTE_FLUSH] = "room in a channel",
	[MK_NOTE_IDLE] = "rest before the stop",
	[MK_NOTE_HOOKS] = "the start of actors",
	[MK_NOTE_ENTER] = "entered from libuv",
	[MK_NOTE_EXTERNAL] = "events taken from outside",
	[MK_NOTE_LEAVE] = "left to libuv",
	[MK_NOTE_TASKS] = "callbacks of changes and jobs",
	[MK_NOTE_PRIVATES] = "private deliveries",
	[MK_NOTE_TASK_DONE] = "the callback of a change or a job",
	[MK_NOTE_TICK_LATE] = "a tick put off",
	[MK_NOTE_MUTE] = "a mute",
	[MK_NOTE_OPEN] = "an open cycle",
	[MK_NOTE_STOPPING] = "an error while stopping",
	[MK_NOTE_FOUND] = "maiko_find or maiko_find_group",
	[MK_NOTE_WALL] = "a look at the clock of the machine",
	[MK_NOTE_ADD] = "maiko_add",
	[MK_NOTE_CHANGE] = "a change of actors or subscriptions",
	[MK_NOTE_AFTER] = "a delayed send",
	[MK_NOTE_CANCEL] = "maiko_cancel",
	[MK_NOTE_RANDOM] = "maiko_random",
	[MK_NOTE_STOP_SELF] = "maiko_stop_self",
	[MK_NOTE_HOLD] = "maiko_hold or maiko_unhold",
	[MK_NOTE_ASK] = "maiko_ask or maiko_ask_all",
	[MK_NOTE_REPLY] = "maiko_reply or maiko_reply_to",
	[MK_NOTE_KEEP] = "maiko_keep",
	[MK_NOTE_RELEASE] = "maiko_release",
	[MK_NOTE_WATCH] = "maiko_watch or maiko_unwatch_actor",
	[MK_NOTE_COMMAND] = "a command to a supervised actor",
	[MK_NOTE_GROUP_MADE] = "maiko_group",
	[MK_NOTE_GROUP_REMOVED] = "maiko_remove_group",
	[MK_NOTE_GROUP] = "a decision on a supervised actor",
	[MK_NOTE_STARTING] = "the start",
	[MK_NOTE_STARTED] = "the end of the start",
	[MK_NOTE_BATCH] = "a batch of changes",
	[MK_NOTE_SETTLING] = "the second half of a batch of changes",
	[MK_NOTE_FINISHED] = "the end of a batch of changes",
	[MK_NOTE_STOP] = "a stop",
	[MK_NOTE_DISCARD] = "the end of a stop's patience",
	[MK_NOTE_STEP] = "a step of the stop",
	[MK_NOTE_OVER] = "the end",
	[MK_NOTE_GIVE_UP] = "a worker that does not return",
};

const char *mt_note_text(int kind)
{
	return kind >= 0 && kind < MK_NOTES && note_texts[kind] != NULL ? note_texts[kind] : "?";
}

static const char *kind_text(int kind)
{
	if (kind < MO_NOTES)
		return maiko_observation_text((maiko_observation_kind)kind);
	return mt_note_text(kind - MO_NOTES);
}

typedef struct about {
	int kind;
	uint64_t actor;
	const char *name; /* of the actor, where the recording may have another; else NULL */
	const char *type;
	maiko_id id;
	uint64_t sender;
	int64_t code;
} about;

static void describe(const mt_replay *r, const about *s, char *text, size_t size)
{
	int n = snprintf(text, size, "%s", kind_text(s->kind));
	if (s->actor != 0 && n >= 0 && (size_t)n < size)
		n += snprintf(text + n, size - (size_t)n, ", %s",
			      s->name != NULL ? s->name : mt_recording_actor(&r->recording, s->actor));
	if (s->id.origin != 0 && n >= 0 && (size_t)n < size)
		n += snprintf(text + n, size - (size_t)n, ", event %s #%llu from %s", s->type,
			      (unsigned long long)s->id.sequence, mt_recording_actor(&r->recording, s->sender));
	const char *code = s->kind < MO_NOTES ? mt_code_text((maiko_observation_kind)s->kind, s->code) : NULL;
	if (n < 0 || (size_t)n >= size)
		return;
	if (code != NULL)
		snprintf(text + n, size - (size_t)n, ", %s", code);
	else if (s->code != 0)
		snprintf(text + n, size - (size_t)n, ", code %lld", (long long)s->code);
}

static about about_record(const mt_replay *r, const mo_record *record)
{
	const mo_event *e = mt_event_of(record);
	bool names = mt_is_observation(record) || mt_is_note(record, MK_NOTE_RUN) || mt_is_note(record, MK_NOTE_ADD) ||
		     mt_is_note(record, MK_NOTE_GROUP);
	about s = {.kind = record->kind, .actor = names ? record->number : 0};
	if (mt_is_observation(record))
		s.code = record->value;
	if (e != NULL) {
		s.type = mt_recording_type(&r->recording, e->type);
		s.id = e->id;
		s.sender = e->sender;
	}
	return s;
}

void mt_replay_differs(mt_replay *r, const mo_record *record, uint32_t tape, const char *instead)
{
	char was[256], text[1024], where[32] = "outside";
	about s = about_record(r, record);
	describe(r, &s, was, sizeof was);
	if (tape < MAIKO_WORKERS_MAX)
		snprintf(where, sizeof where, "worker %u", tape + 1);
	snprintf(text, sizeof text, "record %llu, %s, %.6f s: recorded: %s; replayed: %s",
		 (unsigned long long)record->ticket, where, mt_recording_seconds(&r->recording, record), was,
		 instead == NULL ? "nothing more" : instead);
	mt_replay_diverge(r, text);
}

/* ---- observations -------------------------------------------------------------------------------- */

static bool is_same(const mt_replay *r, const mo_record *record, const maiko_observation *s)
{
	/* The recording says when a source ticks next, so the result of its tick may differ. */
	bool answer = s->kind == MAIKO_OBSERVED_TICK_LEFT && mt_replay_is_source(r, s->actor);
	if (record->kind != s->kind || record->number != s->actor || (record->value != s->code && !answer))
		return false;
	const mo_event *e = mt_event_of(record);
	if ((e != NULL) != (s->event != NULL) || ((record->flags & MO_WAS_QUEUED) != 0) != s->was_queued)
		return false;
	if (s->kind == MAIKO_OBSERVED_ADDED)
		return strcmp(mt_recording_actor(&r->recording, s->actor), s->actor_name) == 0;
	return e == NULL || (maiko_id_equal(e->id, s->event->id) && e->sender == s->event->sender_id);
}

static bool is_content_same(const mt_replay *r, const mo_record *record, const maiko_observation *s)
{
	if (s->kind != MAIKO_OBSERVED_DISPATCHED)
		return true;
	bool undescribed = r->recording.head->undescribed != 0;
	return mt_dispatch_of(record)->hash == mo_content_hash(s->event->type->layout, s->data, undescribed);
}

static void describe_observation(const mt_replay *r, const maiko_observation *s, bool content_differs, char *text,
				 size_t size)
{
	about a = {.kind = (int)s->kind, .actor = s->actor, .name = s->actor_name, .code = s->code};
	if (s->event != NULL) {
		a.type = s->event->type->layout->name;
		a.id = s->event->id;
		a.sender = s->event->sender_id;
	}
	describe(r, &a, text, size);
	if (s->kind != MAIKO_OBSERVED_DISPATCHED || s->event == NULL)
		return;
	char content[160];
	(void)maiko_layout_print(s->event->type->layout, s->data, content, sizeof content);
	size_t n = strlen(text);
	snprintf(text + n, size - n, " with %s%s", content, content_differs ? " (its content differs)" : "");
}

static void compare(mt_replay *r, const maiko_observation *s)
{
	char is[600], text[700];
	uint32_t tape = s->worker - 1;
	const mo_record *record = mt_replay_peek(r, tape);
	if (record == NULL && !r->recording.over)
		return; /* the recording ends within this piece */
	bool same = record != NULL && is_same(r, record, s);
	if (same && is_content_same(r, record, s)) {
		mt_replay_consume(r, tape);
		r->result->records++;
		r->result->events += s->kind == MAIKO_OBSERVED_HANDLED;
		return;
	}
	describe_observation(r, s, same, is, sizeof is);
	if (record != NULL) {
		mt_replay_differs(r, record, tape, is);
		return;
	}
	snprintf(text, sizeof text, "at the end, worker %u: not recorded; replayed: %s", tape + 1, is);
	mt_replay_diverge(r, text);
}

void mt_replay_see(void *arg, const maiko_observation *s)
{
	mt_replay *r = arg;
	if (r->ending || r->failed)
		return;
	compare(r, s);
	mk_actor *a = s->kind == MAIKO_OBSERVED_ADDED ? mk_directory_find(r->sup, s->actor) : NULL;
	if (a != NULL && mo_is_listed(r->options->sources, s->actor_name) && mt_source_silence(r, a) != 0)
		mt_replay_diverge(r, "no memory");
}
