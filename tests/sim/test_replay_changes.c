/*
 * test_replay_changes.c - a recording is replayed in which actors came and went while it ran, and
 * changed what they listen to: at the word of a source, of another actor, of an external thread.
 */
#include <maiko/observe/recorder.h>
#include <maiko/testing/replay.h>

#include "support.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

MAIKO_TOPIC(requests);
MAIKO_TOPIC(answers);
MAIKO_TOPIC(news);
MAIKO_TOPIC(orders);

typedef struct request {
	uint32_t n;
} request;
MAIKO_EVENT(request, requests, n);

typedef struct answer {
	uint32_t n, by;
} answer;
MAIKO_EVENT(answer, answers, n, by);

typedef struct gazette {
	uint32_t n;
} gazette;
MAIKO_EVENT(gazette, news, n);

typedef struct order {
	uint32_t n;
} order;
MAIKO_EVENT(order, orders, n);
typedef struct extra {
	uint32_t n;
} extra;
MAIKO_TOPIC(extras);
MAIKO_EVENT(extra, extras, n);

enum { CONNECTIONS = 30, TICKS = 60, GUESTS = 12 };

static _Atomic(uint64_t) counted;

/* ---- a connection: made at run time, for a while ---- */

typedef struct connection {
	uint32_t number, heard;
} connection;

static int connection_start(connection *self, maiko_ctx *ctx)
{
	return maiko_send(ctx, answer, .n = 0, .by = self->number);
}

static int connection_on_request(connection *self, const request *ev, maiko_ctx *ctx)
{
	if (++self->heard == 5)
		return maiko_stop_self(ctx);
	return maiko_send(ctx, answer, .n = ev->n, .by = self->number);
}

static int connection_stop(connection *self, maiko_ctx *ctx)
{
	return maiko_send(ctx, answer, .n = UINT32_MAX, .by = self->number);
}
MAIKO_ACTOR(connection, MAIKO_ON_START(connection_start), MAIKO_ON(request, connection_on_request),
	    MAIKO_ON_STOP(connection_stop));

/* ---- the source of them, driven by external input ---- */

typedef struct server {
	uint32_t n;
	maiko_actor_id last;
} server;

static maiko_next server_tick(server *self, maiko_ctx *ctx)
{
	char name[32];
	if (self->n == TICKS) {
		int rc = maiko_stop_all(ctx);
		return rc < 0 ? maiko_failed(rc) : maiko_never();
	}
	int rc = 0;
	if (self->n < CONNECTIONS) {
		snprintf(name, sizeof name, "connection %u", self->n % 20); /* a name comes again */
		rc = maiko_add(ctx, connection, name, .init = &(connection){.number = self->n}, .mailbox = 4,
			       .ret_id = &self->last);
		if (rc == MAIKO_EEXIST)
			rc = 0;
	} else if (self->n == CONNECTIONS) {
		rc = maiko_remove(ctx, self->last);
	}
	if (rc == 0 && uv_hrtime() % 3 == 0) /* chance */
		rc = maiko_send_after_ms(ctx, 1, NULL, gazette, .n = self->n);
	if (rc == 0)
		rc = maiko_send(ctx, request, .n = self->n++);
	return rc < 0 ? maiko_failed(rc) : maiko_again();
}

static int server_done(server *self, const maiko_completion *completion, maiko_ctx *ctx)
{
	(void)self;
	return maiko_send(ctx, gazette, .n = (uint32_t)completion->change);
}

static int server_on_interest(server *self, const maiko_interest *interest, maiko_ctx *ctx)
{
	(void)self;
	return maiko_send(ctx, gazette, .n = interest->wanted);
}
MAIKO_ACTOR(server, MAIKO_TICK(server_tick), MAIKO_ON_DONE(server_done), MAIKO_ON_INTEREST(server_on_interest, extras));

/* ---- an actor that is run in a replay too: it adds helpers, and listens now here, now there ---- */

typedef struct manager {
	uint32_t n, completions;
	bool listens;
} manager;

typedef struct helper {
	uint32_t n;
} helper;

static int helper_on_gazette(helper *self, const gazette *ev, maiko_ctx *ctx)
{
	self->n += ev->n;
	return maiko_send(ctx, answer, .n = self->n, .by = 1000);
}

static int helper_on_extra(helper *self, const extra *ev, maiko_ctx *ctx)
{
	(void)ctx;
	self->n += ev->n;
	return 0;
}
MAIKO_ACTOR(helper, MAIKO_ON(gazette, helper_on_gazette), MAIKO_ON(extra, helper_on_extra));

static int manager_on_answer(manager *self, const answer *ev, maiko_ctx *ctx)
{
	char name[32];
	maiko_actor_id id;
	(void)ev;
	atomic_fetch_add(&counted, 1);
	if (++self->n % 16 != 0)
		return 0;
	snprintf(name, sizeof name, "helper %u", self->n / 16 % 4);
	if (maiko_find(maiko_supervisor_of(ctx), name, &id) == 0)
		return maiko_remove(ctx, id);
	int rc = maiko_add(ctx, helper, name, .own_thread = self->n % 32 == 0);
	return rc == MAIKO_EEXIST || rc == MAIKO_ESHUTDOWN ? 0 : rc;
}

static int manager_on_order(manager *self, const order *ev, maiko_ctx *ctx)
{
	(void)ev;
	self->listens = !self->listens;
	return self->listens ? maiko_subscribe(ctx, maiko_self(ctx), MAIKO_TOPIC_REF(news))
			     : maiko_unsubscribe(ctx, maiko_self(ctx), MAIKO_TOPIC_REF(news));
}

static int manager_on_gazette(manager *self, const gazette *ev, maiko_ctx *ctx)
{
	(void)ctx;
	self->n += ev->n % 2;
	return 0;
}

static int manager_done(manager *self, const maiko_completion *completion, maiko_ctx *ctx)
{
	(void)completion;
	self->completions++;
	return maiko_send(ctx, answer, .n = self->completions, .by = 2000);
}

static int manager_on_interest(manager *self, const maiko_interest *interest, maiko_ctx *ctx)
{
	self->completions += interest->wanted;
	return maiko_send(ctx, answer, .n = self->completions, .by = 3000);
}
MAIKO_ACTOR(manager, MAIKO_ON_INTEREST(manager_on_interest, news, extras), MAIKO_ON(answer, manager_on_answer),
	    MAIKO_ON(order, manager_on_order), MAIKO_ON(gazette, manager_on_gazette), MAIKO_ON_DONE(manager_done));

static int set_up(maiko_supervisor *sup, void *arg)
{
	(void)arg;
	int rc =
		maiko_add(sup, manager, "manager", .topics = MAIKO_TOPICS(answers, orders), .restart = MAIKO_TEMPORARY);
	return rc == 0 ? maiko_add(sup, server, "server", .topics = MAIKO_NO_TOPICS) : rc;
}

/* ---- an external thread ---- */

static void meddle(void *arg)
{
	maiko_supervisor *sup = arg;
	maiko_actor_id id;
	char name[32];
	for (uint32_t i = 0; i < GUESTS; i++) {
		snprintf(name, sizeof name, "guest %u", i % 3);
		if (maiko_add(sup, helper, name, .mailbox = 8, .own_thread = i % 4 == 0, .ret_id = &id) != 0)
			return; /* stopped meanwhile */
		if (maiko_send(sup, order, .n = i) != 0 ||
		    maiko_unsubscribe_all(sup, id, MAIKO_TOPICS(news, extras)) != 0)
			return;
		if (maiko_subscribe_all(sup, id, (i % 2 == 0 ? MAIKO_TOPICS(news, extras) : MAIKO_TOPICS(news))) != 0)
			return;
		(void)maiko_unsubscribe_all(sup, id, MAIKO_TOPICS(news, extras)); /* every other time it cannot be */
		(void)maiko_remove(sup, id);
	}
}

/* ---- recorded, and replayed ---- */

static const char *const sources[] = {"server", NULL};

static void path_of(char *path, size_t size)
{
	snprintf(path, size, "/tmp/maiko-changes-%ld", (long)getpid());
	unlink(path);
}

static void record(uint32_t workers, const char *path)
{
	uv_thread_t thread;
	maiko_recorder *recorder;
	maiko_supervisor *sup = test_supervisor(workers);
	assert_int_equal(maiko_recorder_new(&recorder, sup, path, &(maiko_recorder_options){.sources = sources}), 0);
	assert_int_equal(set_up(sup, NULL), 0);
	assert_int_equal(maiko_start(sup), 0);
	assert_int_equal(uv_thread_create(&thread, meddle, sup), 0);
	assert_int_equal(maiko_join(sup), 0);
	uv_thread_join(&thread);
	assert_int_equal(maiko_recorder_free(recorder), 0);
	assert_null(maiko_supervisor_free(sup));
}

static int replay(const char *path, const maiko_actor_type *const *actors, maiko_replay_result *ret_result)
{
	return maiko_replay(
		&(maiko_replay_options){.path = path, .setup = set_up, .sources = sources, .actors = actors},
		ret_result);
}

TEST_WORKERS(actors_that_come_and_go_do_so_again)
{
	static const maiko_actor_type *const actors[] = {MAIKO_ACTOR_REF(connection), MAIKO_ACTOR_REF(helper), NULL};
	char path[64];
	maiko_replay_result result;
	for (int i = 0; i < 5; i++) {
		path_of(path, sizeof path);
		atomic_store(&counted, 0);
		record(workers, path);
		uint64_t before = atomic_load(&counted);
		int rc = replay(path, actors, &result);
		if (rc != 0)
			fail_msg("%s: %s", maiko_strerror(rc), result.text);
		assert_true(result.complete);
		assert_int_equal(atomic_load(&counted), 2 * before);
	}
	unlink(path);
}

static void an_actor_type_that_only_a_source_adds_must_be_listed(void **state)
{
	char path[64];
	maiko_replay_result result;
	(void)state;
	path_of(path, sizeof path);
	record(2, path);
	assert_int_equal(replay(path, NULL, &result), MAIKO_EBROKEN);
	assert_non_null(strstr(result.text, "it must be listed in .actors"));
	unlink(path);
}

/* ---- a state with a pointer ---- */

typedef struct pointing {
	const uint32_t *to;
} pointing;

static int pointing_on_gazette(pointing *self, const gazette *ev, maiko_ctx *ctx)
{
	return maiko_send(ctx, answer, .n = ev->n, .by = *self->to);
}
MAIKO_ACTOR(pointing, MAIKO_ON(gazette, pointing_on_gazette));

static _Atomic(uint64_t) answered;

typedef struct listener {
	uint32_t n;
} listener;

static int listener_on_answer(listener *self, const answer *ev, maiko_ctx *ctx)
{
	(void)ev;
	(void)ctx;
	self->n++;
	atomic_fetch_add(&answered, 1);
	return 0;
}
MAIKO_ACTOR(listener, MAIKO_ON(answer, listener_on_answer));

static int set_up_listener(maiko_supervisor *sup, void *arg)
{
	(void)arg;
	return maiko_add(sup, listener, "listener");
}

static int put_right(const char *name, const maiko_actor_type *type, void *state, void *arg)
{
	assert_string_equal(name, "pointing");
	assert_string_equal(type->name, "pointing");
	((pointing *)state)->to = arg;
	return 0;
}

static void a_pointer_in_a_state_can_be_put_right(void **state)
{
	static const maiko_actor_type *const actors[] = {MAIKO_ACTOR_REF(pointing), NULL};
	uint32_t there = 7, here = 7;
	char path[64];
	maiko_recorder *recorder;
	maiko_replay_result result;
	(void)state;
	path_of(path, sizeof path);
	atomic_store(&answered, 0);
	maiko_supervisor *sup = test_supervisor(2);
	assert_int_equal(maiko_recorder_new(&recorder, sup, path, NULL), 0);
	assert_int_equal(set_up_listener(sup, NULL), 0);
	assert_int_equal(maiko_start(sup), 0);
	assert_int_equal(maiko_add(sup, pointing, "pointing", .init = &(pointing){.to = &there}), 0);
	assert_int_equal(maiko_send(sup, gazette, .n = 3), 0);
	test_wait_for(&answered, 1);
	assert_int_equal(maiko_stop(sup, NULL), 0);
	assert_int_equal(maiko_recorder_free(recorder), 0);
	assert_null(maiko_supervisor_free(sup));
	there = 8;
	int rc = maiko_replay(&(maiko_replay_options){.path = path,
						      .setup = set_up_listener,
						      .arg = &here,
						      .actors = actors,
						      .init = put_right},
			      &result);
	if (rc != 0)
		fail_msg("%s: %s", maiko_strerror(rc), result.text);
	unlink(path);
}

/* ---- a receipt behind an event that was discarded ---- */

typedef struct reader {
	uint32_t requests, receipts;
} reader;

static int reader_on_done(reader *self, const maiko_completion *completion, maiko_ctx *ctx)
{
	(void)self;
	(void)completion;
	return maiko_unhold(ctx);
}

static int reader_on_request(reader *self, const request *ev, maiko_ctx *ctx)
{
	(void)ev;
	if (self->requests++ > 0)
		return maiko_send_tracked(ctx, order, .n = 1);
	int rc = maiko_hold(ctx); /* another request waits, and an extra behind it */
	return rc == 0 ? maiko_unsubscribe(ctx, maiko_self(ctx), MAIKO_TOPIC_REF(extras)) : rc;
}

static int reader_on_extra(reader *self, const extra *ev, maiko_ctx *ctx)
{
	(void)self;
	(void)ev;
	(void)ctx;
	fail_msg("it was unsubscribed");
	return 0;
}

static int reader_on_receipt(reader *self, const maiko_receipt *receipt, maiko_ctx *ctx)
{
	(void)receipt;
	self->receipts++;
	return maiko_stop_all(ctx);
}
MAIKO_ACTOR(reader, MAIKO_ON(request, reader_on_request), MAIKO_ON(extra, reader_on_extra),
	    MAIKO_ON_DONE(reader_on_done), MAIKO_ON_RECEIPT(reader_on_receipt));

typedef struct writer {
	uint32_t sent;
} writer;

static int writer_start(writer *self, maiko_ctx *ctx)
{
	int rc = 0;
	for (; self->sent < 2 && rc == 0; self->sent++)
		rc = maiko_send(ctx, request, .n = self->sent);
	return rc == 0 ? maiko_send(ctx, extra, .n = 1) : rc;
}
MAIKO_ACTOR(writer, MAIKO_ON_START(writer_start));

static int set_up_reader(maiko_supervisor *sup, void *arg)
{
	(void)arg;
	int rc = maiko_add(sup, reader, "reader");
	return rc == 0 ? maiko_add(sup, writer, "writer") : rc;
}

/* Its run, repeated, ends with the last event that was handled: what was discarded behind that counts no more. */
static void a_receipt_does_not_wait_for_what_was_discarded(void **state)
{
	char path[64];
	maiko_recorder *recorder;
	maiko_replay_result result;
	(void)state;
	path_of(path, sizeof path);
	maiko_supervisor *sup = test_supervisor(1);
	assert_int_equal(maiko_recorder_new(&recorder, sup, path, NULL), 0);
	assert_int_equal(set_up_reader(sup, NULL), 0);
	assert_int_equal(maiko_run(sup), 0);
	assert_int_equal(maiko_recorder_free(recorder), 0);
	assert_null(maiko_supervisor_free(sup));
	int rc = maiko_replay(&(maiko_replay_options){.path = path, .setup = set_up_reader}, &result);
	if (rc != 0)
		fail_msg("%s: %s", maiko_strerror(rc), result.text);
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(actors_that_come_and_go_do_so_again),
		cmocka_unit_test(an_actor_type_that_only_a_source_adds_must_be_listed),
		cmocka_unit_test(a_pointer_in_a_state_can_be_put_right),
		cmocka_unit_test(a_receipt_does_not_wait_for_what_was_discarded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
