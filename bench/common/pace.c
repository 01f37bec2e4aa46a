/*
 * pace.c - see pace.h.
 */
#include "pace.h"

#include "bench.h"

#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

enum { NS_A_SECOND = 1000000000 };

int pace_open(uint64_t events_s, bool blocking)
{
	struct timespec period = {.tv_nsec = (long)(NS_A_SECOND / events_s)};
	struct itimerspec spec = {.it_interval = period, .it_value = period};
	int fd = timerfd_create(CLOCK_MONOTONIC, blocking ? TFD_CLOEXEC : TFD_CLOEXEC | TFD_NONBLOCK);
	bench_check(fd >= 0 && timerfd_settime(fd, 0, &spec, NULL) == 0, "timerfd");
	return fd;
}

uint64_t pace_read(int fd)
{
	uint64_t due;
	return read(fd, &due, sizeof due) == sizeof due ? due : 0;
}

bool pace_due(uint64_t started_ns, uint64_t number, uint64_t events_s)
{
	return bench_now_ns() >= started_ns + number * (NS_A_SECOND / events_s);
}
