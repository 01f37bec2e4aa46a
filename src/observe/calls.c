/*
 * calls.c - what a call was given, as bytes: see recording.h.
 */
#include "recording.h"

#include <stdlib.h>
#include <string.h>

bool mo_is_listed(const char *const *names, const char *name)
{
	for (; names != NULL && *names != NULL; names++) {
		size_t length = strlen(*names);
		bool prefix = length > 0 && (*names)[length - 1] == '*';
		if (prefix ? strncmp(*names, name, length - 1) == 0 : strcmp(*names, name) == 0)
			return true;
	}
	return false;
}

/* ---- writing ----------------------------------------------------------------------------- */

typedef struct sink {
	unsigned char *to; /* NULL: only counted */
	size_t size;
} sink;

static void put(sink *s, const void *bytes, size_t size)
{
	if (s->to != NULL && size > 0)
		memcpy(s->to + s->size, bytes, size);
	s->size += size;
}

static void put_number(sink *s, uint64_t number) { put(s, &number, sizeof number); }
static void put_text(sink *s, const char *text) { put(s, text, strlen(text) + 1); }

enum { TOPICS_UNSAID = 1, TOPICS_ALL = 2 };
enum { TOPIC_HAS_FUNCTION = 1, TOPIC_FILTERED = 2, TOPIC_AGES = 4, TOPIC_RETAINS = 8, TOPIC_SHARED = 16 };

static uint32_t tests_of(const maiko_filter *filter)
{
	uint32_t count = 0;
	while (filter->accepts == NULL && count < MAIKO_TESTS_MAX && filter->tests[count].field != NULL)
		count++;
	return count;
}

static void put_filter(sink *s, const maiko_filter *filter)
{
	uint32_t count = tests_of(filter);
	put_text(s, filter->event->layout->name);
	put_text(s, filter->accepts == NULL || filter->name == NULL ? "" : filter->name);
	put_number(s, count);
	for (uint32_t i = 0; i < count; i++) {
		const maiko_field_test *test = &filter->tests[i];
		put_text(s, test->field);
		put_number(s, test->compare);
		put_number(s, test->value.kind);
		if (test->value.kind == MAIKO_VALUE_TEXT)
			put_text(s, test->value.as.text);
		else
			put_number(s, test->value.as.natural);
	}
}

static void put_topics(sink *s, const maiko_subscription *topics)
{
	uint32_t count = 0;
	put_number(s, topics == NULL ? TOPICS_UNSAID : topics == maiko_all_topics ? TOPICS_ALL : 0);
	if (topics == maiko_all_topics)
		topics = NULL;
	while (topics != NULL && topics[count].topic != NULL)
		count++;
	put_number(s, count);
	for (uint32_t i = 0; i < count; i++) {
		put_number(s, topics[i].overflow);
		put_number(s, topics[i].topic->overflow);
		const maiko_topic *topic = topics[i].topic;
		put_number(s, (topic->key != NULL || topic->check != NULL ? TOPIC_HAS_FUNCTION : 0) |
				      (topics[i].where != NULL ? TOPIC_FILTERED : 0) |
				      (topic->ttl_ms != 0 ? TOPIC_AGES : 0) | (topic->retain != 0 ? TOPIC_RETAINS : 0) |
				      (topics[i].share != NULL ? TOPIC_SHARED : 0));
		put_text(s, topics[i].topic->name);
		if (topic->ttl_ms != 0)
			put_number(s, topic->ttl_ms);
		if (topic->retain != 0) {
			put_number(s, topic->retain);
			put_number(s, topic->retain_kib);
		}
		if (topics[i].share != NULL)
			put_text(s, topics[i].share);
		if (topics[i].where != NULL)
			put_filter(s, topics[i].where);
	}
}

static void put_backoff(sink *s, const maiko_backoff *b)
{
	put_number(s, b != NULL);
	if (b == NULL)
		return;
	put_number(s, b->first_ms);
	put_number(s, b->max_ms);
	put_number(s, b->factor);
	put_number(s, b->jitter_percent);
	put_number(s, b->healthy_ms);
	put_number(s, b->overflow);
}

static void put_supervision(sink *s, const maiko_add_options *o)
{
	put_number(s, o->restart);
	put_number(s, o->group);
	put_number(s, o->stuck_ms);
	put_number(s, o->retries);
	put_number(s, o->start_may_fail);
	put_number(s, o->ephemeral);
	put_backoff(s, o->backoff);
}

static void put_group(sink *s, const char *name, const maiko_group_options *o)
{
	put_text(s, name);
	put_number(s, o->group);
	put_number(s, o->strategy);
	put_number(s, o->restarts);
	put_number(s, o->within_ms);
	put_number(s, o->stop_ms);
	put_number(s, o->restart);
	put_backoff(s, o->backoff);
}

static void put_addition(sink *s, const mk_call *call)
{
	static const maiko_add_options plain;
	const maiko_add_options *o = call->options == NULL ? &plain : call->options;
	put_text(s, call->name);
	put_text(s, call->type->name);
	put_number(s, call->told);
	put_number(s, o->overflow);
	put_number(s, o->mailbox);
	put_number(s, o->mailbox_bytes);
	put_number(s, o->max_events_per_tick);
	put_number(s, o->worker);
	put_number(s, o->own_thread);
	put_number(s, o->echo);
	put_supervision(s, o);
	put_number(s, o->drains);
	put_topics(s, o->topics);
	put_number(s, o->init == NULL ? 0 : call->type->state_size);
	put(s, o->init, o->init == NULL ? 0 : call->type->state_size);
}

/* NOLINTNEXTLINE(readability-non-const-parameter): the sink writes there */
size_t mo_call_write(mk_note_kind kind, const mk_call *call, unsigned char *to)
{
	sink s = {to, 0};
	if (kind == MK_NOTE_ADD) {
		put_addition(&s, call);
	} else if (kind == MK_NOTE_CHANGE) {
		put_number(&s, call->change);
		put_topics(&s, call->topics);
	} else if (kind == MK_NOTE_GROUP_MADE) {
		put_group(&s, call->name, call->group);
	} else if (kind == MK_NOTE_AFTER) {
		put_number(&s, call->delay.kind);
		put_number(&s, call->delay.ms);
	} else if (kind == MK_NOTE_ASK) {
		put_number(&s, call->timeout_ms);
		put_number(&s, call->all);
	} else if (kind == MK_NOTE_SILENT) {
		put_number(&s, call->every_ms);
		put_text(&s, call->name);
	}
	return s.size;
}

/* ---- reading --------------------------------------------------------------------------------- */

typedef struct supply {
	const unsigned char *from;
	size_t left;
	bool damaged;
} supply;

static uint64_t get_number(supply *s)
{
	uint64_t number = 0;
	if (s->left < sizeof number) {
		s->damaged = true;
		return 0;
	}
	memcpy(&number, s->from, sizeof number);
	s->from += sizeof number;
	s->left -= sizeof number;
	return number;
}

/* At most `most`. */
static uint32_t get_small(supply *s, uint32_t most)
{
	uint64_t number = get_number(s);
	if (number > most)
		s->damaged = true;
	return s->damaged ? 0 : (uint32_t)number;
}

static const char *get_text(supply *s)
{
	const char *text = (const char *)s->from;
	size_t length = strnlen(text, s->left);
	if (length == s->left) {
		s->damaged = true;
		return "";
	}
	s->from += length + 1;
	s->left -= length + 1;
	return text;
}

static void get_filter(supply *s, mo_call_topic *t)
{
	t->event = get_text(s);
	t->where.name = get_text(s);
	uint32_t count = get_small(s, MAIKO_TESTS_MAX);
	for (uint32_t i = 0; i < count; i++) {
		maiko_field_test *test = &t->where.tests[i];
		test->field = get_text(s);
		test->compare = (maiko_compare)get_small(s, MAIKO_COMPARE_STARTS);
		test->value.kind = (maiko_value_kind)get_small(s, MAIKO_VALUE_TEXT);
		if (test->value.kind == MAIKO_VALUE_TEXT)
			test->value.as.text = get_text(s);
		else
			test->value.as.natural = get_number(s);
	}
}

static void get_topics(supply *s, mo_call *c)
{
	uint32_t which = get_small(s, TOPICS_ALL);
	c->no_topics_said = which == TOPICS_UNSAID;
	c->all_topics = which == TOPICS_ALL;
	c->topic_count = get_small(s, (uint32_t)(s->left / (3 * sizeof(uint64_t) + 2))); /* as much as may follow */
	c->topics = calloc((size_t)c->topic_count + 1, sizeof *c->topics);
	if (c->topics == NULL) {
		s->damaged = true; /* without memory it cannot be read */
		c->topic_count = 0;
	}
	for (uint32_t i = 0; i < c->topic_count; i++) {
		c->topics[i].overflow = (maiko_overflow)get_small(s, MAIKO_FAIL);
		c->topics[i].policy = (maiko_overflow)get_small(s, MAIKO_FAIL);
		uint32_t flags =
			get_small(s, TOPIC_HAS_FUNCTION | TOPIC_FILTERED | TOPIC_AGES | TOPIC_RETAINS | TOPIC_SHARED);
		c->topics[i].has_function = (flags & TOPIC_HAS_FUNCTION) != 0;
		c->topics[i].filtered = (flags & TOPIC_FILTERED) != 0;
		c->topics[i].name = get_text(s);
		c->topics[i].ttl_ms = (flags & TOPIC_AGES) != 0 ? get_number(s) : 0;
		c->topics[i].retain = (flags & TOPIC_RETAINS) != 0 ? get_small(s, MAIKO_RETAIN_MAX) : 0;
		c->topics[i].retain_kib = (flags & TOPIC_RETAINS) != 0 ? get_small(s, UINT32_MAX) : 0;
		c->topics[i].share = (flags & TOPIC_SHARED) != 0 ? get_text(s) : NULL;
		if (c->topics[i].filtered)
			get_filter(s, &c->topics[i]);
	}
}

static void get_backoff(supply *s, mo_call *c)
{
	c->backs_off = get_small(s, 1) != 0;
	if (!c->backs_off)
		return;
	c->backoff.first_ms = get_number(s);
	c->backoff.max_ms = get_number(s);
	c->backoff.factor = get_small(s, UINT32_MAX);
	c->backoff.jitter_percent = get_small(s, UINT32_MAX);
	c->backoff.healthy_ms = get_number(s);
	c->backoff.overflow = (maiko_overflow)get_small(s, MAIKO_FAIL);
}

static void get_group(supply *s, mo_call *c)
{
	c->name = get_text(s);
	c->group.group = get_number(s);
	c->group.strategy = (maiko_strategy)get_small(s, MAIKO_REST_FOR_ONE);
	c->group.restarts = get_small(s, UINT32_MAX);
	c->group.within_ms = get_number(s);
	c->group.stop_ms = get_number(s);
	c->group.restart = (maiko_restarting)get_small(s, MAIKO_PERMANENT);
	get_backoff(s, c);
}

static void get_supervision(supply *s, mo_call *c)
{
	c->options.restart = (maiko_restarting)get_small(s, MAIKO_PERMANENT);
	c->options.group = get_number(s);
	c->options.stuck_ms = get_number(s);
	c->options.retries = get_small(s, UINT32_MAX);
	c->options.start_may_fail = (uint16_t)get_small(s, 1);
	c->options.ephemeral = (uint16_t)get_small(s, 1);
	get_backoff(s, c);
}

static void get_addition(supply *s, mo_call *c)
{
	c->name = get_text(s);
	c->type = get_text(s);
	c->told = get_small(s, 1) != 0;
	c->options.overflow = (maiko_overflow)get_small(s, MAIKO_FAIL);
	c->options.mailbox = get_small(s, UINT32_MAX);
	c->options.mailbox_bytes = get_number(s);
	c->options.max_events_per_tick = get_small(s, UINT32_MAX);
	c->options.worker = get_small(s, MAIKO_WORKERS_MAX);
	c->options.own_thread = get_small(s, 1) != 0;
	c->options.echo = get_small(s, 1) != 0;
	get_supervision(s, c);
	c->options.drains = get_small(s, 1);
	get_topics(s, c);
	c->init_size = get_small(s, MO_RECORD_MAX);
	if (c->init_size > s->left)
		s->damaged = true;
	else if (c->init_size > 0)
		c->init = s->from;
}

bool mo_call_read(mk_note_kind kind, const unsigned char *from, size_t size, mo_call *c)
{
	supply s = {from, size, false};
	memset(c, 0, sizeof *c);
	if (kind == MK_NOTE_ADD) {
		get_addition(&s, c);
	} else if (kind == MK_NOTE_CHANGE) {
		c->change = (maiko_change)get_small(&s, MAIKO_CHANGE_RESTART);
		get_topics(&s, c);
	} else if (kind == MK_NOTE_GROUP_MADE) {
		get_group(&s, c);
	} else if (kind == MK_NOTE_AFTER) {
		c->delay.kind = (mk_delay_kind)get_small(&s, MK_DELAYS - 1);
		c->delay.ms = get_number(&s);
	} else if (kind == MK_NOTE_ASK) {
		c->timeout_ms = get_number(&s);
		c->all = get_small(&s, 1) != 0;
	} else if (kind == MK_NOTE_SILENT) {
		c->every_ms = get_number(&s);
		c->name = get_text(&s);
	}
	c->content = s.from;
	c->content_size = s.left;
	if (s.damaged)
		mo_call_drop(c);
	return !s.damaged;
}

void mo_call_drop(mo_call *c)
{
	free(c->topics);
	c->topics = NULL;
}
