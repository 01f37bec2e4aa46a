/*
 * observations.c - see observations.h.
 */
#include "observations.h"

#include <stdio.h>
#include <string.h>

enum { MOST = 1 << 14, TEXT = 1 << 16 };

static noted_observation noted[MOST];
static _Atomic(uint64_t) count, counts[MAIKO_OBSERVATION_KINDS];

void observations_forget(void)
{
	atomic_store(&count, 0);
	for (int i = 0; i < MAIKO_OBSERVATION_KINDS; i++)
		atomic_store(&counts[i], 0);
}

static void copy(char (*to)[32], const char *from) { snprintf(*to, sizeof *to, "%s", from); }

void observations_note(void *arg, const maiko_observation *observation)
{
	(void)arg;
	uint64_t place = atomic_fetch_add(&count, 1);
	if (place < MOST) {
		noted_observation *s = &noted[place];
		*s = (noted_observation){.observation = *observation};
		copy(&s->actor, observation->actor_name);
		copy(&s->actor_type, observation->actor_type);
		if (observation->event != NULL) {
			s->envelope = *observation->event;
			copy(&s->event, s->envelope.type->layout->name);
			copy(&s->sender, s->envelope.sender);
			copy(&s->topic, s->envelope.topic->name);
			if (s->envelope.type->layout->size >= sizeof s->n)
				memcpy(&s->n, observation->data, sizeof s->n);
		}
	}
	atomic_fetch_add(&counts[observation->kind], 1);
}

maiko_monitor *observations_watch(maiko_supervisor *sup)
{
	maiko_monitor *monitor = NULL;
	observations_forget();
	assert_int_equal(maiko_monitor_add(sup, &(maiko_hooks){.any = observations_note}, NULL, &monitor), 0);
	assert_non_null(monitor);
	return monitor;
}

/* ---- queries ------------------------------------------------------------------------------ */

static uint64_t noted_count(void)
{
	assert_true(atomic_load(&count) <= MOST);
	return atomic_load(&count);
}

_Atomic(uint64_t) *observations_of(maiko_observation_kind kind) { return &counts[kind]; }

uint64_t observations_count(maiko_observation_kind kind, const char *actor)
{
	uint64_t found = 0;
	for (uint64_t i = 0; i < noted_count(); i++)
		found += noted[i].observation.kind == kind && strcmp(noted[i].actor, actor) == 0;
	return found;
}

const noted_observation *observations_first(maiko_observation_kind kind, const char *actor)
{
	for (uint64_t i = 0; i < noted_count(); i++)
		if (noted[i].observation.kind == kind && strcmp(noted[i].actor, actor) == 0)
			return &noted[i];
	return NULL;
}

static const char *code_text(const noted_observation *s)
{
	static const char *const outcomes[] = {"handled", "ignored", "dropped", "discarded", "dead", "no memory"};
	static const char *const answers[] = {"never",    "again",    "after",  "events", "readable",
					      "writable", "sendable", "failed", "any"};
	static char number[32];
	int64_t code = s->observation.code;
	maiko_observation_kind kind = s->observation.kind;
	if (kind == MAIKO_OBSERVED_TICK_LEFT)
		return code >= 0 && (code & 0xff) < 9 ? answers[code & 0xff] : "?";
	if (kind == MAIKO_OBSERVED_OVERFLOWED || kind == MAIKO_OBSERVED_DISCARDED ||
	    (kind == MAIKO_OBSERVED_HANDLED && code > 0))
		return code >= 0 && code < 6 ? outcomes[code] : "?";
	if (code < 0)
		return maiko_err_name((int)code);
	snprintf(number, sizeof number, "%lld", (long long)code);
	return number;
}

static void append(char *text, const noted_observation *s, bool with_actor, bool with_event)
{
	char one[256];
	const char *kind = maiko_observation_text(s->observation.kind);
	int length = snprintf(one, sizeof one, "%s%s", text[0] == 0 ? "" : "; ", kind);
	if (with_event && s->observation.event != NULL)
		length += snprintf(one + length, sizeof one - (size_t)length, " %s %u", s->event, s->n);
	if (with_actor && s->actor[0] != 0)
		length += snprintf(one + length, sizeof one - (size_t)length, " %s", s->actor);
	if (s->observation.was_queued)
		length += snprintf(one + length, sizeof one - (size_t)length, " queued");
	if (s->observation.code != 0 || s->observation.kind == MAIKO_OBSERVED_TICK_LEFT)
		snprintf(one + length, sizeof one - (size_t)length, ": %s", code_text(s));
	assert_true(strlen(text) + strlen(one) < TEXT);
	strcat(text, one);
}

const char *observations_of_actor(const char *actor)
{
	static char text[TEXT];
	text[0] = 0;
	for (uint64_t i = 0; i < noted_count(); i++)
		if (strcmp(noted[i].actor, actor) == 0)
			append(text, &noted[i], false, true);
	return text;
}

const char *observations_of_event(const char *event, uint32_t n)
{
	static char text[TEXT];
	text[0] = 0;
	for (uint64_t i = 0; i < noted_count(); i++)
		if (noted[i].observation.event != NULL && strcmp(noted[i].event, event) == 0 && noted[i].n == n)
			append(text, &noted[i], true, false);
	return text;
}
