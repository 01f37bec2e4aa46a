/*
 * test_last_error.c - a call that is refused says which argument, which value and which rule:
 * each public call, with each of its reasons.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support.h"

#include <maiko/testing.h>
#include <stdio.h>
#include <string.h>
#include <uv.h>

PER_TEST _Atomic(uint64_t) probed;

/* The call fails with that code, and with those words. On any thread. */
#define SAYS(call, code, words) says((call), (code), (words), #call, __LINE__)
static void says(int rc, int code, const char *words, const char *call, int line)
{
	if (rc == code && strcmp(maiko_last_error(), words) == 0)
		return;
	print_error("  is  %s: %s\n  not %s: %s\n", maiko_err_name(rc), maiko_last_error(), maiko_err_name(code),
		    words);
	test_note_wrong(__FILE__, line, call);
}

typedef struct item {
	uint32_t n;
} item;
typedef struct letter {
	char to[8];
} letter;
typedef struct other {
	uint32_t n;
} other;
MAIKO_TOPIC(items);
MAIKO_TOPIC(others);
MAIKO_EVENT(item, items, n);
MAIKO_EVENT(other, others, n);
static const maiko_topic *letter_topic(const letter *ev) { return NULL; }
MAIKO_EVENT_ROUTED(letter, letter_topic, to);

typedef struct state {
	uint32_t n;
} state, all, postman, idle, unlucky;
static int on_item(state *self, const item *ev, maiko_ctx *ctx) { return 0; }
static int on_letter(postman *self, const letter *ev, maiko_ctx *ctx) { return 0; }
static int on_any(all *self, const maiko_any *ev, maiko_ctx *ctx) { return 0; }
static int unlucky_on_start(unlucky *self, maiko_ctx *ctx) { return UV_EIO; }
MAIKO_ACTOR(state, MAIKO_ON(item, on_item));
MAIKO_ACTOR(all, MAIKO_ON_ANY(on_any));
MAIKO_ACTOR(postman, MAIKO_ON(letter, on_letter));
MAIKO_ACTOR(unlucky, MAIKO_ON_START(unlucky_on_start));

static maiko_next idle_tick(idle *self, maiko_ctx *ctx) { return maiko_never(); }
MAIKO_ACTOR(idle, MAIKO_TICK(idle_tick));

#define MANY_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" /* 64 */

TEST_ONCE(a_new_supervisor)
{
	maiko_supervisor *sup = NULL;
	uv_loop_t loop;
#define NEW(...) maiko_supervisor_new(&sup, &(maiko_options){__VA_ARGS__})
	SAYS(maiko_supervisor_new(NULL, NULL), MAIKO_EINVAL, "maiko_supervisor_new: ret_sup is NULL");
	SAYS(NEW(.workers = 65), MAIKO_EINVAL, "maiko_supervisor_new: .workers is 65; at most 64");
	SAYS(NEW(.mailbox = 1048577), MAIKO_EINVAL, "maiko_supervisor_new: .mailbox is 1048577; at most 1048576");
	SAYS(NEW(.max_events_per_tick = 65537), MAIKO_EINVAL,
	     "maiko_supervisor_new: .max_events_per_tick is 65537; at most 65536");
	SAYS(NEW(.external_credit = 1048577), MAIKO_EINVAL,
	     "maiko_supervisor_new: .external_credit is 1048577; at most 1048576");
	SAYS(NEW(.blocking_threads = 1025), MAIKO_EINVAL,
	     "maiko_supervisor_new: .blocking_threads is 1025; at most 1024");
	SAYS(NEW(.spin_us = 1001), MAIKO_EINVAL, "maiko_supervisor_new: .spin_us is 1001; at most 1000");
	SAYS(NEW(.channel = 100), MAIKO_EINVAL,
	     "maiko_supervisor_new: .channel is 100; it must be a power of 2, 16 to 65536");
	SAYS(NEW(.workers = 2, .loop = &loop), MAIKO_EINVAL,
	     "maiko_supervisor_new: .workers is 2; with .loop it must be 1");
	assert_null(sup);
#undef NEW
}

TEST_ONCE(a_null_supervisor)
{
	maiko_supervisor *none = NULL;
	maiko_actor_id id;
	static const char words[] = "the supervisor is NULL";
	SAYS(maiko_start(none), MAIKO_EINVAL, words);
	SAYS(maiko_stop(none, NULL), MAIKO_EINVAL, words);
	SAYS(maiko_stop_begin(none, NULL, NULL, NULL), MAIKO_EINVAL, words);
	SAYS(maiko_join(none), MAIKO_EINVAL, words);
	SAYS(maiko_run(none), MAIKO_EINVAL, "maiko_run: sup is NULL");
	SAYS(maiko_add(none, state, "a"), MAIKO_EINVAL, words);
	SAYS(maiko_find(none, "a", &id), MAIKO_EINVAL, words);
	SAYS(maiko_remove(none, 1), MAIKO_EINVAL, words);
	SAYS(maiko_move(none, 1, 1), MAIKO_EINVAL, words);
	SAYS(maiko_subscribe(none, 1, MAIKO_TOPIC_REF(items)), MAIKO_EINVAL, words);
	SAYS(maiko_unsubscribe(none, 1, MAIKO_TOPIC_REF(items)), MAIKO_EINVAL, words);
	SAYS(maiko_remove((maiko_ctx *)NULL, 1), MAIKO_EINVAL, "the ctx is NULL");
}

/* What is refused when an actor is added, before the start and after. */
static void check_add(maiko_supervisor *sup)
{
	static const maiko_item none[] = {{.kind = MAIKO_ITEM_END}};
	const maiko_subscription twice[] = {{.topic = MAIKO_TOPIC_REF(items), .overflow = MAIKO_FAIL},
					    {.topic = MAIKO_TOPIC_REF(items)},
					    {.topic = NULL}};
	const maiko_item two[] = {
		{.kind = MAIKO_ITEM_TICK, .tick = NULL},
		{.kind = MAIKO_ITEM_END},
	};
	SAYS(maiko_supervisor_add(sup, NULL, "a", NULL), MAIKO_EINVAL, "maiko_supervisor_add: type is NULL");
	SAYS(maiko_add(sup, state, NULL), MAIKO_EINVAL, "the name of an actor is NULL");
	SAYS(maiko_add(sup, state, ""), MAIKO_EINVAL,
	     "the name of an actor is ''; it must have 1 to 63 bytes and no control character");
	SAYS(maiko_add(sup, state, "two\nlines"), MAIKO_EINVAL,
	     "the name of an actor is 'two?lines'; it must have 1 to 63 bytes and no control character");
	SAYS(maiko_add(sup, state, MANY_A), MAIKO_EINVAL,
	     "the name of an actor is '" MANY_A "'; it must have 1 to 63 bytes and no control character");
	SAYS(maiko_add(sup, state, "outside"), MAIKO_EINVAL,
	     "the name of an actor is 'outside', which maiko_sender says of external threads");
	SAYS(maiko_add(sup, state, "there"), MAIKO_EEXIST, "actor 'there': there is one of that name already");
	SAYS(maiko_add(sup, state, "a", .mailbox = 1048577), MAIKO_EINVAL,
	     "actor 'a': .mailbox is 1048577; at most MAIKO_MAILBOX_MAX, 1048576");
	SAYS(maiko_add(sup, state, "a", .max_events_per_tick = 65537), MAIKO_EINVAL,
	     "actor 'a': .max_events_per_tick is 65537; at most MAIKO_BUDGET_MAX, 65536");
	SAYS(maiko_add(sup, state, "a", .overflow = (maiko_overflow)6), MAIKO_EINVAL,
	     "actor 'a': .overflow is 6, which is no maiko_overflow");
	SAYS(maiko_add(sup, state, "a", .worker = 2), MAIKO_EINVAL, "actor 'a': .worker is 2; the supervisor has 1");
	SAYS(maiko_add(sup, state, "a", .worker = 1, .own_thread = true), MAIKO_EINVAL,
	     "actor 'a': .worker and .own_thread exclude each other");
	SAYS(maiko_add(sup, all, "a"), MAIKO_EINVAL, "actor 'a': MAIKO_ON_ANY needs .topics");
	SAYS(maiko_add(sup, postman, "a"), MAIKO_EINVAL,
	     "actor 'a' handles 'letter', which has no topic of its own: it needs .topics");
	SAYS(maiko_add(sup, state, "a", .topics = MAIKO_TOPICS(others)), MAIKO_EINVAL,
	     "actor 'a': its type 'state' handles no event of topic 'others', and has no MAIKO_ON_ANY");
	SAYS(maiko_add(sup, idle, "a", .topics = MAIKO_ALL_TOPICS), MAIKO_EINVAL,
	     "actor 'a': .topics is MAIKO_ALL_TOPICS, but its type 'idle' handles no event");
	SAYS(maiko_add(sup, state, "a", .topics = twice), MAIKO_EINVAL,
	     "actor 'a': .topics has 'items' twice, with different .overflow");
	SAYS(maiko_add(sup, state, "a", .topics = MAIKO_TOPICS(MAIKO_SUB(items, .overflow = (maiko_overflow)6))),
	     MAIKO_EINVAL, "topic 'items': .overflow is 6, which is no maiko_overflow");
	SAYS(maiko_supervisor_add(sup, &(maiko_actor_type){"t", 8, 3, none, NULL, MAIKO_FORMAT}, "a", NULL),
	     MAIKO_EINVAL,
	     "actor type 't': its state has size 8 and alignment 3; neither may be 0, alignment is a power of 2");
	SAYS(maiko_supervisor_add(sup, &(maiko_actor_type){"t", 8, 8, NULL, NULL, MAIKO_FORMAT}, "a", NULL),
	     MAIKO_EINVAL, "actor type 't' has no list of items (NULL)");
	SAYS(maiko_supervisor_add(sup, &(maiko_actor_type){"t", 67108865, 8, none, NULL, MAIKO_FORMAT}, "a", NULL),
	     MAIKO_E2BIG, "actor type 't': its state has 67108865 bytes; at most MAIKO_STATE_SIZE_MAX, 67108864");
	SAYS(maiko_supervisor_add(sup, &(maiko_actor_type){"t", 8, 128, none, NULL, MAIKO_FORMAT}, "a", NULL),
	     MAIKO_E2BIG, "actor type 't': its state has alignment 128; at most 64");
	SAYS(maiko_supervisor_add(sup, &(maiko_actor_type){"t", 8, 8, two, NULL, MAIKO_FORMAT}, "a", NULL),
	     MAIKO_EINVAL,
	     "actor type 't': its item 1 is of no known kind, without its function, or the second of its kind");
}

TEST_ONCE(an_actor_that_is_added)
{
	maiko_supervisor *sup = test_supervisor(1);
	ok(maiko_add(sup, state, "there"));
	check_add(sup);
	SAYS(maiko_join(sup), MAIKO_ESTATE, "maiko_join: the supervisor has never been started");
	ok(maiko_start(sup));
	check_add(sup);
	SAYS(maiko_add(sup, unlucky, "a"), UV_EIO, "actor 'a' did not start: i/o error");
	SAYS(maiko_start(sup), MAIKO_ESTATE, "maiko_start: the supervisor was started or stopped before");
	test_stop(sup);
	SAYS(maiko_add(sup, state, "a"), MAIKO_ESHUTDOWN,
	     "actor 'a' cannot be added: the supervisor is stopping or has stopped");
	SAYS(maiko_add(sup, state, NULL), MAIKO_ESHUTDOWN,
	     "actor '' cannot be added: the supervisor is stopping or has stopped");
	SAYS(maiko_send(sup, item, .n = 1), MAIKO_ESHUTDOWN,
	     "the supervisor is stopping or has stopped: it takes no event from outside");
	test_release(sup);
}

TEST_ONCE(a_change)
{
	maiko_supervisor *sup = test_supervisor(1);
	maiko_actor_id id = 0;
	char text[120];
	ok(maiko_add(sup, state, "there", .ret_id = &id));
	(void)snprintf(text, sizeof text, "maiko_remove: actor %#llx 'there': the supervisor has not been started",
		       (unsigned long long)id);
	SAYS(maiko_remove(sup, id), MAIKO_ESTATE, text);
	ok(maiko_start(sup));
	SAYS(maiko_find(sup, "nobody", &id), MAIKO_ENOENT, "maiko_find: there is no actor 'nobody'");
	SAYS(maiko_find(sup, NULL, &id), MAIKO_EINVAL, "maiko_find: name is NULL");
	SAYS(maiko_find(sup, "there", NULL), MAIKO_EINVAL, "maiko_find: ret_id is NULL");
	SAYS(maiko_remove(sup, 77), MAIKO_ENOENT, "maiko_remove: actor 0x4d: there is no such actor");
	SAYS(maiko_move(sup, id, 0), MAIKO_EINVAL, "maiko_move: worker is 0; workers are numbered from 1");
	(void)snprintf(
		text, sizeof text,
		"maiko_move: actor %#llx 'there' to worker 2: there is no such worker, or the actor has a thread "
		"of its own",
		(unsigned long long)id);
	SAYS(maiko_move(sup, id, 2), MAIKO_EINVAL, text);
	SAYS(maiko_subscribe(sup, id, NULL), MAIKO_EINVAL, "a topic is NULL");
	SAYS(maiko_subscribe(sup, id, MAIKO_TOPIC_REF(items), .overflow = (maiko_overflow)6), MAIKO_EINVAL,
	     "maiko_subscribe: .overflow is 6, which is no maiko_overflow");
	SAYS(maiko_subscribe(sup, id, MAIKO_TOPIC_REF(others)), MAIKO_EINVAL,
	     "actor 'there': its type 'state' handles no event of topic 'others', and has no MAIKO_ON_ANY");
	(void)snprintf(text, sizeof text,
		       "maiko_subscribe: actor %#llx 'there', topic items: it subscribes to it already",
		       (unsigned long long)id);
	SAYS(maiko_subscribe(sup, id, MAIKO_TOPIC_REF(items)), MAIKO_EEXIST, text);
	(void)snprintf(text, sizeof text,
		       "maiko_unsubscribe: actor %#llx 'there', topic others: it does not subscribe to it",
		       (unsigned long long)id);
	SAYS(maiko_unsubscribe(sup, id, MAIKO_TOPIC_REF(others)), MAIKO_ENOENT, text);
	test_finish(sup);
}

TEST_ONCE(a_topic)
{
	static const maiko_topic other_items = {.name = "items", .overflow = MAIKO_DROP_NEWEST};
	maiko_supervisor *sup = test_supervisor(1);
	const maiko_topic *topic;
	SAYS(maiko_topic_named(NULL, "a", &topic), MAIKO_EINVAL, "maiko_topic_named: sup is NULL");
	SAYS(maiko_topic_named(sup, "a", NULL), MAIKO_EINVAL, "maiko_topic_named: ret_topic is NULL");
	SAYS(maiko_topic_named(sup, NULL, &topic), MAIKO_EINVAL, "the name of a topic is NULL");
	SAYS(maiko_topic_with(sup, "a", NULL, &topic), MAIKO_EINVAL, "maiko_topic_with: like is NULL");
	SAYS(maiko_topic_with(sup, "a", &(maiko_topic){.overflow = (maiko_overflow)9}, &topic), MAIKO_EINVAL,
	     "topic 'a': .overflow is 9, which is no maiko_overflow");
	ok(maiko_add(sup, state, "there"));
	SAYS(maiko_topic_with(sup, "items", &other_items, &topic), MAIKO_EINVAL,
	     "topic 'items' has .overflow MAIKO_BLOCK elsewhere and MAIKO_DROP_NEWEST here; they must be equal");
	test_release(sup);
}

/* ---- events --------------------------------------------------------------------------------- */

TEST_ONCE(a_layout)
{
#define LAST                                                                                                           \
	{                                                                                                              \
		.name = NULL                                                                                           \
	}
	const maiko_field none[] = {LAST}, wide[] = {{"x", 4, 8, MAIKO_KIND_INT, 0, NULL}, LAST},
			  odd[] = {{"x", 0, 3, MAIKO_KIND_INT, 0, NULL}, LAST},
			  twins[] = {{"x", 0, 4, MAIKO_KIND_INT, 0, NULL}, {"x", 4, 4, MAIKO_KIND_INT, 0, NULL}, LAST};
	SAYS(maiko_layout_check(NULL), MAIKO_EINVAL, "a struct has no layout (NULL)");
	SAYS(maiko_layout_check(&(maiko_layout){NULL, 8, 8, none, MAIKO_FORMAT}), MAIKO_EINVAL,
	     "the name of a struct or event is NULL");
	SAYS(maiko_layout_check(&(maiko_layout){"e", 8, 8, NULL, MAIKO_FORMAT}), MAIKO_EINVAL,
	     "'e' has no list of fields (NULL)");
	SAYS(maiko_layout_check(&(maiko_layout){"e", 0, 8, none, MAIKO_FORMAT}), MAIKO_EINVAL,
	     "'e' has size 0 and alignment 8; neither may be 0, alignment is a power of 2");
	SAYS(maiko_layout_check(&(maiko_layout){"e", 1048577, 8, none, MAIKO_FORMAT}), MAIKO_E2BIG,
	     "'e' has 1048577 bytes; at most MAIKO_EVENT_SIZE_MAX, 1048576");
	SAYS(maiko_layout_check(&(maiko_layout){"e", 32, 32, none, MAIKO_FORMAT}), MAIKO_E2BIG,
	     "'e' has alignment 32; at most 16");
	SAYS(maiko_layout_check(&(maiko_layout){"e", 8, 8, wide, MAIKO_FORMAT}), MAIKO_EINVAL,
	     "field 'e.x', 8 bytes at 4, reaches out of the struct's 8");
	SAYS(maiko_layout_check(&(maiko_layout){"e", 8, 8, odd, MAIKO_FORMAT}), MAIKO_EINVAL,
	     "field 'e.x' has 3 bytes, which do not fit its kind, 4");
	SAYS(maiko_layout_check(&(maiko_layout){"e", 8, 8, twins, MAIKO_FORMAT}), MAIKO_EINVAL,
	     "'e' has two fields 'x'");
	maiko_field many[34] = {LAST};
	char names[34][4];
	for (uint32_t i = 0; i < 33; i++) {
		(void)snprintf(names[i], sizeof names[i], "f%u", i);
		many[i] = (maiko_field){names[i], i, 1, MAIKO_KIND_INT, 0, NULL};
	}
	SAYS(maiko_layout_check(&(maiko_layout){"e", 64, 8, many, MAIKO_FORMAT}), MAIKO_E2BIG,
	     "'e' has more fields than MAIKO_FIELDS_MAX, 32");
	SAYS(maiko_layout_print(NULL, "", names[0], 4), MAIKO_EINVAL, "maiko_layout_print: layout is NULL");
	SAYS(maiko_layout_print(MAIKO_EVENT_REF(item)->layout, &(item){1}, names[0], 0), MAIKO_EINVAL,
	     "maiko_layout_print: size is 0; there must be room for an end");
	SAYS(maiko_layout_print(MAIKO_EVENT_REF(item)->layout, &(item){1}, names[0], 4), MAIKO_ETRUNC,
	     "maiko_layout_print: 'item' takes 8 bytes; size is 4");
}

TEST_ONCE(a_send)
{
	static const maiko_field fields[] = {{"n", 0, 4, MAIKO_KIND_UINT, 0, NULL}, LAST};
	static const maiko_layout wider = {"item", 8, 4, fields, MAIKO_FORMAT};
	const maiko_event_type other_item = {.layout = &wider, .topic = MAIKO_TOPIC_REF(items)},
			       moved = {.layout = MAIKO_EVENT_REF(item)->layout, .topic = MAIKO_TOPIC_REF(others)},
			       lost = {.layout = &wider};
	maiko_supervisor *sup = test_supervisor(1);
	item value = {1};
	ok(maiko_add(sup, state, "there"));
	SAYS(maiko_send((maiko_supervisor *)NULL, item), MAIKO_EINVAL, "maiko_send: sup is NULL");
	SAYS(maiko_send((maiko_ctx *)NULL, item), MAIKO_EINVAL, "maiko_send: ctx is NULL");
	SAYS(maiko_supervisor_send(sup, NULL, &value, 0), MAIKO_EINVAL, "maiko_supervisor_send: type is NULL");
	SAYS(maiko_send_copy(sup, item, (item *)NULL), MAIKO_EINVAL,
	     "maiko_supervisor_send: event is NULL; of maiko_send_copy, pointer");
	SAYS(maiko_send_after_ms((maiko_ctx *)NULL, 1, NULL, item), MAIKO_EINVAL, "maiko_ctx_send_after: ctx is NULL");
	SAYS(maiko_supervisor_send(sup, MAIKO_EVENT_REF(item), &value, 4), MAIKO_EINVAL,
	     "flags are 0x4; there are MAIKO_SEND_ROOT, MAIKO_SEND_TRY, and MAIKO_SEND_TRACKED for actors");
	SAYS(maiko_supervisor_send(sup, &other_item, "12345678", 0), MAIKO_ETYPE,
	     "event 'item' has another layout elsewhere: 4 bytes there, 8 here");
	SAYS(maiko_supervisor_send(sup, &moved, &value, 0), MAIKO_EINVAL,
	     "event 'item' is of topic items elsewhere and of others here; it must be one");
	SAYS(maiko_supervisor_send(sup, &lost, &value, 0), MAIKO_EINVAL,
	     "event 'item' has neither a topic nor a route; it must have one of them");
	SAYS(maiko_send(sup, letter, .to = "Ann"), MAIKO_EINVAL,
	     "event 'letter': the function that routes it returned NULL; it must return a topic");
	SAYS(maiko_publish(sup, NULL), MAIKO_EINVAL, "maiko_publish: the event is NULL");
	for (int rc = 0; rc == 0;)
		if ((rc = maiko_send(sup, item, .n = 1)) != 0)
			SAYS(rc, MAIKO_EAGAIN, "before the start no more than .external_credit events are kept");
	test_stop(sup);
	test_release(sup);
	assert_null(maiko_event_new(&lost));
	assert_string_equal(maiko_last_error(), "event 'item' must have a topic or a route, and not both");
}

TEST_ONCE(a_buffer)
{
	maiko_buffer *buffer;
	SAYS(maiko_buffer_new(1, NULL), MAIKO_EINVAL, "maiko_buffer_new: ret_buffer is NULL");
	SAYS(maiko_buffer_copy(NULL, 1, &buffer), MAIKO_EINVAL, "maiko_buffer_copy: data is NULL");
	SAYS(maiko_buffer_wrap(NULL, 1, NULL, NULL, &buffer), MAIKO_EINVAL, "maiko_buffer_wrap: data is NULL");
	SAYS(maiko_buffer_new(((size_t)1 << 30) + 1, &buffer), MAIKO_E2BIG,
	     "a buffer of 1073741825 bytes; at most MAIKO_BUFFER_MAX, 1073741824");
	char text[4];
	SAYS(maiko_text(text, "Anna"), MAIKO_ETRUNC,
	     "a text was cut: it has more than the 3 bytes that there is room for");
	SAYS(maiko_text_copy(NULL, 4, "a"), MAIKO_EINVAL, "maiko_text_copy: dst is NULL");
	SAYS(maiko_text_copy(text, 0, "a"), MAIKO_EINVAL, "maiko_text_copy: size is 0; there must be room for an end");
	SAYS(maiko_use_memory(text, 4), MAIKO_EINVAL, "maiko_use_memory: size is 4; at least 65536 bytes");
	SAYS(maiko_set_allocator(&(maiko_allocator){.arg = NULL}), MAIKO_EINVAL,
	     "maiko_set_allocator: one of the four functions is NULL");
}

TEST_ONCE(a_report_and_a_monitor)
{
	maiko_supervisor *sup = test_supervisor(1);
	maiko_ledger *ledger;
	maiko_monitor *monitor;
	SAYS(maiko_report(NULL, &ledger), MAIKO_EINVAL, "maiko_report: sup is NULL");
	SAYS(maiko_report(sup, NULL), MAIKO_EINVAL, "maiko_report: ret_ledger is NULL");
	SAYS(maiko_ledger_print(NULL, stdout), MAIKO_EINVAL, "maiko_ledger_print: ledger is NULL");
	SAYS(maiko_monitor_add(sup, NULL, NULL, &monitor), MAIKO_EINVAL, "maiko_monitor_add: hooks is NULL");
	SAYS(maiko_monitor_add(sup, &(maiko_hooks){.any = NULL}, NULL, &monitor), MAIKO_EINVAL,
	     "maiko_monitor_add: hooks has no hook at all");
	SAYS(maiko_monitor_pause(NULL), MAIKO_EINVAL, "the monitor is NULL");
	SAYS(maiko_monitor_resume(NULL), MAIKO_EINVAL, "the monitor is NULL");
	SAYS(maiko_monitor_remove(NULL, NULL), MAIKO_EINVAL, "the monitor is NULL");
	test_release(sup);
}

/* ---- inside an actor -------------------------------------------------------------------------- */

typedef struct job {
	uint32_t n;
} job;
static int job_work(job *self) { return 0; }

typedef struct prober {
	uv_timer_t timer, strange;
} prober;
static int prober_on_job(prober *self, job *done, int status, maiko_ctx *ctx) { return status; }
MAIKO_BLOCKING(prober, job, job_work, prober_on_job);
static const maiko_job_type others_job = {.actor = "other", .size = 4, .work = NULL, .done = NULL};

static void probe_handles(prober *self, maiko_ctx *ctx)
{
	uv_loop_t loop;
	uv_handle_t *timer = (uv_handle_t *)&self->timer, *strange = (uv_handle_t *)&self->strange;
	SAYS(maiko_adopt(ctx, NULL), MAIKO_EINVAL, "maiko_adopt: handle is NULL");
	SAYS(maiko_close(ctx, NULL, NULL), MAIKO_EINVAL, "maiko_close: handle is NULL");
	expect(uv_loop_init(&loop) == 0 && uv_timer_init(&loop, &self->strange) == 0 &&
	       uv_timer_init(maiko_loop(ctx), &self->timer) == 0);
	SAYS(maiko_adopt(ctx, strange), MAIKO_EINVAL,
	     "maiko_adopt: the handle is not of the loop of actor 'prober' (maiko_loop)");
	SAYS(maiko_close(ctx, timer, NULL), MAIKO_EINVAL,
	     "maiko_close: the handle is none that actor 'prober' has adopted, or is closing already");
	expect(maiko_adopt(ctx, timer) == 0);
	SAYS(maiko_adopt(ctx, timer), MAIKO_EEXIST, "maiko_adopt: actor 'prober' has adopted the handle already");
	SAYS(maiko_enter(ctx), MAIKO_ESTATE, "maiko_enter: this thread is inside a callback of actor 'prober' already");
	uv_close(strange, NULL);
	(void)uv_run(&loop, UV_RUN_DEFAULT);
	expect(uv_loop_close(&loop) == 0);
}

static int prober_on_item(prober *self, const item *ev, maiko_ctx *ctx)
{
	maiko_supervisor *sup = maiko_supervisor_of(ctx);
	static const char waits[] =
		" waits, which a thread inside a callback or job, or with an embedded loop, may not";
	char text[160];
	probe_handles(self, ctx);
	SAYS(maiko_ctx_send(ctx, NULL, ev, 0), MAIKO_EINVAL, "maiko_ctx_send: type is NULL");
	SAYS(maiko_send_copy(ctx, item, (item *)NULL), MAIKO_EINVAL,
	     "maiko_ctx_send: event is NULL; of maiko_send_copy, pointer");
	SAYS(maiko_keep(ctx, self), MAIKO_EINVAL, "maiko_keep: event is not the one that is being handled");
	SAYS(maiko_release(ctx, ev), MAIKO_EINVAL, "maiko_release: event is none that this actor keeps");
	SAYS(maiko_cancel(ctx, 5), MAIKO_ENOENT,
	     "maiko_cancel: the actor has no such delayed send: it was sent or cancelled");
	SAYS(maiko_wake_tick(ctx), MAIKO_EINVAL, "maiko_wake_tick: actor 'prober' has no MAIKO_TICK");
	SAYS(maiko_ctx_blocking(ctx, NULL, ev), MAIKO_EINVAL, "maiko_ctx_blocking: type is NULL");
	SAYS(maiko_ctx_blocking(ctx, &others_job, ev), MAIKO_EINVAL,
	     "maiko_blocking: a job type needs work, done, the actor's type and a size");
	maiko_job_type type = maiko_gen_job_job_work_prober_on_job;
	type.actor = "other";
	SAYS(maiko_ctx_blocking(ctx, &type, ev), MAIKO_ETYPE,
	     "maiko_blocking: the job is one of actor type 'other', actor 'prober' is a 'prober'");
	type.size = 1048577;
	SAYS(maiko_ctx_blocking(ctx, &type, ev), MAIKO_E2BIG,
	     "maiko_blocking: a job of 1048577 bytes; at most MAIKO_EVENT_SIZE_MAX, 1048576");
	(void)snprintf(text, sizeof text, "maiko_stop%s", waits);
	SAYS(maiko_stop(sup, NULL), MAIKO_EDEADLK, text);
	(void)snprintf(text, sizeof text, "maiko_join%s", waits);
	SAYS(maiko_join(sup), MAIKO_EDEADLK, text);
	SAYS(maiko_run(sup), MAIKO_EDEADLK,
	     "maiko_run waits, which a thread inside a callback, or with an embedded loop, may not");
	SAYS(maiko_add(ctx, state, "prober"), MAIKO_EEXIST, "actor 'prober': there is one of that name already");
	expect(maiko_stop_self(ctx) == 0);
	SAYS(maiko_stop_self(ctx), MAIKO_ESTATE, "maiko_stop_self: actor 'prober' is ending already");
	atomic_fetch_add(&probed, 1);
	return 0;
}
MAIKO_ACTOR(prober, MAIKO_ON(item, prober_on_item));

TEST_ONCE(inside_an_actor)
{
	maiko_supervisor *sup = test_supervisor(1);
	ok(maiko_add(sup, prober, "prober"));
	ok(maiko_start(sup));
	ok(maiko_send(sup, item, .n = 1));
	test_wait_for(&probed, 1);
	test_finish(sup);
}

/* A muted actor, of which nobody takes what it sends. */
typedef struct flooder {
	uint32_t sent;
} flooder;
static int flooder_on_other(flooder *self, const other *ev, maiko_ctx *ctx)
{
	int rc = 0;
	while ((rc = maiko_send(ctx, item, .n = self->sent)) == 0)
		self->sent++;
	SAYS(rc, MAIKO_EAGAIN,
	     "the actor is muted, as a subscriber is full, and has used up the MAIKO_ALLOWANCE sends that it still "
	     "had");
	atomic_fetch_add(&probed, 1);
	return 0;
}
MAIKO_ACTOR(flooder, MAIKO_ON(other, flooder_on_other));

TEST_ONCE(a_muted_actor)
{
	maiko_supervisor *sup = test_supervisor(1);
	ok(maiko_add(sup, state, "slow", .mailbox = 4, .worker = 1));
	ok(maiko_add(sup, flooder, "flooder", .worker = 1));
	ok(maiko_start(sup));
	ok(maiko_send(sup, other, .n = 1));
	test_wait_for(&probed, 1);
	test_finish(sup);
}

TEST_ONCE(a_start)
{
	maiko_supervisor *sup = test_supervisor(1);
	ok(maiko_add(sup, state, "there"));
	ok(maiko_add(sup, unlucky, "unlucky"));
	SAYS(maiko_start(sup), UV_EIO, "maiko_start: the actor 'unlucky' failed in on_start: i/o error");
	test_release(sup);
}

/* ---- the library for tests --------------------------------------------------------------------- */

TEST_ONCE(the_library_for_tests)
{
	maiko_supervisor *sup = test_supervisor(1);
	maiko_recorder *recorder;
	maiko_invariant *invariant;
	maiko_explore_result explored;
	maiko_replay_result replayed;
	SAYS(maiko_sim_new(NULL, NULL), MAIKO_EINVAL, "maiko_sim_new: ret_sim is NULL");
	SAYS(maiko_sim_check(NULL, NULL, NULL), MAIKO_EINVAL, "maiko_sim_check: sim or check is NULL");
	SAYS(maiko_harness_open(NULL, sup, NULL), MAIKO_EINVAL, "maiko_harness_open: ret_harness is NULL");
	SAYS(maiko_harness_settle(NULL), MAIKO_EINVAL, "maiko_harness_settle: h is NULL");
	SAYS(maiko_harness_status(NULL), MAIKO_EINVAL, "the harness is NULL");
	SAYS(maiko_recorder_new(&recorder, sup, NULL, NULL), MAIKO_EINVAL, "maiko_recorder_new: path is NULL");
	SAYS(maiko_recorder_new(&recorder, sup, "/nowhere/a.mkr", NULL), UV_ENOENT,
	     "maiko_recorder_new: '/nowhere/a.mkr' cannot be made: there is no such thing");
	SAYS(maiko_invariant_followed_by(sup, MAIKO_EVENT_REF(item), MAIKO_EVENT_REF(item), &invariant, NULL),
	     MAIKO_EINVAL, "an invariant: 'item' cannot be followed by itself");
	SAYS(maiko_invariant_check(NULL), MAIKO_EINVAL, "the invariant is NULL");
	SAYS(maiko_explore(NULL, &explored), MAIKO_EINVAL, "maiko_explore: the options need a .scenario");
	SAYS(maiko_replay(NULL, &replayed), MAIKO_EINVAL, "maiko_replay: options is NULL");
	SAYS(maiko_replay(&(maiko_replay_options){.path = "a"}, &replayed), MAIKO_EINVAL,
	     "maiko_replay: the options need .path and .setup");
	test_release(sup);
}
