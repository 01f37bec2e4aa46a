/*
 * sights.c - see sights.h.
 */
#include "sights.h"

#include <stdio.h>
#include <string.h>

enum { MOST = 1 << 14, TEXT = 1 << 16 };

static sighting noted[MOST];
static _Atomic(uint64_t) count, counts[MAIKO_SIGHT_KINDS];

void sights_forget(void)
{
	atomic_store(&count, 0);
	for (int i = 0; i < MAIKO_SIGHT_KINDS; i++)
		atomic_store(&counts[i], 0);
}

static void copy(char (*to)[32], const char *from) { snprintf(*to, sizeof *to, "%s", from); }

void sights_note(void *arg, const maiko_sight *sight)
{
	(void)arg;
	uint64_t place = atomic_fetch_add(&count, 1);
	if (place < MOST) {
		sighting *s = &noted[place];
		*s = (sighting){.sight = *sight};
		copy(&s->actor, sight->actor_name);
		copy(&s->actor_type, sight->actor_type);
		if (sight->event != NULL) {
			s->envelope = *sight->event;
			copy(&s->event, s->envelope.type->layout->name);
			copy(&s->sender, s->envelope.sender);
			copy(&s->topic, s->envelope.topic->name);
			if (s->envelope.type->layout->size >= sizeof s->n)
				memcpy(&s->n, sight->data, sizeof s->n);
		}
	}
	atomic_fetch_add(&counts[sight->kind], 1);
}

maiko_monitor *sights_watch(maiko_supervisor *sup)
{
	maiko_monitor *monitor = NULL;
	sights_forget();
	assert_int_equal(maiko_monitor_add(sup, &(maiko_hooks){.any = sights_note}, NULL, &monitor), 0);
	assert_non_null(monitor);
	return monitor;
}

/* ---- looking at it ------------------------------------------------------------------------ */

static uint64_t noted_count(void)
{
	assert_true(atomic_load(&count) <= MOST);
	return atomic_load(&count);
}

_Atomic(uint64_t) *sights_of(maiko_sight_kind kind) { return &counts[kind]; }

uint64_t sights_count(maiko_sight_kind kind, const char *actor)
{
	uint64_t found = 0;
	for (uint64_t i = 0; i < noted_count(); i++)
		found += noted[i].sight.kind == kind && strcmp(noted[i].actor, actor) == 0;
	return found;
}

const sighting *sights_first(maiko_sight_kind kind, const char *actor)
{
	for (uint64_t i = 0; i < noted_count(); i++)
		if (noted[i].sight.kind == kind && strcmp(noted[i].actor, actor) == 0)
			return &noted[i];
	return NULL;
}

static const char *code_text(const sighting *s)
{
	static const char *const fates[] = {"handled", "ignored", "dropped", "discarded", "dead", "no memory"};
	static const char *const answers[] = {"never",    "again",    "after",    "events",
					      "readable", "writable", "sendable", "failed"};
	static char number[32];
	int64_t code = s->sight.code;
	maiko_sight_kind kind = s->sight.kind;
	if (kind == MAIKO_SAW_TICK_LEFT)
		return code >= 0 && code < 8 ? answers[code] : "?";
	if (kind == MAIKO_SAW_OVERFLOWED || kind == MAIKO_SAW_DISCARDED || (kind == MAIKO_SAW_HANDLED && code > 0))
		return code >= 0 && code < 6 ? fates[code] : "?";
	if (code < 0)
		return maiko_err_name((int)code);
	snprintf(number, sizeof number, "%lld", (long long)code);
	return number;
}

static void append(char *text, const sighting *s, bool with_actor, bool with_event)
{
	char one[256];
	const char *kind = maiko_sight_text(s->sight.kind);
	int length = snprintf(one, sizeof one, "%s%s", text[0] == 0 ? "" : "; ", kind);
	if (with_event && s->sight.event != NULL)
		length += snprintf(one + length, sizeof one - (size_t)length, " %s %u", s->event, s->n);
	if (with_actor && s->actor[0] != 0)
		length += snprintf(one + length, sizeof one - (size_t)length, " %s", s->actor);
	if (s->sight.was_queued)
		length += snprintf(one + length, sizeof one - (size_t)length, " queued");
	if (s->sight.code != 0 || s->sight.kind == MAIKO_SAW_TICK_LEFT)
		snprintf(one + length, sizeof one - (size_t)length, ": %s", code_text(s));
	assert_true(strlen(text) + strlen(one) < TEXT);
	strcat(text, one);
}

const char *sights_of_actor(const char *actor)
{
	static char text[TEXT];
	text[0] = 0;
	for (uint64_t i = 0; i < noted_count(); i++)
		if (strcmp(noted[i].actor, actor) == 0)
			append(text, &noted[i], false, true);
	return text;
}

const char *sights_of_event(const char *event, uint32_t n)
{
	static char text[TEXT];
	text[0] = 0;
	for (uint64_t i = 0; i < noted_count(); i++)
		if (noted[i].sight.event != NULL && strcmp(noted[i].event, event) == 0 && noted[i].n == n)
			append(text, &noted[i], true, false);
	return text;
}
