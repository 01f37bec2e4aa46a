/*
 * test_recorder_end.c - how a recording ends: at a limit of the system, with words that say how much of it
 * there is; not by a forked child; not in a callback.
 */
#include <maiko/observe/recorder.h>
#include <maiko/testing/replay.h>

#include "support.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <uv.h>

MAIKO_TOPIC(numbers);

typedef struct number {
	uint32_t n;
} number;
MAIKO_EVENT(number, numbers, n);

typedef struct bulk {
	maiko_buffer *bytes;
} bulk;
MAIKO_EVENT(bulk, numbers, bytes);

static _Atomic(uint64_t) counted;

typedef struct counter {
	uint64_t n;
} counter;

static int counter_on_number(counter *self, const number *ev, maiko_ctx *ctx)
{
	(void)ctx;
	self->n += ev->n;
	atomic_fetch_add(&counted, 1);
	return 0;
}
MAIKO_ACTOR(counter, MAIKO_ON(number, counter_on_number));

static int add_counter(maiko_supervisor *sup, void *arg)
{
	(void)arg;
	return maiko_add(sup, counter, "counter");
}

static char path[64];

static int make_path(void **state)
{
	(void)state;
	snprintf(path, sizeof path, "/tmp/maiko-recorder-end-%ld", (long)getpid());
	unlink(path);
	atomic_store(&counted, 0);
	return 0;
}

static int remove_path(void **state)
{
	(void)state;
	unlink(path);
	return 0;
}

static int replay(maiko_replay_result *ret_result)
{
	return maiko_replay(&(maiko_replay_options){.path = path, .setup = add_counter}, ret_result);
}

static maiko_supervisor *recorded(const maiko_options *options, maiko_recorder **ret_recorder)
{
	maiko_supervisor *sup;
	assert_int_equal(maiko_supervisor_new(&sup, options), 0);
	assert_int_equal(maiko_recorder_new(ret_recorder, sup, path, NULL), 0);
	assert_int_equal(add_counter(sup, NULL), 0);
	return sup;
}

/* ---- a limit ---- */

/* Of the size of a file. */
static void set_limit(rlim_t bytes)
{
	struct rlimit limit;
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = bytes;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

enum { MIB = 1 << 20, MANY = 9000 };

/* The recorder's last error names the file and counts what a replay then finds. */
static void ends_in_words(maiko_recorder *recorder, int error, const char *why)
{
	char start[160];
	maiko_replay_result result;
	snprintf(start, sizeof start, "maiko_recorder_free: the recording '%s' ends after ", path);
	assert_int_equal(maiko_recorder_free(recorder), error);
	const char *text = maiko_last_error();
	assert_int_equal(strncmp(text, start, strlen(start)), 0);
	unsigned long long kept = strtoull(text + strlen(start), NULL, 10);
	assert_non_null(strstr(text, why));
	int rc = replay(&result);
	if (rc != 0)
		fail_msg("%s: %s", maiko_strerror(rc), result.text);
	assert_false(result.complete);
	assert_true(kept == result.whole);
}

static void a_recording_that_reaches_a_limit_says_how_much_of_it_there_is(void **state)
{
	(void)state;
	maiko_recorder *recorder;
	maiko_supervisor *sup = recorded(&(maiko_options){.workers = 1}, &recorder);
	set_limit(4 * MIB); /* the head, the supervisor's, two of the worker's */
	assert_int_equal(maiko_start(sup), 0);
	for (uint32_t i = 0; i < MANY; i++)
		assert_int_equal(maiko_send(sup, number, .n = i), 0);
	assert_int_equal(maiko_stop(sup, NULL), 0);
	set_limit(RLIM_INFINITY);
	ends_in_words(recorder, -EFBIG, "its file cannot grow (file too large)");
	assert_true(atomic_load(&counted) >= MANY); /* the program went on */
	assert_null(maiko_supervisor_free(sup));
}

/* The signal of that limit would end the program: the loop's thread is its own. */
static void on_a_thread_of_the_program_s_it_raises_no_signal(void **state)
{
	(void)state;
	uv_loop_t loop;
	maiko_recorder *recorder;
	assert_int_equal(uv_loop_init(&loop), 0);
	maiko_supervisor *sup = recorded(&(maiko_options){.loop = &loop}, &recorder);
	set_limit(4 * MIB);
	assert_int_equal(maiko_start(sup), 0);
	for (uint32_t i = 0; i < MANY;) {
		int rc = maiko_send(sup, number, .n = i);
		assert_true(rc == 0 || rc == MAIKO_EAGAIN);
		i += rc == 0;
		uv_run(&loop, UV_RUN_NOWAIT);
	}
	assert_int_equal(maiko_stop_begin(sup, NULL, NULL, NULL), 0);
	uv_run(&loop, UV_RUN_DEFAULT);
	set_limit(RLIM_INFINITY);
	ends_in_words(recorder, -EFBIG, "its file cannot grow");
	assert_null(maiko_supervisor_free(sup));
	assert_int_equal(uv_loop_close(&loop), 0);
}

static void a_recording_that_has_no_room_for_its_head_is_refused(void **state)
{
	(void)state;
	maiko_recorder *recorder = NULL;
	maiko_supervisor *sup = test_supervisor(1);
	set_limit(MIB - 1);
	int rc = maiko_recorder_new(&recorder, sup, path, NULL);
	set_limit(RLIM_INFINITY);
	assert_int_equal(rc, -EFBIG);
	assert_non_null(strstr(maiko_last_error(), path));
	assert_null(recorder);
	assert_int_equal(access(path, F_OK), -1);
	test_finish(sup);
}

static void an_event_that_is_too_large_for_a_record_ends_it_in_words(void **state)
{
	(void)state;
	maiko_recorder *recorder;
	maiko_buffer *bytes;
	maiko_supervisor *sup = recorded(&(maiko_options){.workers = 1}, &recorder);
	assert_int_equal(maiko_start(sup), 0);
	assert_int_equal(maiko_buffer_new(MIB, &bytes), 0);
	assert_int_equal(maiko_send(sup, bulk, .bytes = bytes), 0);
	maiko_buffer_unref(bytes);
	assert_int_equal(maiko_stop(sup, NULL), 0);
	ends_in_words(recorder, MAIKO_E2BIG, "an event or a call takes more than 512 KiB");
	assert_null(maiko_supervisor_free(sup));
}

/* ---- a forked child ---- */

/* In a child: 0 if the recorder is not freed. _exit would have the thread sanitizer miss the threads that
 * only the parent has. */
static int free_in_a_child(maiko_recorder *recorder)
{
	int status;
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0)
		syscall(SYS_exit_group, maiko_recorder_free(recorder) != MAIKO_EFORK);
	assert_int_equal(waitpid(child, &status, 0), child);
	return status;
}

static void a_forked_child_does_not_end_its_parent_s_recording(void **state)
{
	(void)state;
	maiko_recorder *recorder;
	maiko_replay_result result;
	maiko_supervisor *sup = recorded(&(maiko_options){.workers = 2}, &recorder);
	assert_int_equal(free_in_a_child(recorder), 0);
	assert_int_equal(replay(&result), MAIKO_EINVAL); /* nothing is in it yet, not even its end */
	assert_int_equal(result.whole, 0);
	assert_int_equal(maiko_start(sup), 0);
	for (uint32_t i = 0; i < 10; i++)
		assert_int_equal(maiko_send(sup, number, .n = i), 0);
	test_wait_for(&counted, 10);
	assert_int_equal(free_in_a_child(recorder), 0);
	for (uint32_t i = 0; i < 10; i++)
		assert_int_equal(maiko_send(sup, number, .n = i), 0);
	test_wait_for(&counted, 20);
	(void)replay(&result); /* while it is being written: as far as it is */
	assert_false(result.complete);
	assert_int_equal(maiko_stop(sup, NULL), 0);
	assert_int_equal(maiko_recorder_free(recorder), 0);
	assert_null(maiko_supervisor_free(sup));
	int rc = replay(&result);
	if (rc != 0)
		fail_msg("%s", result.text);
	assert_true(result.complete);
	assert_int_equal(result.events, 20);
}

/* ---- in a callback ---- */

static maiko_recorder *freed_inside;
static _Atomic(uint64_t) refused;

static int refuse(void)
{
	maiko_replay_result result;
	int rc = maiko_recorder_free(freed_inside);
	if (rc != MAIKO_EDEADLK || strstr(maiko_last_error(), "maiko_recorder_free waits") == NULL)
		return rc;
	rc = replay(&result); /* which would wait, too */
	if (rc != MAIKO_EDEADLK || strstr(maiko_last_error(), "maiko_replay runs") == NULL)
		return rc;
	atomic_fetch_add(&refused, 1);
	return 0;
}

typedef struct rash {
	uint32_t n;
} rash;

static int rash_on_number(rash *self, const number *ev, maiko_ctx *ctx)
{
	(void)ctx;
	self->n += ev->n;
	return refuse();
}
MAIKO_ACTOR(rash, MAIKO_ON(number, rash_on_number));

static void a_callback_cannot_free_a_recorder_nor_replay(void **state)
{
	(void)state;
	maiko_supervisor *sup = recorded(&(maiko_options){.workers = 2}, &freed_inside);
	atomic_store(&refused, 0);
	assert_int_equal(maiko_add(sup, rash, "rash"), 0);
	assert_int_equal(maiko_start(sup), 0);
	assert_int_equal(maiko_send(sup, number, .n = 1), 0);
	test_wait_for(&refused, 1);
	assert_int_equal(maiko_recorder_free(freed_inside), 0); /* here it can */
	assert_int_equal(maiko_stop(sup, NULL), 0);
	assert_null(maiko_supervisor_free(sup));
}

static void nor_can_a_thread_whose_loop_the_supervisor_is_in_before_its_end(void **state)
{
	(void)state;
	uv_loop_t loop;
	maiko_replay_result result;
	assert_int_equal(uv_loop_init(&loop), 0);
	maiko_supervisor *sup = recorded(&(maiko_options){.loop = &loop}, &freed_inside);
	atomic_store(&refused, 0);
	assert_int_equal(maiko_start(sup), 0);
	assert_int_equal(refuse(), 0);
	assert_int_equal(maiko_send(sup, number, .n = 1), 0); /* and it goes on recording */
	assert_int_equal(maiko_stop_begin(sup, NULL, NULL, NULL), 0);
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(maiko_recorder_free(freed_inside), 0);
	assert_null(maiko_supervisor_free(sup));
	assert_int_equal(uv_loop_close(&loop), 0);
	assert_int_equal(replay(&result), 0);
	assert_true(result.complete);
	assert_int_equal(result.events, 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_path, remove_path)
	const struct CMUnitTest tests[] = {
		TEST(a_recording_that_reaches_a_limit_says_how_much_of_it_there_is),
		TEST(on_a_thread_of_the_program_s_it_raises_no_signal),
		TEST(a_recording_that_has_no_room_for_its_head_is_refused),
		TEST(an_event_that_is_too_large_for_a_record_ends_it_in_words),
		TEST(a_forked_child_does_not_end_its_parent_s_recording),
		TEST(a_callback_cannot_free_a_recorder_nor_replay),
		TEST(nor_can_a_thread_whose_loop_the_supervisor_is_in_before_its_end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
