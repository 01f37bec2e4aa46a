/*
 * test_recording.c - the file: what is refused, and in which words; what is left of one that was cut;
 * and that damage is found, not followed.
 */
#include <maiko/observe/recorder.h>
#include <maiko/testing/replay.h>
#include <maiko/testing/sim.h>

#include "support.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

MAIKO_TOPIC(numbers);
MAIKO_TOPIC(totals);

typedef struct number {
	uint32_t n;
} number;
MAIKO_EVENT(number, numbers, n);

typedef struct total {
	uint64_t n;
} total;
MAIKO_EVENT(total, totals, n);

/* With bytes that no field describes. */
typedef struct vector {
	uint32_t n;
	int32_t v[4];
} vector;
MAIKO_EVENT(vector, numbers, n);

typedef struct corner {
	char name[8];
	int16_t at[2];
} corner;
typedef struct polygon {
	double weights[3];
	uint32_t used;
	corner corners[16];
} polygon;
MAIKO_STRUCT(corner, name, at);
MAIKO_EVENT(polygon, numbers, weights, MAIKO_COUNTED(MAIKO_NESTED(corners, corner), used));

typedef struct holed {
	uint32_t first;
	uint32_t forgotten[2];
	uint32_t last;
} holed;
MAIKO_EVENT(holed, numbers, first, last);

enum { NUMBERS = 3000 };

static _Atomic(uint64_t) added;

typedef struct adder {
	uint64_t sum;
} adder;

static int adder_on_number(adder *self, const number *ev, maiko_ctx *ctx)
{
	self->sum += ev->n;
	atomic_fetch_add(&added, 1);
	return maiko_send(ctx, total, .n = self->sum);
}
MAIKO_ACTOR(adder, MAIKO_ON(number, adder_on_number));

typedef struct scaler {
	int64_t sum;
} scaler;

static int scaler_on_vector(scaler *self, const vector *ev, maiko_ctx *ctx)
{
	self->sum += (int64_t)ev->v[0] + ev->v[3];
	atomic_fetch_add(&added, 1);
	return maiko_send(ctx, total, .n = (uint64_t)self->sum);
}
MAIKO_ACTOR(scaler, MAIKO_ON(vector, scaler_on_vector));

typedef struct surveyor {
	int64_t sum;
} surveyor;

static int surveyor_on_polygon(surveyor *self, const polygon *ev, maiko_ctx *ctx)
{
	self->sum += (int64_t)ev->weights[2];
	for (uint32_t i = 0; i < ev->used; i++)
		self->sum += ev->corners[i].at[1] * ev->corners[i].name[0];
	atomic_fetch_add(&added, 1);
	return maiko_send(ctx, total, .n = (uint64_t)self->sum);
}
MAIKO_ACTOR(surveyor, MAIKO_ON(polygon, surveyor_on_polygon));

static int add_surveyor(maiko_supervisor *sup, void *arg)
{
	(void)arg;
	return maiko_add(sup, surveyor, "surveyor");
}

static int add_adder(maiko_supervisor *sup, void *arg)
{
	(void)arg;
	return maiko_add(sup, adder, "adder");
}

static int add_scaler(maiko_supervisor *sup, void *arg)
{
	(void)arg;
	return maiko_add(sup, scaler, "scaler");
}

static char path[64];

static int make_path(void **state)
{
	(void)state;
	snprintf(path, sizeof path, "/tmp/maiko-recording-%ld", (long)getpid());
	unlink(path);
	return 0;
}

static int remove_path(void **state)
{
	(void)state;
	unlink(path);
	return 0;
}

static int replay(int (*setup)(maiko_supervisor *sup, void *arg), maiko_replay_result *ret_result)
{
	return maiko_replay(&(maiko_replay_options){.path = path, .setup = setup}, ret_result);
}

static void record_numbers(uint32_t workers)
{
	maiko_recorder *recorder;
	maiko_supervisor *sup = test_supervisor(workers);
	assert_int_equal(maiko_recorder_new(&recorder, sup, path, NULL), 0);
	assert_int_equal(add_adder(sup, NULL), 0);
	assert_int_equal(maiko_start(sup), 0);
	for (uint32_t i = 0; i < NUMBERS; i++)
		assert_int_equal(maiko_send(sup, number, .n = i), 0);
	assert_int_equal(maiko_stop(sup, NULL), 0);
	assert_int_equal(maiko_recorder_free(recorder), 0);
	assert_null(maiko_supervisor_free(sup));
}

/* ---- when it begins ---- */

static void a_recorder_overwrites_no_file(void **state)
{
	(void)state;
	maiko_recorder *recorder = NULL;
	record_numbers(1);
	struct stat before, after;
	assert_int_equal(stat(path, &before), 0);
	maiko_supervisor *sup = test_supervisor(1);
	assert_int_equal(maiko_recorder_new(&recorder, sup, path, NULL), -EEXIST);
	assert_non_null(strstr(maiko_last_error(), path));
	assert_non_null(strstr(maiko_last_error(), "overwrites no file"));
	assert_null(recorder);
	assert_int_equal(stat(path, &after), 0);
	assert_int_equal(before.st_size, after.st_size);
	maiko_replay_result result; /* and it is as it was */
	assert_int_equal(replay(add_adder, &result), 0);
	/* The refusal has changed nothing: it can be recorded elsewhere. */
	unlink(path);
	assert_int_equal(maiko_recorder_new(&recorder, sup, path, NULL), 0);
	assert_int_equal(maiko_recorder_free(recorder), 0);
	assert_null(maiko_supervisor_free(sup));
}

static void a_recording_begins_before_the_start_and_once(void **state)
{
	(void)state;
	maiko_recorder *recorder, *second;
	maiko_supervisor *sup = test_supervisor(1);
	assert_int_equal(maiko_recorder_new(&recorder, sup, path, NULL), 0);
	assert_int_equal(maiko_recorder_new(&second, sup, "/tmp/maiko-never-made", NULL), MAIKO_EEXIST);
	assert_non_null(strstr(maiko_last_error(), "has had a recorder already"));
	assert_int_equal(maiko_recorder_free(recorder), 0);
	test_finish(sup);
	sup = test_supervisor(1);
	assert_int_equal(add_adder(sup, NULL), 0);
	assert_int_equal(maiko_start(sup), 0);
	assert_int_equal(maiko_recorder_new(&second, sup, "/tmp/maiko-never-made", NULL), MAIKO_ESTATE);
	assert_non_null(strstr(maiko_last_error(), "has been started"));
	assert_int_equal(access("/tmp/maiko-never-made", F_OK), -1);
	test_finish(sup);
	maiko_sim *sim;
	assert_int_equal(maiko_sim_new(&sim, NULL), 0);
	assert_int_equal(maiko_recorder_new(&second, maiko_sim_supervisor(sim), "/tmp/maiko-never-made", NULL),
			 MAIKO_ESIMULATED);
	maiko_sim_free(sim);
}

/* ---- bytes that no field describes ---- */

static void an_event_with_undescribed_bytes_is_refused_by_name(void **state)
{
	(void)state;
	maiko_recorder *recorder;
	maiko_supervisor *sup = test_supervisor(1);
	assert_int_equal(maiko_recorder_new(&recorder, sup, path, NULL), 0);
	assert_int_equal(add_scaler(sup, NULL), MAIKO_ETYPE);
	assert_non_null(strstr(maiko_last_error(), "event 'vector' cannot be recorded"));
	assert_non_null(strstr(maiko_last_error(), "bytes 4 to 19, after .n of 'vector'"));
	assert_int_equal(add_adder(sup, NULL), 0); /* others go on */
	assert_int_equal(maiko_start(sup), 0);
	assert_int_equal(maiko_send(sup, vector, .n = 1), MAIKO_ETYPE);
	assert_int_equal(maiko_stop(sup, NULL), 0);
	assert_int_equal(maiko_recorder_free(recorder), 0);
	assert_null(maiko_supervisor_free(sup));
	/* One that is known before is refused when the recording begins. */
	unlink(path);
	sup = test_supervisor(1);
	assert_int_equal(add_scaler(sup, NULL), 0);
	assert_int_equal(maiko_recorder_new(&recorder, sup, path, NULL), MAIKO_ETYPE);
	assert_non_null(strstr(maiko_last_error(), "event 'vector'"));
	test_finish(sup);
}

static void undescribed_bytes_come_again_if_that_is_asked_for(void **state)
{
	(void)state;
	maiko_recorder *recorder;
	maiko_replay_result result;
	maiko_supervisor *sup = test_supervisor(2);
	assert_int_equal(maiko_recorder_new(&recorder, sup, path, &(maiko_recorder_options){.undescribed = true}), 0);
	assert_int_equal(add_scaler(sup, NULL), 0);
	assert_int_equal(maiko_start(sup), 0);
	for (int i = 0; i < 20; i++)
		assert_int_equal(maiko_send(sup, vector, .n = 1, .v = {i, 2 * i, 3 * i, 4 * i}), 0);
	assert_int_equal(maiko_stop(sup, NULL), 0);
	assert_int_equal(maiko_recorder_free(recorder), 0);
	assert_null(maiko_supervisor_free(sup));
	int rc = replay(add_scaler, &result);
	if (rc != 0)
		fail_msg("%s", result.text);
	assert_int_equal(result.events, 20);
}

static void the_fields_around_a_gap_are_named(void **state)
{
	(void)state;
	maiko_recorder *recorder;
	maiko_supervisor *sup = test_supervisor(1);
	assert_int_equal(maiko_recorder_new(&recorder, sup, path, NULL), 0);
	assert_int_equal(maiko_start(sup), 0);
	assert_int_equal(maiko_send(sup, holed, .first = 1), MAIKO_ETYPE);
	assert_non_null(strstr(maiko_last_error(), "bytes 4 to 11, between .first and .last of 'holed'"));
	assert_int_equal(maiko_stop(sup, NULL), 0);
	assert_int_equal(maiko_recorder_free(recorder), 0);
	assert_null(maiko_supervisor_free(sup));
}

/* ---- arrays ---- */

/* What lies beyond the count differs from run to run: it does not matter. */
static void arrays_come_again(void **state)
{
	(void)state;
	maiko_recorder *recorder;
	maiko_replay_result result;
	maiko_supervisor *sup = test_supervisor(2);
	assert_int_equal(maiko_recorder_new(&recorder, sup, path, NULL), 0);
	assert_int_equal(add_surveyor(sup, NULL), 0);
	assert_int_equal(maiko_start(sup), 0);
	for (int16_t i = 0; i < 20; i++) {
		polygon p = {.weights = {1, 2, i}, .used = (uint32_t)i % 17};
		for (int16_t c = 0; c < 16; c++)
			p.corners[c] = (corner){.name = {(char)('a' + c)}, .at = {c, (int16_t)(i + c)}};
		p.corners[15].at[0] = (int16_t)getpid();
		assert_int_equal(maiko_send_copy(sup, polygon, &p), 0);
	}
	assert_int_equal(maiko_stop(sup, NULL), 0);
	assert_int_equal(maiko_recorder_free(recorder), 0);
	assert_null(maiko_supervisor_free(sup));
	int rc = replay(add_surveyor, &result);
	if (rc != 0)
		fail_msg("%s", result.text);
	assert_int_equal(result.events, 20);
}

/* ---- what is left of it ---- */

static void a_recording_that_was_cut_says_how_much_of_it_is_whole(void **state)
{
	(void)state;
	maiko_replay_result whole, cut;
	record_numbers(2);
	assert_int_equal(replay(add_adder, &whole), 0);
	assert_string_equal(whole.text, "");
	struct stat info;
	assert_int_equal(stat(path, &info), 0);
	uint64_t last = whole.whole;
	/* Within its segments, so that less and less of them is there. */
	for (off_t size = info.st_size - 4096; size > (1 << 20) + 4096; size -= 200000) {
		assert_int_equal(truncate(path, size), 0);
		int rc = replay(add_adder, &cut);
		assert_int_equal(rc, 0);
		assert_true(cut.whole <= last);
		last = cut.whole;
		if (cut.whole == whole.whole)
			continue; /* what was cut off had nothing in it */
		assert_false(cut.complete);
		assert_non_null(strstr(cut.text, "the recording is not whole"));
		assert_true(cut.records < whole.records);
	}
	assert_true(last < whole.whole);
	assert_int_equal(truncate(path, 1 << 20), 0); /* the head alone */
	assert_int_equal(replay(add_adder, &cut), MAIKO_EINVAL);
	assert_non_null(strstr(cut.text, "no record"));
}

static void a_recorder_that_is_freed_while_it_runs_leaves_what_was_until_then(void **state)
{
	(void)state;
	maiko_recorder *recorder;
	maiko_replay_result result;
	maiko_supervisor *sup = test_supervisor(2);
	assert_int_equal(maiko_recorder_new(&recorder, sup, path, NULL), 0);
	assert_int_equal(add_adder(sup, NULL), 0);
	assert_int_equal(maiko_start(sup), 0);
	atomic_store(&added, 0);
	for (uint32_t i = 0; i < NUMBERS; i++) {
		assert_int_equal(maiko_send(sup, number, .n = i), 0);
		if (i == NUMBERS / 2)
			assert_int_equal(maiko_recorder_free(recorder), 0);
	}
	test_wait_for(&added, NUMBERS);
	test_finish(sup);
	int rc = replay(add_adder, &result);
	if (rc != 0)
		fail_msg("%s", result.text);
	assert_true(result.complete);
	assert_true(result.events < NUMBERS);
}

static void a_recording_of_another_version_is_refused_in_words(void **state)
{
	(void)state;
	maiko_replay_result result;
	record_numbers(1);
	int fd = open(path, O_RDWR);
	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, "\1", 1, 0), 1); /* its last byte, on a machine that has it first */
	close(fd);
	assert_int_equal(replay(add_adder, &result), MAIKO_EINVAL);
	assert_non_null(strstr(result.text, "of version 1; this library reads version 9"));
}

/* ---- a crash ---- */

static bool crashes;

static int crasher_on_number(adder *self, const number *ev, maiko_ctx *ctx)
{
	(void)ctx;
	self->sum += ev->n;
	if (crashes && ev->n == NUMBERS / 2)
		abort();
	return 0;
}
typedef struct adder crasher;
MAIKO_ACTOR(crasher, MAIKO_ON(number, crasher_on_number));

static int add_both(maiko_supervisor *sup, void *arg)
{
	int rc = add_adder(sup, arg);
	return rc == 0 ? maiko_add(sup, crasher, "crasher") : rc;
}

/* In a process of its own, which does not come back. */
static void record_until_it_crashes(uint32_t workers)
{
	maiko_supervisor *sup;
	maiko_recorder *recorder;
	signal(SIGABRT, SIG_DFL); /* not the test's */
	crashes = true;
	int rc = maiko_supervisor_new(&sup, &(maiko_options){.workers = workers});
	if (rc == 0)
		rc = maiko_recorder_new(&recorder, sup, path, NULL);
	if (rc == 0)
		rc = add_both(sup, NULL);
	if (rc == 0)
		rc = maiko_start(sup);
	for (uint32_t i = 0; rc == 0 && i < NUMBERS; i++)
		rc = maiko_send(sup, number, .n = i);
	if (rc == 0)
		(void)maiko_stop(sup, NULL);
	_exit(1);
}

/* What one worker was about to write when another crashed is missing, and with it all that came after: one
 * that is alone has written all that it did. */
static void a_crash_leaves(uint32_t workers, uint64_t least)
{
	maiko_replay_result result;
	unlink(path);
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0)
		record_until_it_crashes(workers);
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
	crashes = false;
	int rc = replay(add_both, &result);
	if (rc != 0)
		fail_msg("%s", result.text);
	assert_false(result.complete);
	assert_non_null(strstr(result.text, "the recording is not whole"));
	assert_true(result.events >= least);
}

static void a_recording_outlives_a_crash(void **state)
{
	(void)state;
	a_crash_leaves(1, NUMBERS / 2); /* the crasher's at least */
	a_crash_leaves(2, 0);
}

/* Never started: there is nothing to do again. */
static void a_recording_without_a_start_is_replayed_too(void **state)
{
	(void)state;
	maiko_recorder *recorder;
	maiko_replay_result result;
	maiko_supervisor *sup = test_supervisor(1);
	assert_int_equal(maiko_recorder_new(&recorder, sup, path, NULL), 0);
	assert_int_equal(add_adder(sup, NULL), 0);
	assert_int_equal(maiko_recorder_free(recorder), 0);
	test_finish(sup);
	assert_int_equal(replay(add_adder, &result), 0);
	assert_int_equal(result.records, 0);
}

/* ---- a start that fails ---- */

typedef struct brittle {
	uint32_t n;
} brittle;

static int brittle_start(brittle *self, maiko_ctx *ctx)
{
	(void)ctx;
	self->n++;
	return -77;
}
MAIKO_ACTOR(brittle, MAIKO_ON_START(brittle_start));

typedef struct external {
	uint32_t n;
} external;

static int external_start(external *self, maiko_ctx *ctx)
{
	(void)self;
	return maiko_loop(ctx) == NULL ? MAIKO_ENOMEM : 0;
}
MAIKO_ACTOR(external, MAIKO_ON_START(external_start));

static int add_brittle(maiko_supervisor *sup, void *arg)
{
	int rc = add_adder(sup, arg);
	return rc == 0 ? maiko_add(sup, brittle, "brittle", .topics = MAIKO_NO_TOPICS) : rc;
}

static void a_start_that_failed_fails_again(void **state)
{
	(void)state;
	maiko_recorder *recorder;
	maiko_replay_result result;
	maiko_supervisor *sup = test_supervisor(2);
	assert_int_equal(maiko_recorder_new(&recorder, sup, path, NULL), 0);
	assert_int_equal(add_brittle(sup, NULL), 0);
	assert_int_equal(maiko_start(sup), -77);
	assert_int_equal(maiko_recorder_free(recorder), 0);
	assert_null(maiko_supervisor_free(sup));
	int rc = replay(add_brittle, &result);
	if (rc != 0)
		fail_msg("%s", result.text);
}

static void a_start_that_fails_in_a_simulation_returns_what_its_text_says(void **state)
{
	(void)state;
	maiko_sim *sim;
	assert_int_equal(maiko_sim_new(&sim, NULL), 0);
	assert_int_equal(maiko_add(maiko_sim_supervisor(sim), external, "external", .topics = MAIKO_NO_TOPICS), 0);
	assert_int_equal(maiko_start(maiko_sim_supervisor(sim)), MAIKO_ESIMULATED);
	assert_string_equal(maiko_sim_failure(sim), "maiko_loop, asked for by external: not under simulation");
	assert_non_null(strstr(maiko_last_error(), maiko_sim_failure(sim)));
	maiko_sim_free(sim);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_path, remove_path)
	const struct CMUnitTest tests[] = {
		TEST(a_recorder_overwrites_no_file),
		TEST(a_recording_begins_before_the_start_and_once),
		TEST(an_event_with_undescribed_bytes_is_refused_by_name),
		TEST(undescribed_bytes_come_again_if_that_is_asked_for),
		TEST(the_fields_around_a_gap_are_named),
		TEST(arrays_come_again),
		TEST(a_recording_that_was_cut_says_how_much_of_it_is_whole),
		TEST(a_recorder_that_is_freed_while_it_runs_leaves_what_was_until_then),
		TEST(a_recording_outlives_a_crash),
		TEST(a_recording_of_another_version_is_refused_in_words),
		TEST(a_recording_without_a_start_is_replayed_too),
		TEST(a_start_that_failed_fails_again),
		TEST(a_start_that_fails_in_a_simulation_returns_what_its_text_says),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
