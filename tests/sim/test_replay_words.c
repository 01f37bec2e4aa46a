/*
 * test_replay_words.c - what a replay says where it does not go through: of a file that is none, of names
 * that nobody has, of what an actor answered, of a set-up that was refused.
 */
#include <maiko/observe/recorder.h>
#include <maiko/testing/replay.h>

#include "support.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <uv.h>

MAIKO_TOPIC(numbers);

typedef struct number {
	uint32_t n;
} number;
MAIKO_EVENT(number, numbers, n);

typedef struct unsent {
	uint32_t n;
} unsent;
MAIKO_EVENT(unsent, numbers, n);

/* With bytes that no field describes. */
typedef struct vector {
	uint32_t n;
	int32_t v[4];
} vector;
MAIKO_EVENT(vector, numbers, n);

static char path[64];

static int make_path(void **state)
{
	(void)state;
	snprintf(path, sizeof path, "/tmp/maiko-replay-words-%ld", (long)getpid());
	unlink(path);
	return 0;
}

static int remove_path(void **state)
{
	(void)state;
	unlink(path);
	return 0;
}

/* ---- the actors ---- */

typedef struct acceptor {
	uint32_t n;
} acceptor;

static uint32_t offset;     /* added to its readings: external input */
static bool waits_for_more; /* what it answers */

static maiko_next acceptor_tick(acceptor *self, maiko_ctx *ctx)
{
	if (self->n == 3) {
		int rc = maiko_stop_all(ctx);
		return rc < 0 ? maiko_failed(rc) : maiko_never();
	}
	int rc = maiko_send(ctx, number, .n = offset + self->n++);
	if (rc < 0)
		return maiko_failed(rc);
	return waits_for_more ? maiko_after_events() : maiko_after_ms(0);
}
MAIKO_ACTOR(acceptor, MAIKO_TICK(acceptor_tick));

typedef struct guard {
	uint32_t n;
} guard;

static int guard_on_number(guard *self, const number *ev, maiko_ctx *ctx)
{
	(void)ctx;
	self->n += ev->n;
	return 0;
}
typedef guard visitor;
MAIKO_ACTOR(guard, MAIKO_ON(number, guard_on_number));
MAIKO_ACTOR(visitor, MAIKO_ON(number, guard_on_number));

static int guard_on_vector(guard *self, const vector *ev, maiko_ctx *ctx)
{
	(void)ctx;
	self->n += (uint32_t)ev->v[0];
	return 0;
}
typedef guard measurer;
MAIKO_ACTOR(measurer, MAIKO_ON(vector, guard_on_vector));

static int add_both(maiko_supervisor *sup, void *arg)
{
	(void)arg;
	int rc = maiko_add(sup, guard, "guard");
	return rc != 0 ? rc : maiko_add(sup, acceptor, "acceptor", .topics = MAIKO_NO_TOPICS);
}

static void record(void)
{
	maiko_recorder *recorder;
	maiko_supervisor *sup = test_supervisor(1);
	offset = 0;
	waits_for_more = false;
	assert_int_equal(maiko_recorder_new(&recorder, sup, path, NULL), 0);
	assert_int_equal(add_both(sup, NULL), 0);
	assert_int_equal(maiko_start(sup), 0);
	assert_int_equal(maiko_join(sup), 0);
	assert_int_equal(maiko_recorder_free(recorder), 0);
	assert_null(maiko_supervisor_free(sup));
}

static void has(const char *text, const char *part)
{
	if (strstr(text, part) == NULL)
		fail_msg("'%s' is not in '%s'", part, text);
}

/* ---- files ---- */

static void is_refused(const char *file, const char *why)
{
	char text[160];
	maiko_replay_result result;
	snprintf(text, sizeof text, "%s: %s", file, why);
	assert_int_equal(maiko_replay(&(maiko_replay_options){.path = file, .setup = add_both}, &result), MAIKO_EINVAL);
	assert_string_equal(result.text, text);
	assert_string_equal(maiko_last_error(), text);
}

static void what_is_no_regular_file_is_refused_by_what_it_is(void **state)
{
	(void)state;
	is_refused("/tmp", "it is no regular file but a directory");
	is_refused("/dev/zero", "it is no regular file but a character device");
	assert_int_equal(mkfifo(path, 0600), 0);
	is_refused(path, "it is no regular file but a pipe"); /* nobody writes to it: an open would wait */
	unlink(path);
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
	assert_true(fd >= 0);
	close(fd);
	is_refused(path, "it is empty");
}

/* ---- names that nobody has ---- */

static void a_name_that_the_recording_does_not_have_is_told_where_it_diverges(void **state)
{
	(void)state;
	static const char *const misspelt[] = {"acceptr", "net*", NULL}, *const right[] = {"accept*", NULL};
	static const maiko_actor_type *const actors[] = {MAIKO_ACTOR_REF(guard), MAIKO_ACTOR_REF(visitor), NULL};
	static const maiko_event_type *const types[] = {MAIKO_EVENT_REF(number), MAIKO_EVENT_REF(unsent), NULL};
	maiko_replay_result result;
	maiko_replay_options options = {.path = path,
					.setup = add_both,
					.sources = misspelt,
					.actors = actors,
					.types = types};
	record();
	offset = 100; /* the external input has changed */
	assert_int_equal(maiko_replay(&options, &result), MAIKO_EBROKEN);
	has(result.text, "its content differs");
	has(result.text, "; no actor is called 'acceptr' (.sources); the recording has: guard, acceptor");
	has(result.text, "; no actor is called 'net*' (.sources)");
	has(result.text, "; no actor of type 'visitor' (.actors) was added while it ran; those that were: none");
	has(result.text, "; no event is called 'unsent' (.types); the recording has: number");
	assert_null(strstr(result.text, "'guard' (.actors)")); /* which the set-up adds */
	assert_null(strstr(result.text, "'number' (.types)"));
	options.sources = right;
	assert_int_equal(maiko_replay(&options, &result), 0);
	assert_string_equal(result.text, ""); /* a name too many is no fault */
}

static int add_another(maiko_supervisor *sup, void *arg)
{
	(void)arg;
	int rc = maiko_add(sup, guard, "Guard");
	return rc != 0 ? rc : maiko_add(sup, acceptor, "acceptor", .topics = MAIKO_NO_TOPICS);
}

static void an_actor_with_another_name_is_told_by_both_names(void **state)
{
	(void)state;
	maiko_replay_result result;
	record();
	assert_int_equal(maiko_replay(&(maiko_replay_options){.path = path, .setup = add_another}, &result),
			 MAIKO_EBROKEN);
	has(result.text, "recorded: added, guard; replayed: added, Guard");
}

/* ---- what was answered, and when ---- */

static void answers_of_ticks_are_called_by_their_names(void **state)
{
	(void)state;
	maiko_replay_result result;
	record();
	waits_for_more = true;
	assert_int_equal(maiko_replay(&(maiko_replay_options){.path = path, .setup = add_both}, &result),
			 MAIKO_EBROKEN);
	has(result.text, "recorded: tick left, acceptor, maiko_after_ms; "
			 "replayed: tick left, acceptor, maiko_after_events");
}

enum { SEGMENT = 1 << 20, FIRST = 16, TICKET = 8, NOW = 16 };

/* Puts the time of its first record a minute on: as if that was read on a worker whose turn began later. */
static void delay_first_record(void)
{
	uint64_t ticket = 0, now;
	off_t at = SEGMENT + FIRST;
	int fd = open(path, O_RDWR);
	assert_true(fd >= 0);
	while (pread(fd, &ticket, sizeof ticket, at + TICKET) == sizeof ticket && ticket != 1)
		at += SEGMENT;
	assert_int_equal(ticket, 1);
	assert_int_equal(pread(fd, &now, sizeof now, at + NOW), sizeof now);
	now += UINT64_C(60000000000);
	assert_int_equal(pwrite(fd, &now, sizeof now, at + NOW), sizeof now);
	close(fd);
}

static void no_time_of_a_divergence_is_negative(void **state)
{
	(void)state;
	maiko_replay_result result;
	record();
	delay_first_record();
	offset = 100;
	assert_int_equal(maiko_replay(&(maiko_replay_options){.path = path, .setup = add_both}, &result),
			 MAIKO_EBROKEN);
	has(result.text, "worker 1, 0.000000 s: recorded: dispatched");
}

/* ---- a set-up that was refused ---- */

static int add_measurer(maiko_supervisor *sup, void *arg)
{
	(void)arg;
	return maiko_add(sup, measurer, "measurer");
}

/* The same, but goes on without it. */
static int try_to_add_measurer(maiko_supervisor *sup, void *arg)
{
	int rc = add_measurer(sup, arg);
	return rc == 0 || rc == MAIKO_ETYPE ? add_both(sup, arg) : rc;
}

static void what_was_refused_is_refused_again_in_the_same_words(void **state)
{
	(void)state;
	char words[320];
	maiko_recorder *recorder;
	maiko_replay_result result;
	maiko_supervisor *sup = test_supervisor(1);
	offset = 0;
	waits_for_more = false;
	assert_int_equal(maiko_recorder_new(&recorder, sup, path, NULL), 0);
	assert_int_equal(add_measurer(sup, NULL), MAIKO_ETYPE);
	snprintf(words, sizeof words, "setup returned -20001 (MAIKO_ETYPE): %s", maiko_last_error());
	assert_int_equal(add_both(sup, NULL), 0);
	assert_int_equal(maiko_start(sup), 0);
	assert_int_equal(maiko_join(sup), 0);
	assert_int_equal(maiko_recorder_free(recorder), 0);
	assert_null(maiko_supervisor_free(sup));
	assert_int_equal(maiko_replay(&(maiko_replay_options){.path = path, .setup = add_measurer}, &result),
			 MAIKO_ETYPE);
	assert_string_equal(result.text, words);
	has(result.text, "event 'vector' cannot be recorded");
	int rc = maiko_replay(&(maiko_replay_options){.path = path, .setup = try_to_add_measurer}, &result);
	if (rc != 0)
		fail_msg("%s", result.text);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_path, remove_path)
	const struct CMUnitTest tests[] = {
		TEST(what_is_no_regular_file_is_refused_by_what_it_is),
		TEST(a_name_that_the_recording_does_not_have_is_told_where_it_diverges),
		TEST(an_actor_with_another_name_is_told_by_both_names),
		TEST(answers_of_ticks_are_called_by_their_names),
		TEST(no_time_of_a_divergence_is_negative),
		TEST(what_was_refused_is_refused_again_in_the_same_words),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
