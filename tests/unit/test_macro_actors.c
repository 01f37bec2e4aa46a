/*
 * test_macro_actors.c - what the macros expand to that describe actors.
 *
 * The rows of an actor type, and the functions that lead from them to the user's. Nothing
 * here runs an actor.
 *
 * SPDX-License-Identifier: MIT
 */
#include <maiko/maiko.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

typedef struct reading {
	uint32_t device;
} reading;
MAIKO_TOPIC(plain);
MAIKO_EVENT(reading, plain, device);
MAIKO_SIGNAL(quit, plain);

typedef struct counter {
	int32_t n;
	_Alignas(8) double sum;
} counter;

static int counter_on_reading(counter *self, const reading *ev, maiko_ctx *ctx)
{
	(void)ctx;
	self->sum += ev->device;
	return 1;
}

static int counter_on_quit(counter *self, const quit *ev, maiko_ctx *ctx)
{
	(void)ctx;
	(void)ev;
	self->n += 2;
	return 2;
}

static int counter_on_any(counter *self, const maiko_any *any, maiko_ctx *ctx)
{
	(void)ctx;
	self->n += maiko_as(any, reading) != NULL;
	return 3;
}

static int counter_on_start(counter *self, maiko_ctx *ctx)
{
	(void)ctx;
	self->n += 4;
	return 4;
}

static int counter_on_stop(counter *self, maiko_ctx *ctx)
{
	(void)ctx;
	self->n += 5;
	return 5;
}

static int counter_on_error(counter *self, const maiko_error *error, maiko_ctx *ctx)
{
	(void)ctx;
	self->n += error->code;
	return 6;
}

static int counter_on_done(counter *self, const maiko_completion *completion, maiko_ctx *ctx)
{
	(void)ctx;
	self->n += completion->status;
	return 7;
}

static maiko_next counter_tick(counter *self, maiko_ctx *ctx)
{
	(void)ctx;
	self->n += 8;
	return maiko_after_ms(8);
}

MAIKO_ACTOR(counter, MAIKO_ON(reading, counter_on_reading), MAIKO_ON_START(counter_on_start), MAIKO_TICK(counter_tick),
	    MAIKO_ON(quit, counter_on_quit), MAIKO_ON_ANY(counter_on_any), MAIKO_ON_STOP(counter_on_stop),
	    MAIKO_ON_ERROR(counter_on_error), MAIKO_ON_DONE(counter_on_done));

static void describes_actors(void **state)
{
	(void)state;
	static const maiko_item_kind kinds[] = {MAIKO_ITEM_ON,    MAIKO_ITEM_START, MAIKO_ITEM_TICK,
						MAIKO_ITEM_ON,    MAIKO_ITEM_ANY,   MAIKO_ITEM_STOP,
						MAIKO_ITEM_ERROR, MAIKO_ITEM_DONE,  MAIKO_ITEM_END};
	const maiko_actor_type *type = MAIKO_ACTOR_REF(counter);
	assert_string_equal(type->name, "counter");
	assert_int_equal(type->state_size, 16);
	assert_int_equal(type->state_align, 8);
	assert_int_equal(*type->slot, 0);
	for (size_t i = 0; i < COUNT(kinds); i++) {
		const maiko_item *item = &type->items[i];
		assert_int_equal(item->kind, kinds[i]);
		assert_int_equal(item->on != NULL, kinds[i] == MAIKO_ITEM_ON);
		assert_int_equal(item->event != NULL, kinds[i] == MAIKO_ITEM_ON);
		assert_int_equal(item->any != NULL, kinds[i] == MAIKO_ITEM_ANY);
		assert_int_equal(item->hook != NULL, kinds[i] == MAIKO_ITEM_START || kinds[i] == MAIKO_ITEM_STOP);
		assert_int_equal(item->error != NULL, kinds[i] == MAIKO_ITEM_ERROR);
		assert_int_equal(item->done != NULL, kinds[i] == MAIKO_ITEM_DONE);
		assert_int_equal(item->tick != NULL, kinds[i] == MAIKO_ITEM_TICK);
	}
	assert_ptr_equal(type->items[0].event, MAIKO_EVENT_REF(reading));
	assert_ptr_equal(type->items[3].event, MAIKO_EVENT_REF(quit));
}

static void calls_each_function_by_its_own_type(void **state)
{
	(void)state;
	const maiko_item *items = MAIKO_ACTOR_REF(counter)->items;
	const reading ev = {.device = 40};
	const maiko_any any = {.type = MAIKO_EVENT_REF(reading), .data = &ev};
	const maiko_error error = {.code = -1000};
	const maiko_completion completion = {.status = 500};
	counter self = {.n = 0};

	assert_int_equal(items[0].on(&self, &ev, NULL), 1);
	assert_int_equal(self.sum, 40);
	assert_int_equal(items[1].hook(&self, NULL), 4);
	assert_int_equal(self.n, 4);
	maiko_next next = items[2].tick(&self, NULL);
	assert_int_equal(next.kind, MAIKO_NEXT_AFTER);
	assert_int_equal(next.ms, 8);
	assert_int_equal(self.n, 12);
	assert_int_equal(items[3].on(&self, &(quit){0}, NULL), 2);
	assert_int_equal(self.n, 14);
	assert_int_equal(items[4].any(&self, &any, NULL), 3);
	assert_int_equal(self.n, 15);
	assert_int_equal(items[5].hook(&self, NULL), 5);
	assert_int_equal(self.n, 20);
	assert_int_equal(items[6].error(&self, &error, NULL), 6);
	assert_int_equal(self.n, -980);
	assert_int_equal(items[7].done(&self, &completion, NULL), 7);
	assert_int_equal(self.n, -480);
}

/* 32 items: 26 handlers and one of each other kind. */
/* clang-format off */
#define LETTERS(XX) \
	XX(a) XX(b) XX(c) XX(d) XX(e) XX(f) XX(g) XX(h) XX(i) XX(j) XX(k) XX(l) XX(m) \
	XX(n) XX(o) XX(p) XX(q) XX(r) XX(s) XX(t) XX(u) XX(v) XX(w) XX(x) XX(y) XX(z)
/* clang-format on */
typedef struct alphabet {
	char last;
} alphabet;
#define DEFINE_LETTER(letter)                                                                                          \
	MAIKO_SIGNAL(letter_##letter, plain);                                                                          \
	static int on_letter_##letter(alphabet *self, const letter_##letter *ev, maiko_ctx *ctx)                       \
	{                                                                                                              \
		(void)ctx;                                                                                             \
		(void)ev;                                                                                              \
		self->last = #letter[0];                                                                               \
		return 0;                                                                                              \
	}
LETTERS(DEFINE_LETTER)
static int alphabet_hook(alphabet *self, maiko_ctx *ctx)
{
	(void)ctx;
	self->last = '#';
	return 0;
}
static int alphabet_on_any(alphabet *self, const maiko_any *any, maiko_ctx *ctx)
{
	(void)ctx;
	(void)any;
	self->last = '?';
	return 0;
}
static int alphabet_on_error(alphabet *self, const maiko_error *error, maiko_ctx *ctx)
{
	(void)ctx;
	(void)error;
	self->last = '!';
	return 0;
}
static int alphabet_on_done(alphabet *self, const maiko_completion *completion, maiko_ctx *ctx)
{
	(void)ctx;
	(void)completion;
	self->last = '+';
	return 0;
}
static maiko_next alphabet_tick(alphabet *self, maiko_ctx *ctx)
{
	(void)ctx;
	self->last = '.';
	return maiko_never();
}
#define ON_LETTER(letter) MAIKO_ON(letter_##letter, on_letter_##letter),
MAIKO_ACTOR(alphabet, LETTERS(ON_LETTER) MAIKO_ON_START(alphabet_hook), MAIKO_ON_STOP(alphabet_hook),
	    MAIKO_ON_ANY(alphabet_on_any), MAIKO_ON_ERROR(alphabet_on_error), MAIKO_ON_DONE(alphabet_on_done),
	    MAIKO_TICK(alphabet_tick));

static void describes_an_actor_of_32_items(void **state)
{
	(void)state;
	const maiko_item *items = MAIKO_ACTOR_REF(alphabet)->items;
	alphabet self = {.last = ' '};
	for (int i = 0; i < 26; i++) {
		assert_int_equal(items[i].on(&self, "", NULL), 0);
		assert_int_equal(self.last, "abcdefghijklmnopqrstuvwxyz"[i]);
	}
	assert_int_equal(items[31].kind, MAIKO_ITEM_TICK);
	assert_int_equal(items[32].kind, MAIKO_ITEM_END);
}

/* Two pairs of an actor and an event that read alike when put together. */
MAIKO_SIGNAL(start, plain);
MAIKO_SIGNAL(over_start, plain);
typedef struct game {
	int32_t n;
} game;
typedef struct game_over {
	int32_t n;
} game_over;
static int game_on_over_start(game *self, const over_start *ev, maiko_ctx *ctx)
{
	(void)ctx;
	(void)ev;
	return self->n;
}
static int game_over_on_start(game_over *self, const start *ev, maiko_ctx *ctx)
{
	(void)ctx;
	(void)ev;
	return self->n + 1;
}
MAIKO_ACTOR(game, MAIKO_ON(over_start, game_on_over_start));
MAIKO_ACTOR(game_over, MAIKO_ON(start, game_over_on_start));

static void keeps_handlers_apart(void **state)
{
	(void)state;
	assert_int_equal(MAIKO_ACTOR_REF(game)->items[0].on(&(game){.n = 7}, "", NULL), 7);
	assert_int_equal(MAIKO_ACTOR_REF(game_over)->items[0].on(&(game_over){.n = 7}, "", NULL), 8);
}

typedef struct idler {
	_Alignas(64) char line[128];
} idler;
MAIKO_ACTOR(idler);

static void describes_an_actor_without_items(void **state)
{
	(void)state;
	assert_int_equal(MAIKO_ACTOR_REF(idler)->items[0].kind, MAIKO_ITEM_END);
	assert_int_equal(MAIKO_ACTOR_REF(idler)->state_size, 128);
	assert_int_equal(MAIKO_ACTOR_REF(idler)->state_align, 64);
}

/* ---- names of the user (last, as `state` is a type from here on) ------------------------ */

/* A user's own names are never hidden by those of a generated function. */
typedef struct state {
	int32_t ctx;
} state;
typedef struct event {
	int32_t data;
} event;
MAIKO_EVENT(event, plain, data);
static int ctx(state *self, const event *ev, maiko_ctx *to)
{
	(void)to;
	return self->ctx + ev->data;
}
MAIKO_ACTOR(state, MAIKO_ON(event, ctx));

static void leaves_common_names_to_the_user(void **unused)
{
	(void)unused;
	assert_int_equal(MAIKO_ACTOR_REF(state)->items[0].on(&(state){.ctx = 7}, &(event){.data = 2}, NULL), 9);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(describes_actors),
		cmocka_unit_test(calls_each_function_by_its_own_type),
		cmocka_unit_test(describes_an_actor_of_32_items),
		cmocka_unit_test(keeps_handlers_apart),
		cmocka_unit_test(describes_an_actor_without_items),
		cmocka_unit_test(leaves_common_names_to_the_user),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
