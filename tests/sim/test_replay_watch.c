/*
 * test_replay_watch.c - watches, ends, and dead letters are recorded, and a replay repeats them: of actors that run
 * again, and of a source, whose calls are repeated.
 */
#include <maiko/observe/recorder.h>
#include <maiko/testing/replay.h>

#include "support.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

typedef struct step {
	uint32_t n;
} step;
MAIKO_TOPIC(steps);
MAIKO_EVENT(step, steps, n);
typedef struct tally {
	uint64_t sum;
} tally;
MAIKO_TOPIC(tallies);
MAIKO_EVENT(tally, tallies, sum);

enum { ROUNDS = 40 };
static _Atomic(uint64_t) tallied;

/* Ends or fails at its third step, and leaves events behind. */
typedef struct child {
	uint32_t steps;
} child;
static int child_on_step(child *self, const step *ev, maiko_ctx *ctx)
{
	if (++self->steps < 3)
		return 0;
	return ev->n % 2 == 0 ? MAIKO_EBROKEN : maiko_stop_self(ctx);
}
MAIKO_ACTOR(child, MAIKO_ON(step, child_on_step));

/* Keeps one child alive, and counts what it hears. */
typedef struct parent {
	uint64_t sum;
	uint32_t children;
} parent;
static int bear(parent *self, maiko_ctx *ctx)
{
	char name[32];
	maiko_actor_id id;
	snprintf(name, sizeof name, "%s-%u", maiko_name(ctx), self->children++);
	int rc = maiko_add(ctx, child, name, .restart = MAIKO_TEMPORARY, .ret_id = &id);
	if (rc == 0)
		rc = maiko_watch(ctx, id);
	return rc == 0 ? maiko_watch(ctx, id + 12345) : rc; /* there is no such actor */
}
static int parent_on_start(parent *self, maiko_ctx *ctx) { return bear(self, ctx); }
static int parent_on_ended(parent *self, const maiko_ended *ev, maiko_ctx *ctx)
{
	self->sum += (uint64_t)ev->reason * 7 + (uint64_t)(-ev->error);
	int rc = maiko_send(ctx, tally, .sum = self->sum);
	return rc != 0 || ev->reason == MAIKO_END_UNKNOWN || self->children > ROUNDS ? rc : bear(self, ctx);
}
static int parent_on_letter(parent *self, const maiko_dead_letter *ev, maiko_ctx *ctx)
{
	maiko_any any = maiko_letter_event(ev);
	const step *s = maiko_as(&any, step);
	self->sum += s == NULL ? 0 : s->n;
	/* Of one child only: it is sent again to all. */
	return strncmp(ev->name, maiko_name(ctx), strlen(maiko_name(ctx))) == 0 ? maiko_resend(ctx, ev) : 0;
}
MAIKO_ACTOR(parent, MAIKO_ON_START(parent_on_start), MAIKO_ON(maiko_ended, parent_on_ended),
	    MAIKO_ON(maiko_dead_letter, parent_on_letter));

/* A source. */
typedef struct clock {
	uint32_t n;
} clock_source;
static maiko_next clock_tick(clock_source *self, maiko_ctx *ctx)
{
	maiko_actor_id id;
	if (self->n == 0 && maiko_find(maiko_supervisor_of(ctx), "parent0-0", &id) == 0)
		(void)maiko_watch(ctx, id);
	for (int i = 0; i < 5; i++)
		(void)maiko_send(ctx, step, .n = self->n++);
	return self->n < 5 * ROUNDS ? maiko_after_ms(1) : maiko_never();
}
static int clock_on_ended(clock_source *self, const maiko_ended *ev, maiko_ctx *ctx)
{
	(void)self;
	return maiko_send(ctx, tally, .sum = ev->worker);
}
MAIKO_ACTOR(clock_source, MAIKO_TICK(clock_tick), MAIKO_ON(maiko_ended, clock_on_ended));

typedef struct archive {
	uint64_t sum;
} archive;
static int archive_on_tally(archive *self, const tally *ev, maiko_ctx *ctx)
{
	(void)ctx;
	self->sum += ev->sum;
	atomic_fetch_add(&tallied, 1);
	return 0;
}
static int archive_on_ended(archive *self, const maiko_ended *ev, maiko_ctx *ctx)
{
	(void)ctx;
	self->sum += ev->worker;
	return 0;
}
MAIKO_ACTOR(archive, MAIKO_ON(tally, archive_on_tally), MAIKO_ON(maiko_ended, archive_on_ended));

static int add_actors(maiko_supervisor *sup, void *arg)
{
	(void)arg;
	int rc = maiko_add(sup, archive, "archive", .topics = MAIKO_TOPICS(tallies, maiko_lifecycle_topic));
	if (rc == 0)
		rc = maiko_add(sup, parent, "parent0");
	if (rc == 0)
		rc = maiko_add(sup, parent, "parent1", .topics = MAIKO_NO_TOPICS);
	return rc == 0 ? maiko_add(sup, clock_source, "clock") : rc;
}

TEST_WORKERS(watches_and_letters_are_repeated)
{
	static const char *const sources[] = {"clock", NULL};
	maiko_replay_result result;
	maiko_recorder *recorder;
	char path[64];
	snprintf(path, sizeof path, "/tmp/maiko-replay-watch-%ld", (long)getpid());
	maiko_supervisor *sup = test_supervisor(workers);
	atomic_store(&tallied, 0);
	ok(maiko_recorder_new(&recorder, sup, path, &(maiko_recorder_options){.sources = sources}));
	ok(add_actors(sup, NULL));
	ok(maiko_start(sup));
	test_wait_for(&tallied, ROUNDS / 2);
	ok(maiko_stop(sup, NULL));
	ok(maiko_recorder_free(recorder));
	test_finish(sup);
	int rc = maiko_replay(&(maiko_replay_options){.path = path, .setup = add_actors, .sources = sources}, &result);
	unlink(path);
	if (rc != 0)
		fail_msg("%s: %s", maiko_strerror(rc), result.text);
	assert_true(result.complete);
}
