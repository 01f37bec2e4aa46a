/*
 * beast.c - see beast.h.
 */
#include "beast.h"

#include <inttypes.h>
#include <stdio.h>
#include <stddef.h>

const char *const hook_names[HOOKS] = {"on_start", "handler", "tick",        "on_stop", "job",
				       "on_done",  "receipt", "on_interest", "timer"};
const maiko_topic *topics[TOPICS];
record records[BEASTS_MAX + GUESTS_MAX];
_Atomic(bool) calm;
_Atomic(uint64_t) injected[HOOKS], sent[THREADS][TOPICS];

MAIKO_TOPIC(gossip);
typedef struct rumour {
	uint32_t n;
} rumour;
MAIKO_EVENT(rumour, gossip, n);
static const maiko_topic *topic_of(const parcel *p) { return topics[p->topic]; }
MAIKO_EVENT_ROUTED_DEFINE(parcel, topic_of, thread, topic, hops, n);

void fault(const char *what, const char *who, uint64_t number, uint64_t other)
{
	if (atomic_fetch_add(&faults, 1) < FAULTS_TOLD)
		fprintf(stderr, "chaos: round seed %" PRIu64 ": %s: %s: %" PRIu64 ", %" PRIu64 "\n", round_seed, who,
			what, number, other);
}

/* The error of this call of the hook, or 0: of the seed, the actor and how often that hook was called before. */
static int error_of(record *r, hook h)
{
	uint64_t state = round_seed ^ ((uint64_t)r->number << 40 | (uint64_t)h << 36 | r->calls[h]++);
	uint32_t drawn = below(&state, r->rate);
	if (r->failures_left == 0 || drawn != 0 || atomic_load_explicit(&calm, memory_order_relaxed))
		return 0;
	r->failures_left--;
	atomic_fetch_add_explicit(&injected[h], 1, memory_order_relaxed);
	return UV_EIO;
}

/* ---- lives --------------------------------------------------------------------------------- */

static void timer_fired(uv_timer_t *timer)
{
	beast *self = (beast *)((char *)timer - offsetof(beast, timer));
	maiko_ctx *ctx = timer->data;
	if (maiko_enter(ctx) != 0)
		return;
	maiko_leave(ctx, error_of(self->record, LOOP));
}

/* In the state, which is renewed only when it has been closed. */
static int start_timer(beast *self, maiko_ctx *ctx)
{
	uv_timer_init(maiko_loop(ctx), &self->timer);
	self->timer.data = ctx;
	self->adopted = true;
	int rc = maiko_adopt(ctx, (uv_handle_t *)&self->timer);
	if (rc == 0)
		uv_timer_start(&self->timer, timer_fired, 1, 2);
	return rc;
}

static int beast_on_start(beast *self, maiko_ctx *ctx)
{
	record *r = self->record;
	if (r->lives)
		fault("on_start before on_stop", maiko_name(ctx), r->starts, r->stops);
	if (self->handled != 0 || self->adopted)
		fault("a state that is not new", maiko_name(ctx), self->handled, 0);
	int rc = r->number % 32 == 0 ? start_timer(self, ctx) : 0;
	if (rc == 0)
		rc = error_of(r, START);
	r->lives = rc == 0;
	r->starts += rc == 0;
	return rc;
}

static int beast_on_stop(beast *self, maiko_ctx *ctx)
{
	record *r = self->record;
	if (!r->lives)
		fault("on_stop without on_start", maiko_name(ctx), r->starts, r->stops);
	r->lives = false;
	r->stops++;
	return error_of(r, STOP);
}

/* ---- events -------------------------------------------------------------------------------- */

static bool is_failed(const record *r, maiko_id id) { return r->again != 0 && maiko_id_equal(r->failed, id); }

static void check(record *r, const parcel *p, const maiko_ctx *ctx)
{
	maiko_id id = maiko_meta(ctx)->id;
	bool again = is_failed(r, id);
	if (r->again != 0 && !again && r->whole && !r->dead_once)
		fault("another event than the one that had failed", maiko_name(ctx), id.sequence, r->failed.sequence);
	if (!again)
		r->again = 0;
	if (p->n == 0)
		return;
	uint64_t *last = &r->last[p->thread];
	if (again ? p->n != *last : p->n <= *last)
		fault(again ? "again, but not the last" : "twice, or out of order", maiko_name(ctx), p->n, *last);
	else if (!again && r->whole && !r->dead_once && p->n != *last + 1)
		fault("a gap", maiko_name(ctx), p->n, *last);
	*last = p->n;
}

/* Its handler fails now: it is to come again, or not. */
static int fails_with(record *r, const maiko_ctx *ctx, int error)
{
	maiko_id id = maiko_meta(ctx)->id;
	r->again = is_failed(r, id) ? r->again - 1 : r->retries;
	r->failed = id;
	return error;
}

typedef struct chore {
	uint32_t n;
} chore;
static int chore_work(chore *job) { return (int)job->n * 0; }
static int beast_on_chore(beast *self, chore *job, int status, maiko_ctx *ctx)
{
	(void)job;
	(void)status;
	(void)maiko_unhold(ctx);
	return error_of(self->record, JOB);
}
MAIKO_BLOCKING(beast, chore, chore_work, beast_on_chore);

/* Something that a restart has to end. */
static void begin_something(beast *self, maiko_ctx *ctx, const parcel *p, uint64_t what)
{
	parcel other = {.topic = self->record->output};
	switch (what % 256) {
	case 0:
		(void)maiko_send_after_ms(ctx, what % 3, NULL, parcel, .topic = self->record->output);
		break;
	case 1:
		(void)maiko_keep(ctx, p);
		break;
	case 2:
		if (maiko_hold(ctx) == 0 && maiko_blocking(ctx, chore_work, beast_on_chore, .n = 1) != 0)
			(void)maiko_unhold(ctx);
		break;
	case 3:
		(void)maiko_ctx_send(ctx, MAIKO_EVENT_REF(parcel), &other, MAIKO_SEND_TRACKED);
		break;
	case 4:
		(void)maiko_move(ctx, maiko_self(ctx), 1 + (uint32_t)(what >> 32) % 8);
		break;
	case 5:
		(void)maiko_wake_tick(ctx);
		break;
	case 6:
		(void)maiko_send(ctx, rumour, .n = 1);
		break;
	case 7:
		if (what >> 60 == 0 && self->record->failures_left != 0 && !atomic_load(&calm))
			(void)maiko_restart(ctx, maiko_self(ctx));
		break;
	default:
		break;
	}
}

static int beast_on_parcel(beast *self, const parcel *p, maiko_ctx *ctx)
{
	record *r = self->record;
	self->handled++;
	check(r, p, ctx);
	uint64_t what = maiko_random(ctx);
	begin_something(self, ctx, p, what);
	if (p->hops > 0)
		(void)maiko_send(ctx, parcel, .topic = r->output, .hops = (uint16_t)(p->hops - 1));
	int rc = error_of(r, HANDLE);
	if (rc != 0)
		return fails_with(r, ctx, rc);
	r->again = 0;
	return 0;
}

static int beast_on_receipt(beast *self, const maiko_receipt *receipt, maiko_ctx *ctx)
{
	uint64_t sum = 0;
#define ADD(field, text) sum += receipt->field;
	MAIKO_OUTCOME_MAP(ADD)
#undef ADD
	if (sum != receipt->deliveries)
		fault("a receipt", maiko_name(ctx), sum, receipt->deliveries);
	return error_of(self->record, RECEIPT);
}

static int beast_on_done(beast *self, const maiko_completion *completion, maiko_ctx *ctx)
{
	(void)completion;
	(void)ctx;
	return error_of(self->record, DONE);
}

static int beast_on_interest(beast *self, const maiko_interest *interest, maiko_ctx *ctx)
{
	(void)interest;
	(void)ctx;
	return error_of(self->record, INTEREST);
}

static maiko_next beast_tick(beast *self, maiko_ctx *ctx)
{
	record *r = self->record;
	(void)ctx;
	if (r->number % 16 != 0)
		return maiko_never();
	int rc = error_of(r, TICK);
	return rc != 0 ? maiko_failed(rc) : maiko_after_ms(1 + r->calls[TICK] % 4);
}

static int beast_on_error(beast *self, const maiko_error *error, maiko_ctx *ctx)
{
	if (error->code == MAIKO_EDEADLK) {
		self->record->dead_once = true;
		self->record->again = 0;
	} else if (error->code == MAIKO_EOVERFLOW) {
		return self->record->calls[HANDLE] % 8 == 0 && !atomic_load(&calm) ? error->code : 0;
	} else if (error->code != UV_EIO) {
		fault("an error of its own", maiko_name(ctx), (uint64_t)-error->code, (uint64_t)error->phase);
	}
	return error->code;
}

MAIKO_ACTOR_DEFINE(beast, MAIKO_ON(parcel, beast_on_parcel), MAIKO_ON_START(beast_on_start),
		   MAIKO_ON_STOP(beast_on_stop), MAIKO_TICK(beast_tick), MAIKO_ON_ERROR(beast_on_error),
		   MAIKO_ON_DONE(beast_on_done), MAIKO_ON_RECEIPT(beast_on_receipt),
		   MAIKO_ON_INTEREST(beast_on_interest, gossip));
