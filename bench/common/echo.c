/*
 * echo.c - see echo.h.
 */
#include "echo.h"

#include "bench.h"

#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

typedef struct far_end {
	uv_poll_t poll;
	int fd;
	uint64_t left; /* round trips to begin */
	uint64_t number;
	uint64_t written_ns;
} far_end;

static far_end ends[ECHO_PAIRS];
static uint64_t open_ends, started_ns, ended_ns;
static uint64_t *samples_ns, sample_count;
static uv_thread_t thread;

/* Raises the limit of descriptors to the hard limit. */
static void raise_limit(void)
{
	struct rlimit limit;
	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

void echo_open(int ret_near[ECHO_PAIRS])
{
	raise_limit();
	for (int i = 0; i < ECHO_PAIRS; i++) {
		int pair[2] = {-1, -1};
		bench_check(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) == 0,
			    "socketpair");
		ret_near[i] = pair[0];
		ends[i].fd = pair[1];
	}
}

static void write_next(far_end *end)
{
	uint64_t message[ECHO_MESSAGE / sizeof(uint64_t)] = {++end->number};
	end->left--;
	end->written_ns = bench_now_ns();
	bench_check(write(end->fd, message, sizeof message) == sizeof message, "a message does not fit its socket");
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
	far_end *end = (far_end *)poll;
	uint64_t message[ECHO_MESSAGE / sizeof(uint64_t)];
	(void)events;
	bench_check(status == 0, "poll");
	if (read(end->fd, message, sizeof message) != sizeof message)
		return;
	bench_check(message[0] == end->number, "a message was not echoed as it was");
	samples_ns[sample_count++] = bench_now_ns() - end->written_ns;
	if (end->left > 0) {
		write_next(end);
		return;
	}
	uv_close((uv_handle_t *)poll, NULL);
	if (--open_ends == 0)
		ended_ns = bench_now_ns();
}

static void far_main(void *unused)
{
	uv_loop_t loop;
	(void)unused;
	uv_loop_init(&loop);
	for (int i = 0; i < ECHO_PAIRS; i++) {
		uv_poll_init(&loop, &ends[i].poll, ends[i].fd);
		uv_poll_start(&ends[i].poll, UV_READABLE, on_readable);
	}
	open_ends = ECHO_PAIRS;
	started_ns = bench_now_ns();
	for (int i = 0; i < ECHO_PAIRS; i++)
		write_next(&ends[i]);
	uv_run(&loop, UV_RUN_DEFAULT);
	uv_loop_close(&loop);
}

void echo_start(uint64_t round_trips)
{
	samples_ns = bench_lines(round_trips, sizeof *samples_ns);
	for (int i = 0; i < ECHO_PAIRS; i++)
		ends[i].left = round_trips / ECHO_PAIRS;
	bench_check(uv_thread_create(&thread, far_main, NULL) == 0, "no thread");
}

uint64_t echo_join(void)
{
	uv_thread_join(&thread);
	for (int i = 0; i < ECHO_PAIRS; i++)
		close(ends[i].fd);
	return ended_ns - started_ns;
}

void echo_figures(void)
{
	bench_percentiles(samples_ns, sample_count);
	free(samples_ns);
}
