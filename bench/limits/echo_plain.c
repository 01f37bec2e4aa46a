/*
 * echo_plain.c - W11: the work of the echoing actors with libuv alone: one loop on its own
 * thread.
 */
#include "limits.h"

#include "echo.h"

#include <unistd.h>
#include <uv.h>

enum { ROUND_TRIPS = 300000 };

static uv_poll_t polls[ECHO_PAIRS];
static int near_ends[ECHO_PAIRS];
static uv_sem_t watching;

static void on_readable(uv_poll_t *poll, int status, int events)
{
	char message[ECHO_MESSAGE];
	int fd = -1;
	(void)events;
	bench_check(status == 0 && uv_fileno((const uv_handle_t *)poll, &fd) == 0, "poll");
	ssize_t length = read(fd, message, sizeof message);
	if (length > 0)
		bench_check(write(fd, message, (size_t)length) == length, "a message does not fit its socket");
	else if (length == 0)
		uv_close((uv_handle_t *)poll, NULL); /* the other end is closed */
}

static void near_main(void *unused)
{
	uv_loop_t loop;
	(void)unused;
	uv_loop_init(&loop);
	for (int i = 0; i < ECHO_PAIRS; i++) {
		uv_poll_init(&loop, &polls[i], near_ends[i]);
		uv_poll_start(&polls[i], UV_READABLE, on_readable);
	}
	uv_sem_post(&watching);
	uv_run(&loop, UV_RUN_DEFAULT);
	uv_loop_close(&loop);
}

static bool run(const bench_variant *v)
{
	uv_thread_t thread;
	uint64_t round_trips = bench_scaled(ROUND_TRIPS, ECHO_PAIRS);
	(void)v;
	echo_open(near_ends);
	uv_sem_init(&watching, 0);
	uv_thread_create(&thread, near_main, NULL);
	uv_sem_wait(&watching);
	echo_start(round_trips);
	double ns = (double)echo_join();
	uv_thread_join(&thread);
	for (int i = 0; i < ECHO_PAIRS; i++)
		close(near_ends[i]);
	bench_figure("round_trips", "/s", (double)round_trips * 1e9 / ns);
	echo_figures();
	return true;
}

const bench_variant echo_variants[] = {{.name = "W11/echo", .run = run}, {.name = NULL}};
