/*
 * replay_hint.c - names in the options that are not in the recording. They are no error: a source may
 * have been added in another run only. If a replay diverges, a misspelt name may be the cause.
 */
#include "replay.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { SHOWN_MAX = 12 };

/* Distinct names in the recording, as many as are shown. */
typedef struct known {
	const char *names[SHOWN_MAX];
	unsigned count;
	bool more;
} known;

static void know(known *k, const char *name)
{
	for (unsigned i = 0; i < k->count; i++)
		if (strcmp(k->names[i], name) == 0)
			return;
	if (k->count == SHOWN_MAX)
		k->more = true;
	else
		k->names[k->count++] = name;
}

__attribute__((format(printf, 3, 4))) static void append(char *text, size_t size, const char *format, ...)
{
	size_t used = strlen(text);
	va_list arguments;
	va_start(arguments, format);
	(void)vsnprintf(text + used, size - used, format, arguments);
	va_end(arguments);
}

static void append_known(const known *k, char *text, size_t size)
{
	for (unsigned i = 0; i < k->count; i++)
		append(text, size, "%s%s", i == 0 ? " " : ", ", k->names[i]);
	append(text, size, "%s", k->count == 0 ? " none" : k->more ? ", ..." : "");
}

/* ---- actors ---------------------------------------------------------------------------------- */

static const char *actor_at(const mt_recording *f, size_t i) { return (const char *)f->actors[i]->rest; }

static bool has_actor(const mt_recording *f, const char *listed)
{
	const char *const one[] = {listed, NULL};
	for (size_t i = 0; i < f->actor_count; i++)
		if (mo_is_listed(one, actor_at(f, i)))
			return true;
	return false;
}

static void hint_sources(const mt_replay *r, char *text, size_t size)
{
	known k = {0};
	const mt_recording *f = &r->recording;
	for (size_t i = 0; i < f->actor_count; i++)
		know(&k, actor_at(f, i));
	for (const char *const *s = r->options->sources; s != NULL && *s != NULL; s++)
		if (!has_actor(f, *s)) {
			append(text, size, "; no actor is called '%s' (.sources); the recording has:", *s);
			append_known(&k, text, size);
		}
}

/* ---- types of actors that were added ------------------------------------------------------------ */

/* Whether the set-up or the replay has added an actor of the type. */
static bool is_used(const mt_replay *r, const maiko_actor_type *type)
{
	for (const mk_actor_class *c = r->sup == NULL ? NULL : r->sup->classes; c != NULL; c = c->next)
		if (strcmp(c->desc->name, type->name) == 0)
			return true;
	return false;
}

/* The actor type of an addition; NULL: the record is no addition, or it was refused. */
static const char *added_type(const mo_record *record, mo_call *call)
{
	size_t size;
	const unsigned char *content = mt_content_of(record, &size);
	bool added = mt_is_note(record, MK_NOTE_ADD) && record->value >= 0;
	return added && mo_call_read(MK_NOTE_ADD, content, size, call) ? call->type : NULL;
}

static bool adds(const mt_recording *f, const char *type, known *k)
{
	mo_call call;
	bool found = false;
	for (size_t i = 0; i < f->count; i++) {
		const char *name = added_type(f->entries[i].record, &call);
		if (name == NULL)
			continue;
		know(k, name);
		found |= strcmp(name, type) == 0;
		mo_call_drop(&call);
	}
	return found;
}

static void hint_actors(const mt_replay *r, char *text, size_t size)
{
	for (const maiko_actor_type *const *t = r->options->actors; t != NULL && *t != NULL; t++) {
		known k = {0};
		if (is_used(r, *t) || adds(&r->recording, (*t)->name, &k))
			continue;
		append(text, size,
		       "; no actor of type '%s' (.actors) was added while it ran; those that were:", (*t)->name);
		append_known(&k, text, size);
	}
}

/* ---- types of events ------------------------------------------------------------------------------ */

static bool has_type(const mt_recording *f, const char *name)
{
	for (uint32_t i = 0; i < f->type_count; i++)
		if (f->types[i] != NULL && strcmp(mt_recording_type(f, i), name) == 0)
			return true;
	return false;
}

static void hint_types(const mt_replay *r, char *text, size_t size)
{
	known k = {0};
	const mt_recording *f = &r->recording;
	for (uint32_t i = 0; i < f->type_count; i++)
		if (f->types[i] != NULL)
			know(&k, mt_recording_type(f, i));
	for (const maiko_event_type *const *t = r->options->types; t != NULL && *t != NULL; t++)
		if (!has_type(f, (*t)->layout->name)) {
			append(text, size,
			       "; no event is called '%s' (.types); the recording has:", (*t)->layout->name);
			append_known(&k, text, size);
		}
}

void mt_replay_hint(const mt_replay *r, char *text, size_t size)
{
	hint_sources(r, text, size);
	hint_actors(r, text, size);
	hint_types(r, text, size);
}
