/*
 * C15: what is refused, and with which error. Every test runs beside two witnesses and ends
 * with events for them: whatever was refused, all goes on working and nothing is lost.
 */
#include "support.h"

#include <string.h>
#include <uv.h>

enum { WITNESSES = 2, LAST_WORDS = 100 };

typedef struct note {
	uint32_t n;
} note;
MAIKO_TOPIC(notes);
MAIKO_EVENT(note, notes, n);

TEST_LISTENER(witness, note);

static maiko_supervisor *with_witnesses(uint32_t workers)
{
	test_begin();
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, witness, "first"));
	ok(maiko_add(sup, witness, "second"));
	return sup;
}

static maiko_supervisor *running(uint32_t workers)
{
	maiko_supervisor *sup = with_witnesses(workers);
	ok(maiko_start(sup));
	return sup;
}

/* Both witnesses still handle all; `before`: notes that were accepted already. */
static void finish_sound(maiko_supervisor *sup, uint64_t before)
{
	for (uint32_t n = 0; n < LAST_WORDS; n++)
		ok(maiko_send(sup, note, .n = n));
	test_wait_for(&test_heard_events, WITNESSES * (before + LAST_WORDS));
	maiko_counts total = test_finish(sup);
	assert_int_equal(atomic_load(&test_heard_events), WITNESSES * (before + LAST_WORDS));
	assert_int_equal(total.deliveries, WITNESSES * (before + LAST_WORDS));
	assert_int_equal(total.handled, WITNESSES * (before + LAST_WORDS));
}

/* ---- names: 63 bytes are the most ------------------------------------------------------ */

#define NAME_63 "123456789012345678901234567890123456789012345678901234567890123"
static const char *const bad_names[] = {NULL, "", NAME_63 "4", "a\nb", "\x1f", "a\x7f"};
enum { BAD_NAMES = sizeof bad_names / sizeof bad_names[0] };

TEST_WORKERS(names_of_actors_and_topics_are_checked)
{
	maiko_supervisor *sup = running(workers);
	maiko_actor_id id = 77;
	const maiko_topic *topic = NULL;
	for (int i = 0; i < BAD_NAMES; i++) {
		returns(maiko_add(sup, witness, bad_names[i], .ret_id = &id), MAIKO_EINVAL);
		returns(maiko_topic_named(sup, bad_names[i], &topic), MAIKO_EINVAL);
		returns(maiko_topic_with(sup, bad_names[i], &maiko_default_topic, &topic), MAIKO_EINVAL);
	}
	returns(maiko_add(sup, witness, "first", .ret_id = &id), MAIKO_EEXIST);
	assert_int_equal(id, 77);
	assert_null(topic);
	ok(maiko_add(sup, witness, NAME_63, .topics = MAIKO_NO_TOPICS, .ret_id = &id));
	ok(maiko_topic_named(sup, NAME_63, &topic));
	assert_string_equal(topic->name, NAME_63);
	returns(maiko_find(sup, "nobody", &id), MAIKO_ENOENT);
	returns(maiko_find(sup, "", &id), MAIKO_ENOENT);
	finish_sound(sup, 0);
}

/* ---- options ---------------------------------------------------------------------------- */

static void refused_options(const maiko_options *options)
{
	maiko_supervisor *sup = NULL;
	returns(maiko_supervisor_new(&sup, options), MAIKO_EINVAL);
	assert_null(sup);
}

TEST_ONCE(a_supervisor_with_options_out_of_their_bounds_is_not_made)
{
	static uv_loop_t loop; /* never run */
	returns(maiko_supervisor_new(NULL, NULL), MAIKO_EINVAL);
	refused_options(&(maiko_options){.workers = MAIKO_WORKERS_MAX + 1});
	refused_options(&(maiko_options){.workers = UINT32_MAX});
	refused_options(&(maiko_options){.workers = 2, .loop = &loop});
	refused_options(&(maiko_options){.workers = 1, .mailbox = MAIKO_MAILBOX_MAX + 1});
	refused_options(&(maiko_options){.workers = 1, .max_events_per_tick = MAIKO_BUDGET_MAX + 1});
	refused_options(&(maiko_options){.workers = 1, .external_credit = MAIKO_MAILBOX_MAX + 1});
	refused_options(&(maiko_options){.workers = 1, .channel = 8});
	refused_options(&(maiko_options){.workers = 1, .channel = 17});
	refused_options(&(maiko_options){.workers = 1, .channel = 131072});
	refused_options(&(maiko_options){.workers = 1, .channel = UINT32_MAX});
	refused_options(&(maiko_options){.workers = 1, .blocking_threads = 1025});
	refused_options(&(maiko_options){.workers = 1, .spin_us = 1001});
}

TEST_ONCE(a_supervisor_at_the_bounds_of_its_options_works)
{
	static const maiko_options most = {.workers = 2,
					   .mailbox = MAIKO_MAILBOX_MAX,
					   .max_events_per_tick = MAIKO_BUDGET_MAX,
					   .external_credit = MAIKO_MAILBOX_MAX,
					   .channel = 65536,
					   .blocking_threads = 1024,
					   .spin_us = 1000};
	static const maiko_options least = {.workers = 2,
					    .mailbox = 1,
					    .max_events_per_tick = 1,
					    .external_credit = 1,
					    .channel = 16,
					    .blocking_threads = 1,
					    .spin_us = 1};
	static const maiko_options wide = {.workers = MAIKO_WORKERS_MAX};
	const maiko_options *all[] = {&most, &least, &wide};
	for (int i = 0; i < 3; i++) {
		maiko_supervisor *sup = NULL;
		test_begin();
		ok(maiko_supervisor_new(&sup, all[i]));
		assert_int_equal(maiko_worker_count(sup), all[i]->workers);
		ok(maiko_add(sup, witness, "first"));
		ok(maiko_add(sup, witness, "second"));
		ok(maiko_start(sup));
		finish_sound(sup, 0);
	}
}

static void check_add_options(maiko_supervisor *sup, uint32_t workers)
{
	static const maiko_subscription odd[] = {{.topic = MAIKO_TOPIC_REF(notes), .overflow = (maiko_overflow)6},
						 {.topic = NULL}};
	static const maiko_subscription twice[] = {{.topic = MAIKO_TOPIC_REF(notes), .overflow = MAIKO_FAIL},
						   {.topic = MAIKO_TOPIC_REF(notes)},
						   {.topic = NULL}};
	maiko_actor_id id = 77;
	returns(maiko_add(sup, witness, "x", .ret_id = &id, .mailbox = MAIKO_MAILBOX_MAX + 1), MAIKO_EINVAL);
	returns(maiko_add(sup, witness, "x", .ret_id = &id, .mailbox = UINT32_MAX), MAIKO_EINVAL);
	returns(maiko_add(sup, witness, "x", .ret_id = &id, .max_events_per_tick = MAIKO_BUDGET_MAX + 1), MAIKO_EINVAL);
	returns(maiko_add(sup, witness, "x", .ret_id = &id, .worker = workers + 1), MAIKO_EINVAL);
	returns(maiko_add(sup, witness, "x", .ret_id = &id, .worker = UINT32_MAX), MAIKO_EINVAL);
	returns(maiko_add(sup, witness, "x", .ret_id = &id, .worker = 1, .own_thread = true), MAIKO_EINVAL);
	returns(maiko_add(sup, witness, "x", .ret_id = &id, .overflow = (maiko_overflow)6), MAIKO_EINVAL);
	returns(maiko_add(sup, witness, "x", .ret_id = &id, .overflow = (maiko_overflow)-1), MAIKO_EINVAL);
	returns(maiko_add(sup, witness, "x", .ret_id = &id, .topics = odd), MAIKO_EINVAL);
	returns(maiko_add(sup, witness, "x", .ret_id = &id, .topics = twice), MAIKO_EINVAL);
	assert_int_equal(id, 77);
	returns(maiko_find(sup, "x", &id), MAIKO_ENOENT);
}

TEST_WORKERS(an_actor_with_options_out_of_their_bounds_is_not_added)
{
	maiko_supervisor *sup = with_witnesses(workers);
	check_add_options(sup, workers);
	ok(maiko_start(sup));
	check_add_options(sup, workers);
	/* the name is free still */
	ok(maiko_add(sup, witness, "x", .topics = MAIKO_NO_TOPICS, .mailbox = MAIKO_MAILBOX_MAX,
		     .max_events_per_tick = MAIKO_BUDGET_MAX, .worker = workers));
	finish_sound(sup, 0);
}

/* ---- NULL --------------------------------------------------------------------------------- */

static void no_supervisor(void)
{
	maiko_supervisor *none = NULL;
	maiko_ledger *ledger = NULL;
	const maiko_topic *topic = NULL;
	maiko_actor_id id = 0;
	note *draft = maiko_new(note);
	returns(maiko_start(none), MAIKO_EINVAL);
	returns(maiko_stop(none, NULL), MAIKO_EINVAL);
	returns(maiko_stop_begin(none, NULL, NULL, NULL), MAIKO_EINVAL);
	returns(maiko_join(none), MAIKO_EINVAL);
	returns(maiko_run(none), MAIKO_EINVAL);
	returns(maiko_report(none, &ledger), MAIKO_EINVAL);
	returns(maiko_add(none, witness, "x"), MAIKO_EINVAL);
	returns(maiko_remove(none, 1), MAIKO_EINVAL);
	returns(maiko_subscribe(none, 1, MAIKO_TOPIC_REF(notes)), MAIKO_EINVAL);
	returns(maiko_unsubscribe(none, 1, MAIKO_TOPIC_REF(notes)), MAIKO_EINVAL);
	returns(maiko_find(none, "first", &id), MAIKO_EINVAL);
	returns(maiko_topic_named(none, "t", &topic), MAIKO_EINVAL);
	returns(maiko_topic_with(none, "t", &maiko_default_topic, &topic), MAIKO_EINVAL);
	returns(maiko_send(none, note), MAIKO_EINVAL);
	returns(maiko_try_send(none, note), MAIKO_EINVAL);
	returns(maiko_send_timeout(none, 10, note), MAIKO_EINVAL);
	returns(maiko_publish(none, draft), MAIKO_EINVAL);
	assert_null(maiko_discard(draft));
	assert_int_equal(maiko_worker_count(none), 0);
	test_release(none);
	assert_true(ledger == NULL && topic == NULL && id == 0);
}

static void no_ctx(void)
{
	maiko_ctx *none = NULL;
	uv_timer_t timer;
	note value = {0}, *draft = maiko_new(note);
	static const maiko_job_type job = {.actor = "witness", .size = 1};
	returns(maiko_send(none, note), MAIKO_EINVAL);
	returns(maiko_publish(none, draft), MAIKO_EINVAL);
	assert_null(maiko_discard(draft));
	returns(maiko_send_after_ms(none, 1, NULL, note), MAIKO_EINVAL);
	returns(maiko_cancel(none, 1), MAIKO_EINVAL);
	returns(maiko_keep(none, &value), MAIKO_EINVAL);
	returns(maiko_release(none, &value), MAIKO_EINVAL);
	returns(maiko_wake_tick(none), MAIKO_EINVAL);
	returns(maiko_stop_self(none), MAIKO_EINVAL);
	returns(maiko_stop_all(none), MAIKO_EINVAL);
	returns(maiko_add(none, witness, "x"), MAIKO_EINVAL);
	returns(maiko_remove(none, 1), MAIKO_EINVAL);
	returns(maiko_subscribe(none, 1, MAIKO_TOPIC_REF(notes)), MAIKO_EINVAL);
	returns(maiko_unsubscribe(none, 1, MAIKO_TOPIC_REF(notes)), MAIKO_EINVAL);
	returns(maiko_ctx_blocking(none, &job, &value), MAIKO_EINVAL);
	returns(maiko_adopt(none, (uv_handle_t *)&timer), MAIKO_EINVAL);
	returns(maiko_close(none, (uv_handle_t *)&timer, NULL), MAIKO_EINVAL);
	returns(maiko_enter(none), MAIKO_EINVAL);
}

static void no_argument(maiko_supervisor *sup)
{
	const maiko_topic *topic = NULL;
	maiko_actor_id first, id = 77;
	note value = {0};
	ok(maiko_find(sup, "first", &first));
	returns(maiko_report(sup, NULL), MAIKO_EINVAL);
	returns(maiko_supervisor_add(sup, NULL, "x", NULL), MAIKO_EINVAL);
	returns(maiko_supervisor_add(sup, MAIKO_ACTOR_REF(witness), NULL, NULL), MAIKO_EINVAL);
	returns(maiko_subscribe(sup, first, NULL), MAIKO_EINVAL);
	returns(maiko_unsubscribe(sup, first, NULL), MAIKO_EINVAL);
	returns(maiko_find(sup, NULL, &id), MAIKO_EINVAL);
	returns(maiko_find(sup, "first", NULL), MAIKO_EINVAL);
	returns(maiko_topic_named(sup, "t", NULL), MAIKO_EINVAL);
	returns(maiko_topic_with(sup, "t", NULL, &topic), MAIKO_EINVAL);
	returns(maiko_topic_with(sup, "t", &maiko_default_topic, NULL), MAIKO_EINVAL);
	returns(maiko_supervisor_send(sup, NULL, &value, 0), MAIKO_EINVAL);
	returns(maiko_supervisor_send(sup, MAIKO_EVENT_REF(note), NULL, 0), MAIKO_EINVAL);
	returns(maiko_supervisor_send_timeout(sup, NULL, &value, 10), MAIKO_EINVAL);
	returns(maiko_supervisor_send_timeout(sup, MAIKO_EVENT_REF(note), NULL, 10), MAIKO_EINVAL);
	returns(maiko_supervisor_publish(sup, NULL, 0), MAIKO_EINVAL);
	assert_true(id == 77 && topic == NULL);
}

TEST_WORKERS(a_null_is_refused_by_every_call)
{
	maiko_supervisor *sup = running(workers);
	no_supervisor();
	no_ctx();
	no_argument(sup);
	finish_sound(sup, 0);
}

TEST_ONCE(a_null_is_refused_by_the_calls_that_need_no_supervisor)
{
	maiko_buffer *buffer = NULL;
	char text[8] = "as it is";
	maiko_any any = {NULL, NULL};
	maiko_allocator incomplete = {.malloc = NULL};
	returns(maiko_buffer_new(1, NULL), MAIKO_EINVAL);
	returns(maiko_buffer_new(MAIKO_BUFFER_MAX + 1, &buffer), MAIKO_E2BIG);
	returns(maiko_buffer_copy(NULL, 1, &buffer), MAIKO_EINVAL);
	returns(maiko_buffer_copy("x", 1, NULL), MAIKO_EINVAL);
	returns(maiko_buffer_wrap(NULL, 1, NULL, NULL, &buffer), MAIKO_EINVAL);
	returns(maiko_buffer_wrap(text, 1, NULL, NULL, NULL), MAIKO_EINVAL);
	assert_null(buffer);
	assert_true(maiko_buffer_ref(NULL) == NULL && maiko_buffer_unref(NULL) == NULL);
	assert_true(maiko_buffer_data(NULL) == NULL && maiko_buffer_writable(NULL) == NULL);
	assert_int_equal(maiko_buffer_size(NULL), 0);
	returns(maiko_text_copy(NULL, 8, "x"), MAIKO_EINVAL);
	returns(maiko_text_copy(text, 0, "x"), MAIKO_EINVAL);
	returns(maiko_text_copy(text, 8, NULL), MAIKO_EINVAL);
	assert_memory_equal(text, "as it is", 8);
	returns(maiko_layout_check(NULL), MAIKO_EINVAL);
	assert_null(maiko_event_new(NULL));
	assert_null(maiko_discard(NULL));
	assert_null(maiko_any_as(NULL, MAIKO_EVENT_REF(note)));
	assert_null(maiko_any_as(&any, MAIKO_EVENT_REF(note)));
	assert_null(maiko_any_as(&any, NULL));
	assert_null(maiko_ledger_free(NULL));
	assert_false(maiko_ledger_balanced(NULL));
	returns(maiko_ledger_print(NULL, stdout), MAIKO_EINVAL);
	returns(maiko_set_allocator(&incomplete), MAIKO_EINVAL);
	assert_string_equal(maiko_strerror(1), "unknown error");
	assert_string_equal(maiko_err_name(-99999), "UNKNOWN");
}

/* ---- flags ---------------------------------------------------------------------------------- */

TEST_WORKERS(unknown_flags_are_refused)
{
	static const unsigned flags[] = {4u, 8u, MAIKO_SEND_ROOT | 4u, MAIKO_SEND_TRY | 0x80000000u, ~0u};
	maiko_supervisor *sup = running(workers);
	note value = {0}, *draft = maiko_new(note);
	for (int i = 0; i < 5; i++) {
		returns(maiko_supervisor_send(sup, MAIKO_EVENT_REF(note), &value, flags[i]), MAIKO_EINVAL);
		returns(maiko_supervisor_publish(sup, draft, flags[i]), MAIKO_EINVAL);
	}
	/* it has stayed ours, and can be sent yet */
	draft->n = 5;
	ok(maiko_supervisor_publish(sup, draft, MAIKO_SEND_ROOT | MAIKO_SEND_TRY));
	finish_sound(sup, 1);
}

/* ---- ids ------------------------------------------------------------------------------------- */

TEST_WORKERS(unknown_actors_and_topics_are_not_found)
{
	static const maiko_actor_id unknown[] = {0, 4711, UINT64_MAX, UINT64_C(1) << 32};
	maiko_supervisor *sup = running(workers);
	const maiko_topic *topic;
	maiko_actor_id id, gone;
	ok(maiko_topic_named(sup, "other", &topic));
	ok(maiko_find(sup, "first", &id));
	ok(maiko_add(sup, witness, "gone", .topics = MAIKO_NO_TOPICS, .ret_id = &gone));
	for (int i = 0; i < 4; i++) {
		returns(maiko_remove(sup, unknown[i]), MAIKO_ENOENT);
		returns(maiko_subscribe(sup, unknown[i], topic), MAIKO_ENOENT);
		returns(maiko_unsubscribe(sup, unknown[i], topic), MAIKO_ENOENT);
	}
	returns(maiko_subscribe(sup, id, MAIKO_TOPIC_REF(notes)), MAIKO_EEXIST);
	returns(maiko_unsubscribe(sup, id, topic), MAIKO_ENOENT);
	returns(maiko_subscribe(sup, id, topic, .overflow = (maiko_overflow)6), MAIKO_EINVAL);
	ok(maiko_remove(sup, gone));
	returns(maiko_remove(sup, gone), MAIKO_ENOENT);
	returns(maiko_subscribe(sup, gone, topic), MAIKO_ENOENT);
	returns(maiko_unsubscribe(sup, gone, MAIKO_TOPIC_REF(notes)), MAIKO_ENOENT);
	returns(maiko_find(sup, "gone", &gone), MAIKO_ENOENT);
	finish_sound(sup, 0);
}

/* ---- moments ---------------------------------------------------------------------------------- */

TEST_WORKERS(changes_before_the_start_are_refused)
{
	maiko_supervisor *sup = with_witnesses(workers);
	maiko_actor_id id;
	ok(maiko_find(sup, "first", &id));
	returns(maiko_subscribe(sup, id, MAIKO_TOPIC_REF(notes)), MAIKO_ESTATE);
	returns(maiko_unsubscribe(sup, id, MAIKO_TOPIC_REF(notes)), MAIKO_ESTATE);
	returns(maiko_remove(sup, id), MAIKO_ESTATE);
	returns(maiko_join(sup), MAIKO_ESTATE);
	ok(maiko_start(sup));
	returns(maiko_start(sup), MAIKO_ESTATE);
	finish_sound(sup, 0);
}

/* What a stopped supervisor refuses, whether it ran or not. */
static void check_stopped(maiko_supervisor *sup)
{
	maiko_actor_id id = 77;
	note *draft = maiko_new(note);
	returns(maiko_start(sup), MAIKO_ESTATE);
	returns(maiko_add(sup, witness, "late", .ret_id = &id), MAIKO_ESHUTDOWN);
	assert_int_equal(id, 77);
	returns(maiko_subscribe(sup, 1, &maiko_default_topic), MAIKO_ESHUTDOWN);
	returns(maiko_unsubscribe(sup, 1, MAIKO_TOPIC_REF(notes)), MAIKO_ESHUTDOWN);
	returns(maiko_remove(sup, 1), MAIKO_ESHUTDOWN);
	returns(maiko_send(sup, note), MAIKO_ESHUTDOWN);
	returns(maiko_try_send(sup, note), MAIKO_ESHUTDOWN);
	returns(maiko_send_timeout(sup, 10, note), MAIKO_ESHUTDOWN);
	returns(maiko_publish(sup, draft), MAIKO_ESHUTDOWN);
	assert_null(maiko_discard(draft));
	ok(maiko_join(sup));
	ok(maiko_stop(sup, NULL));
	ok(maiko_stop_begin(sup, NULL, NULL, NULL));
}

TEST_WORKERS(a_stopped_supervisor_takes_nothing_more)
{
	for (int ran = 0; ran < 2; ran++) {
		maiko_supervisor *sup = ran ? running(workers) : with_witnesses(workers);
		ok(maiko_send(sup, note));
		test_stop(sup);
		check_stopped(sup);
		maiko_counts total = test_finish(sup);
		assert_int_equal(total.deliveries, WITNESSES);
		assert_int_equal(total.handled, ran ? WITNESSES : 0);
		assert_int_equal(total.discarded, ran ? 0 : WITNESSES);
	}
}
