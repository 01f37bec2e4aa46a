/*
 * C15, C6: bad descriptions, clashes of names, types and policies, and nonsense asked for
 * inside an actor are refused with the error that the headers name; nothing is taken or
 * changed, and all goes on working. (test_refused.c has names, options and moments.)
 */
#include "support.h"

#include <string.h>
#include <uv.h>

typedef struct item {
	uint32_t n;
} item;
MAIKO_TOPIC(items);
MAIKO_EVENT(item, items, n);

typedef struct routed {
	uint32_t n;
} routed;
static const maiko_topic *nowhere(const routed *ev) { return NULL; }
MAIKO_EVENT_ROUTED(routed, nowhere, n);

PER_TEST _Atomic(uint64_t) probed;

TEST_LISTENER(sink, item);

static maiko_supervisor *with_sink(uint32_t workers, maiko_actor_id *ret_id)
{
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, sink, "sink", .ret_id = ret_id));
	return sup;
}

static void runs_on(maiko_supervisor *sup)
{
	uint64_t before = atomic_load(&test_heard_events);
	ok(maiko_send(sup, item, .n = 1));
	test_wait_for(&test_heard_events, before + 1);
}

/* It starts, handles an event, and its ledger balances. */
static void starts_and_works(maiko_supervisor *sup)
{
	ok(maiko_start(sup));
	runs_on(sup);
	maiko_counts total = test_finish(sup);
	assert_int_equal(total.handled, 1);
	assert_int_equal(total.deliveries, 1);
}

/* ---- a name is taken once ------------------------------------------------------------------ */

TEST_SIM(a_name_is_free_again_once_its_actor_is_removed)
{
	maiko_actor_id first = 0, second = 7, found = 0;
	maiko_supervisor *sup = with_sink(workers, &first);
	returns(maiko_add(sup, sink, "sink", .ret_id = &second), MAIKO_EEXIST);
	ok(maiko_start(sup));
	returns(maiko_add(sup, sink, "sink", .ret_id = &second), MAIKO_EEXIST);
	returns(maiko_add(sup, sink, "sink", .own_thread = true, .ret_id = &second), MAIKO_EEXIST);
	assert_int_equal(second, 7);
	ok(maiko_find(sup, "sink", &found));
	assert_int_equal(found, first);
	assert_int_equal(maiko_worker_count(sup), workers);
	runs_on(sup);
	ok(maiko_remove(sup, first));
	returns(maiko_find(sup, "sink", &found), MAIKO_ENOENT);
	ok(maiko_add(sup, sink, "sink", .ret_id = &second));
	assert_int_not_equal(second, first);
	runs_on(sup);
	test_finish(sup);
}

/* ---- descriptions of actors, events and topics ------------------------------------------------ */

static int item_fn(void *self, const void *ev, maiko_ctx *ctx) { return 0; }

static int hook_fn(void *self, maiko_ctx *ctx) { return 0; }

TEST_SIM(bad_actor_types_are_refused)
{
	static const maiko_item none[] = {{.kind = MAIKO_ITEM_END}};
	static const maiko_item no_fn[] = {{.kind = MAIKO_ITEM_START}, {.kind = MAIKO_ITEM_END}};
	static const maiko_item no_event[] = {{.kind = MAIKO_ITEM_ON, .on = item_fn}, {.kind = MAIKO_ITEM_END}};
	static const maiko_item start = {.kind = MAIKO_ITEM_START, .hook = hook_fn};
	static const maiko_item on = {.kind = MAIKO_ITEM_ON, .event = &maiko_gen_event_item, .on = item_fn};
	const maiko_item two_starts[] = {start, start, none[0]}, two_handlers[] = {on, on, none[0]};
	const maiko_item unknown[] = {{.kind = (maiko_item_kind)42}, none[0]};
	maiko_item many[34] = {{.kind = MAIKO_ITEM_END}};
	for (int i = 0; i < 33; i++)
		many[i] = on;
	const struct {
		maiko_actor_type type;
		int rc;
	} bad[] = {
		{{.name = NULL, .state_size = 8, .state_align = 8, .items = none}, MAIKO_EINVAL},
		{{.name = "", .state_size = 8, .state_align = 8, .items = none}, MAIKO_EINVAL},
		{{.name = "t", .state_size = 0, .state_align = 8, .items = none}, MAIKO_EINVAL},
		{{.name = "t", .state_size = 8, .state_align = 0, .items = none}, MAIKO_EINVAL},
		{{.name = "t", .state_size = 8, .state_align = 3, .items = none}, MAIKO_EINVAL},
		{{.name = "t", .state_size = 8, .state_align = 8, .items = NULL}, MAIKO_EINVAL},
		{{.name = "t", .state_size = 8, .state_align = 8, .items = no_fn}, MAIKO_EINVAL},
		{{.name = "t", .state_size = 8, .state_align = 8, .items = no_event}, MAIKO_EINVAL},
		{{.name = "t", .state_size = 8, .state_align = 8, .items = two_starts}, MAIKO_EINVAL},
		{{.name = "t", .state_size = 8, .state_align = 8, .items = two_handlers}, MAIKO_EINVAL},
		{{.name = "t", .state_size = 8, .state_align = 8, .items = unknown}, MAIKO_EINVAL},
		{{.name = "t", .state_size = 8, .state_align = 8, .items = many}, MAIKO_E2BIG},
		{{.name = "t", .state_size = 8, .state_align = 128, .items = none}, MAIKO_E2BIG},
		{{.name = "t", .state_size = MAIKO_STATE_SIZE_MAX + 1, .state_align = 8, .items = none}, MAIKO_E2BIG},
	};
	maiko_supervisor *sup = with_sink(workers, NULL);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_int_equal(maiko_supervisor_add(sup, &bad[i].type, "x", NULL), bad[i].rc);
	starts_and_works(sup);
}

typedef struct pair {
	uint32_t a, b;
} pair;

#define UINT_AT(name_, offset_, size_)                                                                                 \
	{                                                                                                              \
		.name = (name_), .offset = (offset_), .size = (size_), .kind = MAIKO_KIND_UINT                         \
	}
#define LAST_FIELD                                                                                                     \
	{                                                                                                              \
		.name = NULL                                                                                           \
	}
static const maiko_field pair_fields[] = {UINT_AT("a", 0, 4), UINT_AT("b", 4, 4), LAST_FIELD};

TEST_SIM(bad_layouts_are_refused)
{
	static const maiko_field outside[] = {UINT_AT("a", 6, 4), LAST_FIELD};
	static const maiko_field wraps[] = {UINT_AT("a", UINT32_MAX - 2, 4), LAST_FIELD};
	static const maiko_field twice[] = {UINT_AT("a", 0, 4), UINT_AT("a", 4, 4), LAST_FIELD};
	static const maiko_field odd_size[] = {UINT_AT("a", 0, 3), LAST_FIELD};
	static const maiko_field no_name[] = {UINT_AT("", 0, 4), LAST_FIELD};
	static const maiko_field odd_kind[] = {{.name = "a", .size = 4, .kind = (maiko_kind)77}, LAST_FIELD};
	static const maiko_field no_inner[] = {{.name = "a", .size = 4, .kind = MAIKO_KIND_STRUCT}, LAST_FIELD};
	const struct {
		maiko_layout layout;
		int rc;
	} bad[] = {
		{{NULL, 8, 4, pair_fields, MAIKO_FORMAT}, MAIKO_EINVAL},
		{{"", 8, 4, pair_fields, MAIKO_FORMAT}, MAIKO_EINVAL},
		{{"pair", 0, 4, pair_fields, MAIKO_FORMAT}, MAIKO_EINVAL},
		{{"pair", 8, 0, pair_fields, MAIKO_FORMAT}, MAIKO_EINVAL},
		{{"pair", 8, 4, NULL, MAIKO_FORMAT}, MAIKO_EINVAL},
		{{"pair", 4, 4, pair_fields, MAIKO_FORMAT}, MAIKO_EINVAL},
		{{"pair", 8, 4, outside, MAIKO_FORMAT}, MAIKO_EINVAL},
		{{"pair", 8, 4, wraps, MAIKO_FORMAT}, MAIKO_EINVAL},
		{{"pair", 8, 4, twice, MAIKO_FORMAT}, MAIKO_EINVAL},
		{{"pair", 8, 4, odd_size, MAIKO_FORMAT}, MAIKO_EINVAL},
		{{"pair", 8, 4, odd_kind, MAIKO_FORMAT}, MAIKO_EINVAL},
		{{"pair", 8, 4, no_name, MAIKO_FORMAT}, MAIKO_EINVAL},
		{{"pair", 8, 4, no_inner, MAIKO_FORMAT}, MAIKO_EINVAL},
		{{"pair", MAIKO_EVENT_SIZE_MAX + 1, 4, pair_fields, MAIKO_FORMAT}, MAIKO_E2BIG},
	};
	returns(maiko_layout_check(NULL), MAIKO_EINVAL);
	maiko_supervisor *sup = with_sink(workers, NULL);
	const pair value = {1, 2};
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		uint64_t slot = 0;
		const maiko_event_type type = {&bad[i].layout, MAIKO_TOPIC_REF(items), NULL, &slot, MAIKO_FORMAT};
		assert_int_equal(maiko_layout_check(&bad[i].layout), bad[i].rc);
		assert_int_equal(maiko_supervisor_send(sup, &type, &value, 0), bad[i].rc);
		assert_null(maiko_event_new(&type));
	}
	assert_null(maiko_event_new(NULL));
	starts_and_works(sup);
}

TEST_SIM(an_event_has_a_topic_or_a_route)
{
	static const maiko_layout layout = {"pair", 8, 4, pair_fields, MAIKO_FORMAT};
	maiko_supervisor *sup = with_sink(workers, NULL);
	const pair value = {1, 2};
	uint64_t slots[2] = {0, 0};
	const maiko_event_type neither = {&layout, NULL, NULL, &slots[0], MAIKO_FORMAT};
	const maiko_event_type both = {&layout, MAIKO_TOPIC_REF(items), MAIKO_EVENT_REF(routed)->route, &slots[1],
				       MAIKO_FORMAT};
	returns(maiko_supervisor_send(sup, &neither, &value, 0), MAIKO_EINVAL);
	returns(maiko_supervisor_send(sup, &both, &value, 0), MAIKO_EINVAL);
	returns(maiko_send(sup, routed, .n = 1), MAIKO_EINVAL); /* to no topic */
	starts_and_works(sup);
}

TEST_SIM(a_name_with_another_layout_is_another_type)
{
	static const maiko_field other_fields[] = {UINT_AT("m", 0, 4), LAST_FIELD};
	static const maiko_field same_fields[] = {UINT_AT("n", 0, 4), LAST_FIELD};
	static const maiko_layout wide = {"item", 8, 4, pair_fields, MAIKO_FORMAT};
	static const maiko_layout other = {"item", 4, 4, other_fields, MAIKO_FORMAT},
				  same = {"item", 4, 4, same_fields, MAIKO_FORMAT};
	uint64_t slots[4] = {0, 0, 0, 0};
	const maiko_event_type wider = {&wide, MAIKO_TOPIC_REF(items), NULL, &slots[0], MAIKO_FORMAT};
	const maiko_event_type renamed = {&other, MAIKO_TOPIC_REF(items), NULL, &slots[1], MAIKO_FORMAT};
	const maiko_event_type moved = {&same, &maiko_default_topic, NULL, &slots[2], MAIKO_FORMAT};
	const maiko_event_type equal = {&same, MAIKO_TOPIC_REF(items), NULL, &slots[3], MAIKO_FORMAT};
	const maiko_item handlers[] = {{.kind = MAIKO_ITEM_ON, .event = &wider, .on = item_fn},
				       {.kind = MAIKO_ITEM_END}};
	const maiko_actor_type reader = {.name = "reader", .state_size = 8, .state_align = 8, .items = handlers};
	const pair value = {1, 2};
	maiko_supervisor *sup = with_sink(workers, NULL);
	returns(maiko_supervisor_send(sup, &wider, &value, 0), MAIKO_ETYPE);
	returns(maiko_supervisor_send(sup, &renamed, &value, 0), MAIKO_ETYPE);
	returns(maiko_supervisor_send(sup, &moved, &value, 0), MAIKO_EINVAL);
	returns(maiko_supervisor_add(sup, &reader, "reader", NULL), MAIKO_ETYPE);
	ok(maiko_start(sup));
	ok(maiko_supervisor_send(sup, &equal, &value, 0)); /* of another file, say */
	test_wait_for(&test_heard_events, 1);
	runs_on(sup);
	test_finish(sup);
}

static uint64_t some_key(const struct maiko_any *any) { return 0; }

TEST_SIM(a_topic_has_one_policy)
{
	maiko_actor_id id;
	maiko_supervisor *sup = with_sink(workers, &id);
	uint64_t slots[2] = {0, 0};
	const maiko_topic *topic = NULL;
	const maiko_topic dropping = {.name = "items", .overflow = MAIKO_DROP_NEWEST, .slot = &slots[0]};
	const maiko_topic keyed = {.name = "items", .key = some_key, .slot = &slots[1]};
	const maiko_topic blocking = {.name = "", .overflow = MAIKO_BLOCK};
	const maiko_subscription topics[] = {{.topic = &dropping}, {.topic = NULL}};
	returns(maiko_topic_with(sup, "items", &dropping, &topic), MAIKO_EINVAL);
	returns(maiko_topic_with(sup, "items", &keyed, &topic), MAIKO_EINVAL);
	assert_null(topic);
	ok(maiko_topic_with(sup, "items", &blocking, &topic)); /* which is the default */
	returns(maiko_add(sup, sink, "x", .topics = topics), MAIKO_EINVAL);
	ok(maiko_start(sup));
	returns(maiko_subscribe(sup, id, &dropping), MAIKO_EINVAL);
	runs_on(sup);
	test_finish(sup);
}

/* ---- inside an actor ------------------------------------------------------------------------------ */

typedef struct job {
	uint32_t n;
} job;

static int job_work(job *j) { return 0; }

typedef struct prober {
	uv_timer_t timer;
} prober;

static int prober_on_job(prober *self, job *j, int status, maiko_ctx *ctx) { return status; }
MAIKO_BLOCKING(prober, job, job_work, prober_on_job);

static int sink_on_job(sink *self, job *j, int status, maiko_ctx *ctx) { return status; }
MAIKO_BLOCKING(sink, job, job_work, sink_on_job);

typedef struct label {
	char text[8];
} label;
MAIKO_EVENT(label, items, text);

static void probe_drafts(maiko_ctx *ctx)
{
	label *draft = maiko_new(label);
	expect(draft != NULL);
	memset(draft->text, 'x', sizeof draft->text);
	expect(maiko_publish(ctx, draft) == MAIKO_EINVAL);
	expect(maiko_publish(maiko_supervisor_of(ctx), draft) == MAIKO_EINVAL);
	draft->text[7] = '\0';
	expect(maiko_publish(ctx, draft) == 0);
}

static void probe_sends(maiko_ctx *ctx)
{
	maiko_ctx *none = NULL;
	const item value = {1};
	maiko_delayed delayed = 0;
	expect(maiko_send(none, item, .n = 1) == MAIKO_EINVAL);
	expect(maiko_ctx_send(ctx, NULL, &value, 0) == MAIKO_EINVAL);
	expect(maiko_ctx_send(ctx, MAIKO_EVENT_REF(item), NULL, 0) == MAIKO_EINVAL);
	expect(maiko_ctx_send(ctx, MAIKO_EVENT_REF(item), &value, 4) == MAIKO_EINVAL);
	expect(maiko_ctx_publish(ctx, NULL, 0) == MAIKO_EINVAL);
	expect(maiko_send(ctx, routed, .n = 1) == MAIKO_EINVAL);
	expect(maiko_send_after_ms(none, 1, NULL, item, .n = 1) == MAIKO_EINVAL);
	expect(maiko_ctx_send_after(ctx, 1, NULL, NULL, &value) == MAIKO_EINVAL);
	expect(maiko_ctx_send_after(ctx, 1, NULL, MAIKO_EVENT_REF(item), NULL) == MAIKO_EINVAL);
	expect(maiko_send_after_ms(ctx, 1, NULL, routed, .n = 1) == MAIKO_EINVAL);
	expect(maiko_cancel(none, 1) == MAIKO_EINVAL);
	expect(maiko_cancel(ctx, 0) == MAIKO_ENOENT);
	expect(maiko_cancel(ctx, 12345) == MAIKO_ENOENT);
	expect(maiko_send_after_ms(ctx, 100000, &delayed, item, .n = 1) == 0);
	expect(maiko_cancel(ctx, delayed) == 0);
	expect(maiko_cancel(ctx, delayed) == MAIKO_ENOENT);
}

static void probe_changes(maiko_ctx *ctx)
{
	maiko_ctx *none = NULL;
	maiko_supervisor *sup = maiko_supervisor_of(ctx);
	expect(maiko_add(none, sink, "x") == MAIKO_EINVAL);
	expect(maiko_ctx_add(ctx, NULL, "x", NULL) == MAIKO_EINVAL);
	expect(maiko_add(ctx, sink, "") == MAIKO_EINVAL);
	expect(maiko_add(ctx, sink, "sink") == MAIKO_EEXIST);
	expect(maiko_add(ctx, sink, "x", .worker = 65) == MAIKO_EINVAL);
	expect(maiko_remove(none, 1) == MAIKO_EINVAL);
	expect(maiko_subscribe(none, 1, MAIKO_TOPIC_REF(items)) == MAIKO_EINVAL);
	expect(maiko_subscribe(ctx, maiko_self(ctx), NULL) == MAIKO_EINVAL);
	expect(maiko_unsubscribe(ctx, maiko_self(ctx), NULL) == MAIKO_EINVAL);
	expect(maiko_stop_self(none) == MAIKO_EINVAL);
	expect(maiko_stop_all(none) == MAIKO_EINVAL);
	expect(maiko_start(sup) == MAIKO_EDEADLK);
	expect(maiko_stop(sup, NULL) == MAIKO_EDEADLK);
	expect(maiko_join(sup) == MAIKO_EDEADLK);
	expect(maiko_supervisor_free(sup) == sup);
}

static void probe_events_and_jobs(prober *self, const item *ev, maiko_ctx *ctx)
{
	maiko_ctx *none = NULL;
	const job j = {1};
	expect(maiko_keep(none, ev) == MAIKO_EINVAL);
	expect(maiko_keep(ctx, NULL) == MAIKO_EINVAL);
	expect(maiko_keep(ctx, self) == MAIKO_EINVAL);
	expect(maiko_release(none, ev) == MAIKO_EINVAL);
	expect(maiko_release(ctx, ev) == MAIKO_EINVAL);
	expect(maiko_release(ctx, NULL) == MAIKO_EINVAL);
	expect(maiko_wake_tick(none) == MAIKO_EINVAL);
	expect(maiko_wake_tick(ctx) == MAIKO_EINVAL); /* it has none */
	expect(maiko_enter(none) == MAIKO_EINVAL);
	expect(maiko_enter(ctx) == MAIKO_ESTATE);
	expect(maiko_ctx_blocking(none, &maiko_gen_job_job_work_prober_on_job, &j) == MAIKO_EINVAL);
	expect(maiko_ctx_blocking(ctx, NULL, &j) == MAIKO_EINVAL);
	expect(maiko_ctx_blocking(ctx, &maiko_gen_job_job_work_prober_on_job, NULL) == MAIKO_EINVAL);
	expect(maiko_blocking(ctx, job_work, sink_on_job, .n = 1) == MAIKO_ETYPE);
	expect(maiko_blocking(ctx, job_work, prober_on_job, .n = 1) == 0);
}

static void probe_handles(prober *self, maiko_ctx *ctx)
{
	uv_loop_t other;
	uv_timer_t elsewhere;
	maiko_ctx *none = NULL;
	uv_handle_t *handle = (uv_handle_t *)&self->timer;
	expect(maiko_adopt(ctx, NULL) == MAIKO_EINVAL);
	expect(uv_loop_init(&other) == 0);
	expect(uv_timer_init(&other, &elsewhere) == 0);
	expect(maiko_adopt(ctx, (uv_handle_t *)&elsewhere) == MAIKO_EINVAL);
	uv_close((uv_handle_t *)&elsewhere, NULL);
	uv_run(&other, UV_RUN_DEFAULT);
	expect(uv_loop_close(&other) == 0);
	expect(uv_timer_init(maiko_loop(ctx), &self->timer) == 0);
	expect(maiko_close(ctx, handle, NULL) == MAIKO_EINVAL);
	expect(maiko_adopt(none, handle) == MAIKO_EINVAL);
	expect(maiko_adopt(ctx, handle) == 0);
	expect(maiko_adopt(ctx, handle) == MAIKO_EEXIST);
	expect(maiko_close(none, handle, NULL) == MAIKO_EINVAL);
	expect(maiko_close(ctx, NULL, NULL) == MAIKO_EINVAL);
	expect(maiko_close(ctx, handle, NULL) == 0);
	expect(maiko_close(ctx, handle, NULL) == MAIKO_EINVAL);
}

static int prober_on_item(prober *self, const item *ev, maiko_ctx *ctx)
{
	if (atomic_load(&probed) == 0) {
		probe_sends(ctx);
		probe_drafts(ctx);
		probe_changes(ctx);
		probe_events_and_jobs(self, ev, ctx);
		probe_handles(self, ctx);
	}
	atomic_fetch_add(&probed, 1);
	return 0;
}
MAIKO_ACTOR(prober, MAIKO_ON(item, prober_on_item));

TEST_WORKERS(an_actor_may_ask_for_nonsense)
{
	maiko_supervisor *sup = with_sink(workers, NULL);
	ok(maiko_add(sup, prober, "prober"));
	ok(maiko_start(sup));
	runs_on(sup);
	test_wait_for(&probed, 1);
	runs_on(sup);
	test_wait_for(&probed, 2);
	maiko_counts total = test_finish(sup);
	assert_int_equal(total.handled, 4);
	assert_int_equal(total.deliveries, 5);
}

/* ---- an id that is no actor's yet ----------------------------------------------------------------------- */

PER_TEST _Atomic(uint64_t) unknown;
PER_TEST maiko_actor_id coming;

static void note_unknown(void *arg, const maiko_completion *completion)
{
	expect(completion->status == MAIKO_ENOENT);
	atomic_fetch_add(&unknown, 1);
}

/* The changes gather in one batch, behind the first: the guessed id is an actor's when they are made. */
static int change_what_is_coming(maiko_ctx *ctx)
{
	maiko_actor_id here = 0, guess;
	expect(maiko_add(ctx, sink, "here", .topics = MAIKO_NO_TOPICS, .ret_id = &here) == 0);
	guess = here + 1;
	expect(maiko_subscribe(ctx, guess, MAIKO_TOPIC_REF(items), .done = note_unknown) == 0);
	expect(maiko_add(ctx, sink, "coming", .topics = MAIKO_NO_TOPICS, .ret_id = &coming) == 0);
	expect(coming == guess);
	return 0;
}

static int remove_what_is_coming(maiko_ctx *ctx)
{
	maiko_actor_id last = 0;
	expect(maiko_add(ctx, sink, "last", .topics = MAIKO_NO_TOPICS, .ret_id = &last) == 0);
	expect(maiko_remove(ctx, last + 1, .done = note_unknown) == 0);
	expect(maiko_add(ctx, sink, "behind", .topics = MAIKO_TOPICS(items)) == 0);
	return 0;
}

TEST_SIM(a_change_of_an_actor_that_is_added_after_it_changes_nothing)
{
	maiko_supervisor *sup = with_sink(workers, NULL);
	ok(maiko_add(sup, puppet, "puppet"));
	ok(maiko_start(sup));
	test_order(sup, "puppet", change_what_is_coming);
	test_wait_for(&unknown, 1);
	test_order(sup, "puppet", remove_what_is_coming);
	test_wait_for(&unknown, 2);
	test_settle(sup);
	ok(maiko_send(sup, item, .n = 1));
	test_settle(sup);
	expect_heard("coming", "");
	expect_heard("behind", "item 1");
	ok(maiko_subscribe(sup, coming, MAIKO_TOPIC_REF(items)));
	ok(maiko_send(sup, item, .n = 2));
	test_settle(sup);
	expect_heard("coming", "item 2");
	test_finish(sup);
}

/* ---- where one must not wait ------------------------------------------------------------------------ */

static maiko_supervisor *_Atomic other_sup;

typedef struct bridge {
	int unused;
} bridge;

static int bridge_on_item(bridge *self, const item *ev, maiko_ctx *ctx)
{
	maiko_supervisor *other = atomic_load(&other_sup);
	int rc = 0, sent = 0;
	while (sent < 1000 && (rc = maiko_send(other, item, .n = 1)) == 0)
		sent++;
	expect(sent == 10); /* the credit: that supervisor has not started */
	expect(rc == MAIKO_EAGAIN);
	expect(maiko_start(other) == MAIKO_EDEADLK);
	expect(maiko_add(other, sink, "second") == 0);
	atomic_fetch_add(&probed, 1);
	return 0;
}
MAIKO_ACTOR(bridge, MAIKO_ON(item, bridge_on_item));

TEST_WORKERS(a_callback_does_not_wait_for_another_supervisor)
{
	maiko_supervisor *sup = with_sink(workers, NULL), *other = NULL;
	maiko_options options = {.workers = workers, .external_credit = 10};
	ok(maiko_supervisor_new(&other, &options));
	atomic_store(&other_sup, other);
	ok(maiko_add(other, sink, "first"));
	ok(maiko_add(sup, bridge, "bridge"));
	ok(maiko_start(sup));
	runs_on(sup);
	test_wait_for(&probed, 1);
	ok(maiko_start(other));
	test_wait_for(&test_heard_events, 1 + 2 * 10);
	test_finish(other);
	test_finish(sup);
}

TEST_SIM(before_the_start_sends_are_taken_up_to_the_credit)
{
	maiko_supervisor *sup = test_supervisor_with((maiko_options){.workers = workers, .external_credit = 10});
	ok(maiko_add(sup, sink, "sink"));
	for (int i = 0; i < 10; i++)
		ok(maiko_send(sup, item, .n = 1));
	returns(maiko_send(sup, item, .n = 1), MAIKO_EAGAIN);
	returns(maiko_try_send(sup, item, .n = 1), MAIKO_EAGAIN);
	ok(maiko_start(sup));
	test_wait_for(&test_heard_events, 10);
	runs_on(sup);
	maiko_counts total = test_finish(sup);
	assert_int_equal(total.handled, 11);
}
