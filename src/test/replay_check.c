/*
 * replay_check.c - what is seen in a replay, held against the recording.
 *
 * Each worker's sights wait in a queue until their record comes.
 */
#include "replay.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void mt_replay_diverge(mt_replay *r, const char *text)
{
	if (!r->failed)
		snprintf(r->result->text, sizeof r->result->text, "%s", text);
	r->failed = true;
}

bool mt_replay_is_named(const char *const *names, const char *name)
{
	for (; names != NULL && *names != NULL; names++)
		if (strcmp(*names, name) == 0)
			return true;
	return false;
}

bool mt_replay_is_source(const mt_replay *r, uint64_t actor)
{
	return actor != 0 && mt_replay_is_named(r->options->sources, mt_recording_actor(&r->recording, actor));
}

/* ---- what is seen ------------------------------------------------------------------------------- */

bool mt_replay_compares(const mt_replay *r, int kind, uint64_t actor)
{
	switch (kind) {
	case MAIKO_SAW_DISPATCHED:
	case MAIKO_SAW_DELIVERED:
	case MAIKO_SAW_OVERFLOWED:
	case MAIKO_SAW_DISCARDED:
	case MAIKO_SAW_HANDLED:
		return true;
	case MAIKO_SAW_TICK_ENTERED:
	case MAIKO_SAW_STARTED:
	case MAIKO_SAW_STOPPED:
	case MAIKO_SAW_FAILED:
	case MAIKO_SAW_ERROR:
		return !mt_replay_is_source(r, actor);
	default:
		return false;
	}
}

/* The recorded series of ids that a simulated thread plays. */
static uint64_t recorded_origin(const mt_replay *r, uint64_t origin)
{
	for (size_t i = 0; i < r->recording.origin_count; i++) {
		const mt_origin *o = &r->recording.origins[i];
		if (o->thread != 0 && o->thread < MT_THREADS_MAX && r->origins[o->thread] == origin)
			return o->origin;
	}
	return origin;
}

void mt_replay_see(void *arg, const maiko_sight *s)
{
	mt_replay *r = arg;
	if (!mt_replay_compares(r, (int)s->kind, s->actor))
		return;
	mt_queue *q = &r->queues[s->worker - 1];
	if (q->count == q->size) {
		mt_seen *more = realloc(q->items, (q->size * 2 + 64) * sizeof *more);
		if (more == NULL) {
			mt_replay_diverge(r, "no memory");
			return;
		}
		q->items = more;
		q->size = q->size * 2 + 64;
	}
	mt_seen *item = &q->items[q->count++];
	*item = (mt_seen){.kind = (uint8_t)s->kind, .actor = s->actor, .code = s->code};
	if (s->event == NULL)
		return;
	item->id = s->event->id;
	item->sender = s->event->sender_id;
	snprintf(item->type, sizeof item->type, "%s", s->event->type->layout->name);
	if (s->kind == MAIKO_SAW_DISPATCHED) {
		item->hash = mt_content_hash(s->event->type->layout, s->data);
		(void)maiko_layout_print(s->event->type->layout, s->data, item->content, sizeof item->content);
	}
	item->id.origin = recorded_origin(r, item->id.origin);
}

/* ---- comparing ---------------------------------------------------------------------------------------- */

static void describe(const mt_replay *r, int kind, uint64_t actor, const char *type, maiko_id id, uint64_t sender,
		     int64_t code, char *text, size_t size)
{
	int n = snprintf(text, size, "%s", maiko_sight_text((maiko_sight_kind)kind));
	if (actor != 0 && n >= 0 && (size_t)n < size)
		n += snprintf(text + n, size - (size_t)n, ", %s", mt_recording_actor(&r->recording, actor));
	if (id.origin != 0 && n >= 0 && (size_t)n < size)
		n += snprintf(text + n, size - (size_t)n, ", event %s #%llu from %s", type,
			      (unsigned long long)id.sequence, mt_recording_actor(&r->recording, sender));
	if (code != 0 && n >= 0 && (size_t)n < size)
		snprintf(text + n, size - (size_t)n, ", code %lld", (long long)code);
}

static void differs(mt_replay *r, const mt_entry *e, const mt_seen *s)
{
	char was[256], is[512] = "nothing more", text[1024];
	const mt_record *record = e->record;
	describe(r, record->kind, record->actor, mt_recording_type(&r->recording, record->type), record->id,
		 record->sender, record->code, was, sizeof was);
	if (s != NULL) {
		describe(r, s->kind, s->actor, s->type, s->id, s->sender, s->code, is, 256);
		if (s->kind == MAIKO_SAW_DISPATCHED) {
			size_t n = strlen(is);
			snprintf(is + n, sizeof is - n, " with %s", s->content);
		}
	}
	snprintf(text, sizeof text, "record %llu, worker %u, %.6f s: recorded: %s; replayed: %s%s",
		 (unsigned long long)record->ticket, e->worker + 1,
		 (double)(record->now_ns - r->recording.entries[0].record->now_ns) / 1e9, was, is,
		 s != NULL && record->kind == s->kind && record->kind == MAIKO_SAW_DISPATCHED &&
				 maiko_id_equal(record->id, s->id)
			 ? " (its content differs)"
			 : "");
	mt_replay_diverge(r, text);
}

static bool is_same(const mt_replay *r, const mt_record *record, const mt_seen *s)
{
	return record->kind == s->kind && record->actor == s->actor && maiko_id_equal(record->id, s->id) &&
	       record->sender == s->sender && (record->code == s->code || mt_replay_is_source(r, record->actor)) &&
	       (record->kind != MAIKO_SAW_DISPATCHED || record->hash == s->hash);
}

void mt_replay_check(mt_replay *r, const mt_entry *e)
{
	mt_queue *q = &r->queues[e->worker];
	if (q->head == q->count) {
		differs(r, e, NULL);
		return;
	}
	const mt_seen *s = &q->items[q->head];
	if (!is_same(r, e->record, s)) {
		differs(r, e, s);
		return;
	}
	r->result->records++;
	r->result->events += s->kind == MAIKO_SAW_HANDLED;
	if (++q->head == q->count)
		q->head = q->count = 0;
}

/* What was seen after the last record of a whole recording. */
void mt_replay_check_rest(mt_replay *r)
{
	for (uint32_t i = 0; i < MAIKO_WORKERS_MAX && !r->failed; i++) {
		const mt_queue *q = &r->queues[i];
		char is[256], text[512];
		if (q->head == q->count)
			continue;
		const mt_seen *s = &q->items[q->head];
		describe(r, s->kind, s->actor, s->type, s->id, s->sender, s->code, is, sizeof is);
		snprintf(text, sizeof text, "at the end, worker %u: not recorded; replayed: %s", i + 1, is);
		mt_replay_diverge(r, text);
	}
}
