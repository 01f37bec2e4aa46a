/*
 * cause.c - see cause.h.
 */
#include "cause.h"

#include "bench.h"

#include <stdlib.h>
#include <sys/resource.h>

enum { SENDER, ASLEEP, DESCHEDULED, RUNNING, CAUSES, LENGTHS = 3, LATE_NS = 10000 };

/* Of one event: the receiver's members as they were when it handled the event. */
typedef struct mark {
	uint64_t sent_ns, published_ns;
	uint64_t handled_ns, cpu_ns;
	long slept, descheduled;
} mark;

static mark *marks;
static uint64_t count, sent, published, handled;

void cause_open(uint64_t events)
{
	count = events;
	marks = bench_lines(events, sizeof *marks);
}

void cause_sent(uint64_t number, uint64_t sent_ns)
{
	marks[number].sent_ns = sent_ns;
	sent = number + 1;
}

void cause_sender_runs(uint64_t now_ns)
{
	for (; published < sent; published++)
		marks[published].published_ns = now_ns;
}

void cause_handled(uint64_t now_ns)
{
	struct rusage usage;
	getrusage(RUSAGE_THREAD, &usage);
	mark *m = &marks[handled++];
	m->handled_ns = now_ns;
	m->cpu_ns = bench_thread_cpu_ns();
	m->slept = usage.ru_nvcsw;
	m->descheduled = usage.ru_nivcsw;
}

/* What kept the receiver from one event to the next. */
static int cause_between(const mark *last, const mark *m)
{
	uint64_t took_ns = m->handled_ns - last->handled_ns, ran_ns = m->cpu_ns - last->cpu_ns;
	if (ran_ns > took_ns / 2)
		return RUNNING;
	return m->descheduled != last->descheduled ? DESCHEDULED : m->slept != last->slept ? ASLEEP : RUNNING;
}

static int length_of(uint64_t late_ns) { return late_ns < 100000 ? 0 : late_ns < 1000000 ? 1 : 2; }

void cause_figures(void)
{
	static const char *const names[CAUSES][LENGTHS] = {{"sender_10us", "sender_100us", "sender_1ms"},
							   {"asleep_10us", "asleep_100us", "asleep_1ms"},
							   {"descheduled_10us", "descheduled_100us", "descheduled_1ms"},
							   {"running_10us", "running_100us", "running_1ms"}};
	uint64_t late[CAUSES][LENGTHS] = {{0}};
	int cause = RUNNING;
	cause_sender_runs(bench_now_ns());
	for (uint64_t i = 1; i < handled; i++) {
		const mark *m = &marks[i], *last = &marks[i - 1];
		uint64_t took_ns = m->handled_ns - m->sent_ns;
		if (took_ns < LATE_NS)
			continue;
		if (m->published_ns - m->sent_ns > took_ns / 2 && m->published_ns <= m->handled_ns)
			cause = SENDER;
		else if (m->handled_ns - last->handled_ns > took_ns / 2)
			cause = cause_between(last, m);
		late[cause][length_of(took_ns)]++;
	}
	for (int i = 0; i < CAUSES; i++)
		for (int j = 0; j < LENGTHS; j++)
			bench_figure(names[i][j], "ppm", (double)late[i][j] * 1e6 / (double)count);
	free(marks);
}
