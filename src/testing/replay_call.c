/*
 * replay_call.c - repeats recorded input: events, and calls of sources and of external threads.
 */
#include "replay.h"

#include "base/error.h"
#include "registry/filter.h"
#include "registry/group.h"
#include "registry/registry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- events --------------------------------------------------------------------------------- */

const maiko_event_type *mt_replay_type(const mt_replay *r, uint32_t number)
{
	const char *name = mt_recording_type(&r->recording, number);
	for (const maiko_event_type *const *t = r->options->types; t != NULL && *t != NULL; t++)
		if (strcmp((*t)->layout->name, name) == 0)
			return *t;
	for (uint32_t i = 0; i < r->sup->type_count; i++) {
		const mk_type *t = mk_segmented_array_get(&r->sup->types, i);
		if (t != NULL && strcmp(t->desc->layout->name, name) == 0)
			return t->desc;
	}
	return NULL;
}

void *mt_replay_content(mt_replay *r, uint32_t number, const unsigned char *from, size_t size,
			const maiko_event_type **ret_type)
{
	char text[256];
	const maiko_event_type *type = mt_replay_type(r, number);
	void *data = type == NULL ? NULL : calloc(1, type->layout->size);
	*ret_type = type;
	if (type == NULL)
		snprintf(text, sizeof text, "no actor handles %s: it must be listed in .types",
			 mt_recording_type(&r->recording, number));
	else if (data == NULL)
		snprintf(text, sizeof text, "no memory");
	else if (mo_content_read(type->layout, from, size, r->recording.head->undescribed != 0, data) == 0)
		return data;
	else
		snprintf(text, sizeof text, "event %s has another layout here than when it was recorded",
			 type->layout->name);
	mt_replay_diverge(r, text);
	free(data);
	return NULL;
}

void mt_replay_drop(const maiko_event_type *type, void *data)
{
	mo_content_drop(type->layout, data);
	free(data);
}

/* ---- calls ------------------------------------------------------------------------------------- */

static void ignore(void *arg, const maiko_completion *completion)
{
	(void)arg;
	(void)completion;
}

static const maiko_actor_type *actor_type(const mt_replay *r, const char *name)
{
	for (const maiko_actor_type *const *t = r->options->actors; t != NULL && *t != NULL; t++)
		if (strcmp((*t)->name, name) == 0)
			return *t;
	for (const mk_actor_class *c = r->sup->classes; c != NULL; c = c->next)
		if (strcmp(c->desc->name, name) == 0)
			return c->desc;
	return NULL;
}

/* A pattern; else an existing topic of that name, or a new one. */
static int topic_of(const mt_replay *r, mo_call_topic *t, const maiko_topic **ret_topic)
{
	if (mk_name_is_pattern(t->name)) {
		t->like = (maiko_topic){.name = t->name, .format = MAIKO_FORMAT | MAIKO_FORMAT_LIKE};
		*ret_topic = &t->like;
		return 0;
	}
	if (mk_name_index_get(&r->sup->topic_names, t->name) != NULL)
		return maiko_topic_named(r->sup, t->name, ret_topic);
	if (t->has_function)
		return mk_fail(MAIKO_EINVAL,
			       "topic '%s' has a key or a check and is first used here: an actor that the replay adds "
			       "must have used it before",
			       t->name);
	maiko_topic like = {.overflow = t->policy,
			    .ttl_ms = t->ttl_ms,
			    .retain = t->retain,
			    .retain_kib = t->retain_kib};
	return maiko_topic_with(r->sup, t->name, &like, ret_topic);
}

/* The event of that name: one that the actor type handles (NULL: of none), or that is known here. */
static const maiko_event_type *event_of(const mt_replay *r, const maiko_actor_type *type, const char *name)
{
	for (const maiko_item *item = type == NULL ? NULL : type->items; item != NULL && item->kind != MAIKO_ITEM_END;
	     item++)
		if (item->event != NULL && strcmp(item->event->layout->name, name) == 0)
			return item->event;
	return maiko_event_named(r->sup, name);
}

/* A filter by that function of an actor that is here, or NULL. */
static const maiko_filter *filter_named(const mt_replay *r, const char *event, const char *name)
{
	for (uint32_t i = 0; i < r->sup->actor_slots; i++) {
		const mk_actor *a = mk_segmented_array_get(&r->sup->actors, i);
		const mk_filter *f = a == NULL || a->extra == NULL ? NULL : a->extra->filters;
		for (; f != NULL; f = f->next)
			if (f->desc.accepts != NULL && f->desc.name != NULL && strcmp(f->desc.name, name) == 0 &&
			    strcmp(f->desc.event->layout->name, event) == 0)
				return &f->desc;
	}
	return NULL;
}

/* Completes the filter of a topic. */
static int find_filter(const mt_replay *r, const maiko_actor_type *type, mo_call_topic *t)
{
	t->where.format = MAIKO_FORMAT;
	t->where.event = event_of(r, type, t->event);
	if (t->where.event == NULL)
		return mk_fail(MAIKO_EINVAL, "a filter of topic '%s' is for the event '%s', which is unknown here",
			       t->name, t->event);
	if (t->where.tests[0].field != NULL)
		return 0;
	const maiko_filter *same = filter_named(r, t->event, t->where.name);
	if (same == NULL)
		return mk_fail(MAIKO_EINVAL,
			       "a filter of topic '%s' is the function '%s', and is first used here: an actor that the "
			       "replay adds must have used it before",
			       t->name, t->where.name);
	t->where = *same;
	return 0;
}

/* Those of the call, as a list that the caller frees. `type`: of the actor that is added. */
static int topics_of(const mt_replay *r, const maiko_actor_type *type, mo_call *c, maiko_subscription **ret_topics)
{
	int rc = 0;
	maiko_subscription *topics = calloc((size_t)c->topic_count + 1, sizeof *topics);
	if (topics == NULL)
		return MAIKO_ENOMEM;
	for (uint32_t i = 0; rc == 0 && i < c->topic_count; i++) {
		topics[i].overflow = c->topics[i].overflow;
		topics[i].share = c->topics[i].share;
		rc = topic_of(r, &c->topics[i], &topics[i].topic);
		if (rc != 0 || !c->topics[i].filtered)
			continue;
		rc = find_filter(r, type, &c->topics[i]);
		topics[i].where = &c->topics[i].where;
	}
	if (rc == 0)
		*ret_topics = topics;
	else
		free(topics);
	return rc;
}

/* The recorded initial state: an aligned copy. */
static int init_of(const mt_replay *r, const maiko_actor_type *type, const mo_call *c, void **ret_init)
{
	*ret_init = NULL;
	if (c->init == NULL)
		return 0;
	if (c->init_size != type->state_size)
		return mk_fail(MAIKO_ETYPE, "the state of actor type '%s' has %u bytes here and had %u", type->name,
			       type->state_size, c->init_size);
	*ret_init = aligned_alloc(64, ((size_t)c->init_size + 63) & ~(size_t)63);
	if (*ret_init == NULL)
		return MAIKO_ENOMEM;
	memcpy(*ret_init, c->init, c->init_size);
	return r->options->init == NULL ? 0 : r->options->init(c->name, type, *ret_init, r->options->arg);
}

static int add_as(const mt_replay *r, mk_actor *a, const maiko_actor_type *type, mo_call *c)
{
	maiko_subscription *topics;
	void *init;
	int rc = topics_of(r, type, c, &topics);
	if (rc != 0)
		return rc;
	rc = init_of(r, type, c, &init);
	if (rc == 0) {
		c->options.init = init;
		c->options.topics = c->all_topics ? maiko_all_topics : c->no_topics_said ? NULL : topics;
		c->options.backoff = c->backs_off ? &c->backoff : NULL;
		c->options.done = c->told ? ignore : NULL;
		rc = a == NULL ? maiko_supervisor_add(r->sup, type, c->name, &c->options)
			       : maiko_ctx_add(a, type, c->name, &c->options);
	}
	free(init);
	free(topics);
	return rc;
}

static int add(const mt_replay *r, mk_actor *a, mo_call *c)
{
	const maiko_actor_type *type = actor_type(r, c->type);
	if (type == NULL)
		return mk_fail(MAIKO_ENOENT,
			       "actor '%s' is of type '%s', which is unknown here: it must be listed in "
			       ".actors",
			       c->name, c->type);
	return add_as(r, a, type, c);
}

static int change(const mt_replay *r, mk_actor *a, uint64_t id, mo_call *c)
{
	maiko_subscription *topics;
	int rc = topics_of(r, NULL, c, &topics);
	if (rc != 0)
		return rc;
	switch (c->change) {
	case MAIKO_CHANGE_REMOVE:
		rc = a == NULL ? maiko_supervisor_remove(r->sup, id, NULL) : maiko_ctx_remove(a, id, NULL);
		break;
	case MAIKO_CHANGE_SUBSCRIBE:
		rc = a == NULL ? maiko_supervisor_subscribe_all(r->sup, id, topics, NULL)
			       : maiko_ctx_subscribe_all(a, id, topics, NULL);
		break;
	case MAIKO_CHANGE_UNSUBSCRIBE:
		rc = a == NULL ? maiko_supervisor_unsubscribe_all(r->sup, id, topics, NULL)
			       : maiko_ctx_unsubscribe_all(a, id, topics, NULL);
		break;
	case MAIKO_CHANGE_RESTART:
		rc = a == NULL ? maiko_supervisor_restart(r->sup, id, NULL) : maiko_ctx_restart(a, id, NULL);
		break;
	default:
		rc = mk_fail(MAIKO_EINVAL, "a call of an unknown kind, %d", (int)c->change);
		break;
	}
	free(topics);
	return rc;
}

/* The event of a call, as mt_replay_content makes it. */
static void *given_event(mt_replay *r, const mo_call *c, const maiko_event_type **ret_type)
{
	uint64_t number = 0;
	if (c->content_size < sizeof number) {
		mt_replay_diverge(r, "the record of a call is damaged: it has no event");
		return NULL;
	}
	memcpy(&number, c->content, sizeof number);
	return mt_replay_content(r, (uint32_t)number, c->content + sizeof number, c->content_size - sizeof number,
				 ret_type);
}

static int send_later(mt_replay *r, mk_actor *a, const mo_call *c)
{
	const maiko_event_type *type;
	void *data = given_event(r, c, &type);
	if (data == NULL)
		return MAIKO_EINVAL; /* the divergence has the text */
	int rc = c->delay.kind == MK_DELAY_OWN     ? maiko_ctx_send_self_after(a, c->delay.ms, NULL, type, data)
		 : c->delay.kind == MK_DELAY_EVERY ? maiko_ctx_every(a, c->delay.ms, NULL, type, data)
		 : c->delay.kind == MK_DELAY_AT    ? maiko_ctx_at(a, c->delay.ms, NULL, type, data)
						   : maiko_ctx_send_after(a, c->delay.ms, NULL, type, data);
	mt_replay_drop(type, data);
	return rc;
}

/* The next send is the question. */
static int ask(mt_replay *r, const mo_call *c)
{
	uint64_t number = 0;
	if (c->content_size != sizeof number)
		return mk_fail(MAIKO_EINVAL, "a question without the type of its answers");
	memcpy(&number, c->content, sizeof number);
	r->asking.answer = mt_replay_type(r, (uint32_t)number);
	r->asking.timeout_ms = c->timeout_ms;
	r->asking.all = c->all;
	return r->asking.answer != NULL
		       ? 0
		       : mk_fail(MAIKO_ETYPE, "no actor handles the answer %s: it must be listed in .types",
				 mt_recording_type(&r->recording, (uint32_t)number));
}

static bool is_named(const mk_event *e, const mo_record *record)
{
	return e != NULL && e->id.sequence == record->number && e->id.origin == (uint64_t)record->value;
}

/* The event that a note names, if it is being handled; else NULL. */
static const void *handled_event(const mk_actor *a, const mo_record *record)
{
	const mk_event *e = a->worker->event;
	return is_named(e, record) ? e->data : NULL;
}

/* ... if the actor keeps it; else NULL. */
static const void *kept_event(const mk_actor *a, const mo_record *record)
{
	const mk_extra *x = a->extra;
	for (uint32_t i = 0; x != NULL && i < x->kept_count; i++)
		if (is_named(x->kept[i].event, record))
			return x->kept[i].event->data;
	return NULL;
}

/* Its maiko_keep is not in the recording if it was in the handler of a source that the recorder did not know. */
static int release(mk_actor *a, const mo_record *record)
{
	const void *kept = kept_event(a, record);
	return kept == NULL ? 0 : maiko_release(a, kept);
}

static int reply(mt_replay *r, mk_actor *a, const mo_record *record, const mo_call *c)
{
	const maiko_event_type *type;
	const void *question = handled_event(a, record);
	if (question == NULL)
		question = kept_event(a, record);
	if (question == NULL)
		return mk_fail(MAIKO_EINVAL, "'%s' neither handles nor keeps the question that it replies to",
			       a->self->name);
	void *data = given_event(r, c, &type);
	if (data == NULL)
		return MAIKO_EINVAL; /* the divergence has the text */
	int rc = maiko_ctx_reply(a, question, type, data);
	mt_replay_drop(type, data);
	return rc;
}

static int watch(mk_actor *a, const mo_record *record)
{
	bool restarts = (record->value & MK_NOTED_RESTARTS) != 0;
	return (record->value & MK_NOTED_UNWATCH) != 0 ? maiko_unwatch_actor(a, record->number)
						       : maiko_watch(a, record->number, .restarts = restarts);
}

static int make_group(const mt_replay *r, mk_actor *a, mo_call *c)
{
	c->group.backoff = c->backs_off ? &c->backoff : NULL;
	return a == NULL ? maiko_supervisor_group(r->sup, c->name, &c->group) : maiko_ctx_group(a, c->name, &c->group);
}

/* From outside: the removals of its actors are repeated by their own notes. */
static int remove_group(const mt_replay *r, mk_actor *a, maiko_group_id id)
{
	return a == NULL ? maiko_supervisor_remove_group(r->sup, id) : maiko_ctx_remove_group(a, id);
}

static int make(mt_replay *r, mk_actor *a, const mo_record *record, mo_call *c)
{
	mk_note_kind kind = (mk_note_kind)(record->kind - MO_NOTES);
	if (a == NULL && !mt_is_call_from_outside(kind))
		return mk_fail(MAIKO_EINVAL, "no call from outside, %d", (int)kind);
	switch (kind) {
	case MK_NOTE_ADD:
		return add(r, a, c);
	case MK_NOTE_CHANGE:
		return change(r, a, record->number, c);
	case MK_NOTE_AFTER:
		return send_later(r, a, c);
	case MK_NOTE_CANCEL:
		return maiko_cancel(a, (maiko_delayed)record->value);
	case MK_NOTE_RANDOM:
		(void)maiko_random(a);
		return 0;
	case MK_NOTE_STOP_SELF:
		return maiko_stop_self(a);
	case MK_NOTE_HOLD:
		return record->value != 0 ? maiko_hold(a) : maiko_unhold(a);
	case MK_NOTE_ASK:
		return ask(r, c);
	case MK_NOTE_REPLY:
		return reply(r, a, record, c);
	case MK_NOTE_KEEP:
		return maiko_keep(a, handled_event(a, record));
	case MK_NOTE_RELEASE:
		return release(a, record);
	case MK_NOTE_WATCH:
		return watch(a, record);
	case MK_NOTE_GROUP_MADE:
		return make_group(r, a, c);
	case MK_NOTE_GROUP_REMOVED:
		return remove_group(r, a, record->number);
	default:
		return mk_fail(MAIKO_EINVAL, "no call, %d", (int)kind);
	}
}

static void fail(mt_replay *r, const mo_record *record, const char *why)
{
	char text[640];
	snprintf(text, sizeof text, "record %llu: what was asked for cannot be asked for again: %s",
		 (unsigned long long)record->ticket, why);
	mt_replay_diverge(r, text);
}

void mt_replay_call(mt_replay *r, mk_actor *a, const mo_record *record)
{
	mk_note_kind kind = (mk_note_kind)(record->kind - MO_NOTES);
	bool watches = kind == MK_NOTE_WATCH && (record->value & MK_NOTED_UNWATCH) == 0;
	bool answered = mt_is_call_from_outside(kind) || watches;
	mo_call call;
	size_t size;
	const unsigned char *content = mt_content_of(record, &size);
	if (answered && record->value < 0)
		return; /* it was refused and had no effect */
	if (!mo_call_read(kind, content, size, &call)) {
		fail(r, record, "it is damaged");
		return;
	}
	if (kind == MK_NOTE_CHANGE && call.change == MAIKO_CHANGE_ADD) { /* part of an addition */
		mo_call_drop(&call);
		return;
	}
	r->given = answered;
	r->given_kind = kind;
	r->told = (mk_told){record->number, record->value};
	r->calling = true;
	int rc = make(r, a, record, &call);
	mo_call_drop(&call);
	r->calling = false;
	bool takes = a != NULL || kind == MK_NOTE_ADD || kind == MK_NOTE_GROUP_MADE; /* what it is given */
	bool asked = answered && takes ? !r->given : rc == 0;
	r->given = false;
	if (!asked && !r->failed)
		fail(r, record, maiko_last_error());
}

/* ---- groups -------------------------------------------------------------------------------------- */

/* The note that a group of that id was made, from here on. NULL: there is none. */
static const mo_record *making_of(const mt_replay *r, maiko_group_id id)
{
	for (size_t i = r->at; i < r->recording.count; i++) {
		const mo_record *record = r->recording.entries[i].record;
		if (mt_is_note(record, MK_NOTE_GROUP_MADE) && record->value == (int64_t)id)
			return record;
	}
	return NULL;
}

/* What is wrong with the note is told when it is repeated. */
static void make_early(mt_replay *r, maiko_group_id id)
{
	mo_call call;
	size_t size;
	uv_mutex_lock(&r->sup->lock);
	bool there = mk_group_find(r->sup, id) != NULL;
	uv_mutex_unlock(&r->sup->lock);
	const mo_record *record = there ? NULL : making_of(r, id);
	const unsigned char *content = record == NULL ? NULL : mt_content_of(record, &size);
	if (record == NULL || !mo_call_read(MK_NOTE_GROUP_MADE, content, size, &call))
		return;
	if (call.group.group < id) /* so are those of all groups that it is in */
		make_early(r, call.group.group);
	r->given = true;
	r->given_kind = MK_NOTE_GROUP_MADE;
	r->told = (mk_told){record->number, record->value};
	(void)make_group(r, NULL, &call);
	r->given = false;
	mo_call_drop(&call);
}

/* The group that a call uses; 0: none, or the root. */
static maiko_group_id group_of(const mo_record *record)
{
	mo_call call;
	size_t size;
	bool adds = mt_is_note(record, MK_NOTE_ADD), makes = mt_is_note(record, MK_NOTE_GROUP_MADE);
	const unsigned char *content = mt_content_of(record, &size);
	if (mt_is_note(record, MK_NOTE_GROUP_REMOVED))
		return record->number;
	if ((!adds && !makes) || record->value < 0 ||
	    !mo_call_read((mk_note_kind)(record->kind - MO_NOTES), content, size, &call))
		return 0;
	mo_call_drop(&call);
	return adds ? call.options.group : call.group.group;
}

void mt_replay_groups(mt_replay *r, uint32_t tape)
{
	const mt_tape *t = &r->recording.tapes[tape];
	for (uint32_t i = t->at + 1; i < t->count && !mt_is_piece(t->records[i]); i++) {
		maiko_group_id id = group_of(t->records[i]);
		if (id != 0)
			make_early(r, id);
		if (mt_is_note(t->records[i], MK_NOTE_GROUP_REMOVED) && t->records[i]->value > 0 &&
		    t->records[i]->value < t->count - i)
			i += (uint32_t)t->records[i]->value; /* its actors */
	}
}
