/*
 * test_macro_calls.c - what the macros call that send, add, change and start jobs.
 *
 * The raw calls under the macros are replaced, by name, with ones that record their
 * arguments: a macro is right if the right call gets the right ones. Nothing here runs
 * an actor.
 *
 * SPDX-License-Identifier: MIT
 */
#include "elsewhere.h"

#include <maiko/maiko.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* ---- the record ----------------------------------------------------------------- */

/* Where events go: two that differ in type, as the macros tell them apart. */
static char ctx_memory, sup_memory;
static maiko_ctx *const ctx = (maiko_ctx *)(void *)&ctx_memory;
static maiko_supervisor *const sup = (maiko_supervisor *)(void *)&sup_memory;

static struct {
	const char *call;
	const void *to;
	const void *type; /* of the event, actor or job */
	unsigned char value[128];
	unsigned flags;
	uint64_t ms;
	maiko_delayed *ret_delayed;
	const char *name;
	maiko_add_options add;
	maiko_change_options change;
	maiko_actor_id actor;
	const maiko_topic *topic;
	const void *event;
} seen;

/* Answers that no call of the library gives, so that they can only come from here. */
enum { CTX_ANSWER = 11, SUP_ANSWER = 22 };

static void see(const char *call, const void *to, const void *type)
{
	memset(&seen, 0, sizeof(seen));
	seen.call = call;
	seen.to = to;
	seen.type = type;
}

static void see_value(const void *value, size_t size)
{
	assert_in_range(size, 1, sizeof(seen.value));
	memcpy(seen.value, value, size);
}

static int see_ctx_send(maiko_ctx *to, const maiko_event_type *type, const void *event, unsigned flags)
{
	see("ctx_send", to, type);
	see_value(event, type->layout->size);
	seen.flags = flags;
	return CTX_ANSWER;
}

static int see_supervisor_send(maiko_supervisor *to, const maiko_event_type *type, const void *event, unsigned flags)
{
	see("supervisor_send", to, type);
	see_value(event, type->layout->size);
	seen.flags = flags;
	return SUP_ANSWER;
}

static int see_send_timeout(maiko_supervisor *to, const maiko_event_type *type, const void *event, uint64_t timeout_ms)
{
	see("send_timeout", to, type);
	see_value(event, type->layout->size);
	seen.ms = timeout_ms;
	return SUP_ANSWER;
}

static int see_send_after(maiko_ctx *to, uint64_t delay_ms, maiko_delayed *ret_delayed, const maiko_event_type *type,
			  const void *event)
{
	see("send_after", to, type);
	see_value(event, type->layout->size);
	seen.ms = delay_ms;
	seen.ret_delayed = ret_delayed;
	return CTX_ANSWER;
}

static void *see_event_new(const maiko_event_type *type)
{
	static uint64_t memory[16];
	see("event_new", NULL, type);
	return memory;
}

static int see_ctx_publish(maiko_ctx *to, void *event, unsigned flags)
{
	see("ctx_publish", to, NULL);
	seen.event = event;
	seen.flags = flags;
	return CTX_ANSWER;
}

static int see_supervisor_publish(maiko_supervisor *to, void *event, unsigned flags)
{
	see("supervisor_publish", to, NULL);
	seen.event = event;
	seen.flags = flags;
	return SUP_ANSWER;
}

static int see_ctx_add(maiko_ctx *to, const maiko_actor_type *type, const char *name, const maiko_add_options *options)
{
	see("ctx_add", to, type);
	seen.name = name;
	seen.add = *options;
	return CTX_ANSWER;
}

static int see_supervisor_add(maiko_supervisor *to, const maiko_actor_type *type, const char *name,
			      const maiko_add_options *options)
{
	see("supervisor_add", to, type);
	seen.name = name;
	seen.add = *options;
	return SUP_ANSWER;
}

static int see_change(const char *call, const void *to, maiko_actor_id actor, const maiko_topic *topic,
		      const maiko_change_options *options)
{
	see(call, to, NULL);
	seen.actor = actor;
	seen.topic = topic;
	seen.change = *options;
	return strncmp(call, "ctx", 3) == 0 ? CTX_ANSWER : SUP_ANSWER;
}

static int see_blocking(maiko_ctx *to, const maiko_job_type *type, const void *job)
{
	see("blocking", to, type);
	see_value(job, type->size);
	return CTX_ANSWER;
}

/* From here on the macros, which name the raw calls, call these. */
#define maiko_ctx_send see_ctx_send
#define maiko_supervisor_send see_supervisor_send
#define maiko_supervisor_send_timeout see_send_timeout
#define maiko_ctx_send_after see_send_after
#define maiko_event_new see_event_new
#define maiko_ctx_publish see_ctx_publish
#define maiko_supervisor_publish see_supervisor_publish
#define maiko_ctx_add see_ctx_add
#define maiko_supervisor_add see_supervisor_add
#define maiko_ctx_blocking see_blocking

#define DEFINE_CHANGE(to, type, call)                                                                                  \
	static int see_##to##_##call(type *at, maiko_actor_id actor, const maiko_topic *topic,                         \
				     const maiko_change_options *options)                                              \
	{                                                                                                              \
		return see_change(#to "_" #call, at, actor, topic, options);                                           \
	}
#define DEFINE_REMOVE(to, type)                                                                                        \
	static int see_##to##_remove(type *at, maiko_actor_id actor, const maiko_change_options *options)              \
	{                                                                                                              \
		return see_change(#to "_remove", at, actor, NULL, options);                                            \
	}
DEFINE_CHANGE(ctx, maiko_ctx, subscribe)
DEFINE_CHANGE(ctx, maiko_ctx, unsubscribe)
DEFINE_REMOVE(ctx, maiko_ctx)
DEFINE_CHANGE(supervisor, maiko_supervisor, subscribe)
DEFINE_CHANGE(supervisor, maiko_supervisor, unsubscribe)
DEFINE_REMOVE(supervisor, maiko_supervisor)
#define maiko_ctx_subscribe see_ctx_subscribe
#define maiko_ctx_unsubscribe see_ctx_unsubscribe
#define maiko_ctx_remove see_ctx_remove
#define maiko_supervisor_subscribe see_supervisor_subscribe
#define maiko_supervisor_unsubscribe see_supervisor_unsubscribe
#define maiko_supervisor_remove see_supervisor_remove

/* ---- sending ----------------------------------------------------------------------- */

typedef struct hello {
	char name[8];
	int32_t x, y;
} hello;
MAIKO_TOPIC(greetings);
MAIKO_EVENT(hello, greetings, name, x, y);
MAIKO_SIGNAL(quit, greetings);

/* The last call was this one, and the last event a hello of these values. */
static void expect_hello(const char *call, const void *to, const char *name, int32_t x, int32_t y)
{
	hello value;
	memcpy(&value, seen.value, sizeof(value));
	assert_string_equal(seen.call, call);
	assert_ptr_equal(seen.to, to);
	assert_ptr_equal(seen.type, MAIKO_EVENT_REF(hello));
	assert_string_equal(value.name, name);
	assert_int_equal(value.x, x);
	assert_int_equal(value.y, y);
}

static void sends_from_a_ctx_and_from_outside(void **state)
{
	(void)state;
	assert_int_equal(maiko_send(ctx, hello, .name = "World", .y = 3), CTX_ANSWER);
	expect_hello("ctx_send", ctx, "World", 0, 3);
	assert_int_equal(seen.flags, 0);
	assert_int_equal(maiko_send(sup, hello, .x = 1, .y = 2), SUP_ANSWER);
	expect_hello("supervisor_send", sup, "", 1, 2);
	assert_int_equal(seen.flags, 0);
}

static void sends_without_fields(void **state)
{
	(void)state;
	assert_int_equal(maiko_send(ctx, hello), CTX_ANSWER);
	expect_hello("ctx_send", ctx, "", 0, 0);
	assert_int_equal(maiko_send(sup, quit), SUP_ANSWER);
	assert_ptr_equal(seen.type, MAIKO_EVENT_REF(quit));
	assert_int_equal(seen.value[0], 0);
}

static void sends_with_flags(void **state)
{
	(void)state;
	assert_int_equal(maiko_send_root(ctx, hello, .x = 1), CTX_ANSWER);
	expect_hello("ctx_send", ctx, "", 1, 0);
	assert_int_equal(seen.flags, 1); /* MAIKO_SEND_ROOT */
	assert_int_equal(maiko_try_send(sup, hello, .x = 2), SUP_ANSWER);
	expect_hello("supervisor_send", sup, "", 2, 0);
	assert_int_equal(seen.flags, 2); /* MAIKO_SEND_TRY */
	assert_int_equal(maiko_try_send(sup, quit), SUP_ANSWER);
	assert_int_equal(seen.flags, 2);
}

static void sends_with_times(void **state)
{
	(void)state;
	maiko_delayed delayed = 0;
	assert_int_equal(maiko_send_timeout(sup, 250, hello, .x = 1), SUP_ANSWER);
	expect_hello("send_timeout", sup, "", 1, 0);
	assert_int_equal(seen.ms, 250);
	assert_int_equal(maiko_send_timeout(sup, 250, quit), SUP_ANSWER);
	assert_ptr_equal(seen.type, MAIKO_EVENT_REF(quit));

	assert_int_equal(maiko_send_after_ms(ctx, 40, &delayed, hello, .name = "later"), CTX_ANSWER);
	expect_hello("send_after", ctx, "later", 0, 0);
	assert_int_equal(seen.ms, 40);
	assert_ptr_equal(seen.ret_delayed, &delayed);
	assert_int_equal(maiko_send_after_ms(ctx, 40, NULL, quit), CTX_ANSWER);
	assert_null(seen.ret_delayed);
}

static void sends_a_copy(void **state)
{
	(void)state;
	hello value = {.name = "twice", .x = 5};
	const hello *fixed = &value;
	assert_int_equal(maiko_send_copy(ctx, hello, &value), CTX_ANSWER);
	expect_hello("ctx_send", ctx, "twice", 5, 0);
	assert_int_equal(maiko_send_copy(sup, hello, fixed), SUP_ANSWER);
	expect_hello("supervisor_send", sup, "twice", 5, 0);
	assert_int_equal(seen.flags, 0);
}

static void publishes_what_was_made_in_place(void **state)
{
	(void)state;
	hello *value = maiko_new(hello);
	assert_string_equal(seen.call, "event_new");
	assert_ptr_equal(seen.type, MAIKO_EVENT_REF(hello));
	assert_int_equal(maiko_publish(ctx, value), CTX_ANSWER);
	assert_string_equal(seen.call, "ctx_publish");
	assert_ptr_equal(seen.event, value);
	assert_int_equal(maiko_publish(sup, value), SUP_ANSWER);
	assert_string_equal(seen.call, "supervisor_publish");
	assert_ptr_equal(seen.to, sup);
	assert_int_equal(seen.flags, 0);
}

static maiko_ctx *count_use(int *uses)
{
	(*uses)++;
	return ctx;
}

static void evaluates_each_argument_once(void **state)
{
	(void)state;
	int uses = 0, x = 0;
	hello values[2] = {{.x = 8}, {.x = 9}}, *value = values;
	maiko_send(count_use(&uses), hello, .x = ++x);
	maiko_send_copy(count_use(&uses), hello, value++);
	maiko_publish(count_use(&uses), value++);
	maiko_remove(count_use(&uses), (maiko_actor_id)++x);
	assert_int_equal(uses, 4);
	assert_int_equal(x, 2);
	assert_ptr_equal(value, values + 2);
}

static void fills_text(void **state)
{
	(void)state;
	struct {
		char text[6], after[2];
	} s = {.after = "x"};
	assert_int_equal(maiko_text(s.text, "World"), 0);
	assert_string_equal(s.text, "World");
	assert_int_equal(maiko_text(s.text, "Worlds"), MAIKO_ETRUNC);
	assert_string_equal(s.text, "World");
	assert_string_equal(s.after, "x");
}

typedef struct at {
	char where[4];
} at;
typedef struct letter {
	at from;
	char text[8];
	int32_t n;
} letter;
MAIKO_TOPIC(letters);
MAIKO_STRUCT(at, where);
MAIKO_EVENT(letter, letters, MAIKO_NESTED(from, at), text, n);

static void expect_letter(const char *where, const char *text, int n)
{
	const letter *value = (const letter *)(const void *)seen.value;
	assert_string_equal(value->from.where, where);
	assert_string_equal(value->text, text);
	assert_int_equal(value->n, n);
}

static void sends_texts_that_pointers_lead_to(void **state)
{
	(void)state;
	const char *text = "1234567", *where = "Ulm";
	assert_int_equal(maiko_send(ctx, letter, MAIKO_TEXT(text, text), .n = 3), CTX_ANSWER);
	expect_letter("", "1234567", 3);
	assert_int_equal(maiko_send_root(ctx, letter, .n = 4, MAIKO_TEXT(from.where, where)), CTX_ANSWER);
	expect_letter("Ulm", "", 4);
	assert_int_equal(maiko_send(sup, letter, MAIKO_TEXT(text, where), MAIKO_TEXT(from.where, where)), SUP_ANSWER);
	expect_letter("Ulm", "Ulm", 0);
	assert_int_equal(maiko_send_timeout(sup, 1, letter, MAIKO_TEXT(text, "")), SUP_ANSWER);
	expect_letter("", "", 0);
	assert_int_equal(maiko_send_after_ms(ctx, 1, NULL, letter, MAIKO_TEXT(text, text + 4)), CTX_ANSWER);
	expect_letter("", "567", 0);
}

static void sends_nothing_where_a_text_does_not_fit(void **state)
{
	(void)state;
	const char *text = "12345678", *none = NULL;
	see("nothing", NULL, NULL);
	assert_int_equal(maiko_send(ctx, letter, MAIKO_TEXT(text, text)), MAIKO_ETRUNC);
	assert_string_equal(maiko_last_error(),
			    "event 'letter': the text for .text has 8 bytes; with its end it must fit in 8");
	assert_int_equal(maiko_send(ctx, letter, MAIKO_TEXT(from.where, text + 4)), MAIKO_ETRUNC);
	assert_string_equal(maiko_last_error(),
			    "event 'letter': the text for .from.where has 4 bytes; with its end it must fit in 4");
	assert_int_equal(maiko_send(ctx, letter, MAIKO_TEXT(text, none)), MAIKO_EINVAL);
	assert_string_equal(maiko_last_error(), "event 'letter': the text for .text is NULL");
	assert_string_equal(seen.call, "nothing");
}

/* What the compiler knows it refuses (compile_fail/text_fills_array.c). */
static void sends_no_text_without_an_end(void **state)
{
	(void)state;
	volatile char last = 'h';
	letter value = {.n = 1};
	memset(value.text, 'x', sizeof(value.text));
	see("nothing", NULL, NULL);
	assert_int_equal(maiko_send(ctx, letter, .text = {'a', 'b', 'c', 'd', 'e', 'f', 'g', last}), MAIKO_EINVAL);
	assert_string_equal(maiko_last_error(), "event 'letter': the text of .text fills all its bytes and has no end");
	assert_int_equal(maiko_send(ctx, letter, .from = {{'U', 'l', 'm', last}}), MAIKO_EINVAL);
	assert_string_equal(maiko_last_error(),
			    "event 'letter': the text of .where fills all its bytes and has no end");
	assert_int_equal(maiko_send_copy(ctx, letter, &value), MAIKO_EINVAL);
	assert_string_equal(maiko_last_error(), "event 'letter': the text of .text fills all its bytes and has no end");
	assert_string_equal(seen.call, "nothing");

	value.text[3] = '\0'; /* an end; what comes behind it is no matter */
	assert_int_equal(maiko_send_copy(ctx, letter, &value), CTX_ANSWER);
	expect_letter("", "xxx", 1);
}

/* ---- adding -------------------------------------------------------------------------- */

typedef struct greeter {
	int32_t greeted;
} greeter;
static int greeter_on_hello(greeter *self, const hello *ev, maiko_ctx *to)
{
	(void)to;
	(void)ev;
	return ++self->greeted;
}
MAIKO_ACTOR(greeter, MAIKO_ON(hello, greeter_on_hello));

static void added(void *arg, const maiko_completion *completion)
{
	(void)arg;
	(void)completion;
}

static void adds_with_defaults(void **state)
{
	(void)state;
	assert_int_equal(maiko_add(sup, greeter, "ann"), SUP_ANSWER);
	assert_string_equal(seen.call, "supervisor_add");
	assert_ptr_equal(seen.to, sup);
	assert_ptr_equal(seen.type, MAIKO_ACTOR_REF(greeter));
	assert_string_equal(seen.name, "ann");
	assert_null(seen.add.init);
	assert_null(seen.add.topics);
	assert_int_equal(seen.add.overflow, MAIKO_OVERFLOW_DEFAULT);
	assert_int_equal(seen.add.mailbox, 0);
	assert_int_equal(seen.add.max_events_per_tick, 0);
	assert_int_equal(seen.add.worker, 0);
	assert_false(seen.add.own_thread);
	assert_false(seen.add.echo);
	assert_null(seen.add.ret_id);
	assert_null(seen.add.done);
	assert_null(seen.add.done_arg);
}

static void adds_with_every_option(void **state)
{
	(void)state;
	maiko_actor_id id = 0;
	const greeter init = {.greeted = 4};
	int arg = 0;
	assert_int_equal(maiko_add(ctx, greeter, "bob", .init = &init, .topics = MAIKO_ALL_TOPICS,
				   .overflow = MAIKO_DROP_OLDEST, .mailbox = 64, .max_events_per_tick = 16, .worker = 2,
				   .own_thread = true, .echo = true, .ret_id = &id, .done = added, .done_arg = &arg),
			 CTX_ANSWER);
	assert_string_equal(seen.call, "ctx_add");
	assert_ptr_equal(seen.to, ctx);
	assert_ptr_equal(seen.type, MAIKO_ACTOR_REF(greeter));
	assert_string_equal(seen.name, "bob");
	assert_ptr_equal(seen.add.init, &init);
	assert_ptr_equal(seen.add.topics, maiko_all_topics);
	assert_int_equal(seen.add.overflow, MAIKO_DROP_OLDEST);
	assert_int_equal(seen.add.mailbox, 64);
	assert_int_equal(seen.add.max_events_per_tick, 16);
	assert_int_equal(seen.add.worker, 2);
	assert_true(seen.add.own_thread);
	assert_true(seen.add.echo);
	assert_ptr_equal(seen.add.ret_id, &id);
	assert_ptr_equal(seen.add.done, added);
	assert_ptr_equal(seen.add.done_arg, &arg);
}

static void adds_and_sends_what_another_file_defines(void **state)
{
	(void)state;
	/* The adders of this type were made in elsewhere.h, before the calls were replaced. */
	assert_ptr_equal(MAIKO_ACTOR_REF(remote_mover), &maiko_gen_actor_remote_mover);
	maiko_add_options raw = maiko_gen_raw_remote_mover(
		&(const struct maiko_gen_options_remote_mover){.mailbox = 8, .init = &(remote_mover){.x = 1}});
	assert_int_equal(raw.mailbox, 8);
	assert_int_equal(((const remote_mover *)raw.init)->x, 1);

	assert_int_equal(maiko_send(ctx, remote_move, .to = {.x = 3, .y = 4}), CTX_ANSWER);
	remote_move value;
	memcpy(&value, seen.value, sizeof(value));
	assert_ptr_equal(seen.type, MAIKO_EVENT_REF(remote_move));
	assert_int_equal(value.to.x, 3);
	assert_int_equal(value.to.y, 4);
	assert_int_equal(maiko_send(sup, remote_halt), SUP_ANSWER);
	assert_ptr_equal(seen.type, MAIKO_EVENT_REF(remote_halt));
}

/* ---- changes ------------------------------------------------------------------------- */

static void expect_change(const char *call, const void *to, maiko_actor_id actor, const maiko_topic *topic)
{
	assert_string_equal(seen.call, call);
	assert_ptr_equal(seen.to, to);
	assert_int_equal(seen.actor, actor);
	assert_ptr_equal(seen.topic, topic);
}

static void changes_with_defaults(void **state)
{
	(void)state;
	const maiko_topic *topic = MAIKO_TOPIC_REF(greetings);
	assert_int_equal(maiko_remove(ctx, 7), CTX_ANSWER);
	expect_change("ctx_remove", ctx, 7, NULL);
	assert_int_equal(maiko_remove(sup, 8), SUP_ANSWER);
	expect_change("supervisor_remove", sup, 8, NULL);
	assert_int_equal(maiko_subscribe(ctx, 7, topic), CTX_ANSWER);
	expect_change("ctx_subscribe", ctx, 7, topic);
	assert_int_equal(maiko_subscribe(sup, 8, topic), SUP_ANSWER);
	expect_change("supervisor_subscribe", sup, 8, topic);
	assert_int_equal(maiko_unsubscribe(ctx, 7, topic), CTX_ANSWER);
	expect_change("ctx_unsubscribe", ctx, 7, topic);
	assert_int_equal(maiko_unsubscribe(sup, 8, topic), SUP_ANSWER);
	expect_change("supervisor_unsubscribe", sup, 8, topic);
	assert_int_equal(seen.change.overflow, MAIKO_OVERFLOW_DEFAULT);
	assert_null(seen.change.done);
	assert_null(seen.change.done_arg);
}

static void changes_with_options(void **state)
{
	(void)state;
	int arg = 0;
	assert_int_equal(maiko_subscribe(sup, 8, MAIKO_TOPIC_REF(greetings), .overflow = MAIKO_FAIL), SUP_ANSWER);
	assert_int_equal(seen.change.overflow, MAIKO_FAIL);
	assert_int_equal(maiko_unsubscribe(sup, 8, MAIKO_TOPIC_REF(greetings), .done = added, .done_arg = &arg),
			 SUP_ANSWER);
	assert_ptr_equal(seen.change.done, added);
	assert_int_equal(maiko_remove(ctx, 7, .done = added, .done_arg = &arg), CTX_ANSWER);
	assert_ptr_equal(seen.change.done, added);
	assert_ptr_equal(seen.change.done_arg, &arg);
}

/* ---- blocking work ------------------------------------------------------------------- */

typedef struct lookup {
	char host[16];
	int32_t port;
} lookup;
static int lookup_work(lookup *job) { return job->port * 2; }
static int greeter_on_lookup(greeter *self, lookup *job, int status, maiko_ctx *to)
{
	(void)to;
	self->greeted = status;
	return job->port + 1;
}
MAIKO_BLOCKING(greeter, lookup, lookup_work, greeter_on_lookup);

static void starts_blocking_work(void **state)
{
	(void)state;
	lookup job;
	greeter self = {.greeted = 0};
	assert_int_equal(maiko_blocking(ctx, lookup_work, greeter_on_lookup, .host = "localhost", .port = 80),
			 CTX_ANSWER);
	memcpy(&job, seen.value, sizeof(job));
	assert_string_equal(job.host, "localhost");
	assert_int_equal(job.port, 80);

	const maiko_job_type *type = seen.type;
	assert_string_equal(type->actor, "greeter");
	assert_int_equal(type->size, 20);
	assert_int_equal(type->work(&job), 160);
	assert_int_equal(type->done(&self, &job, -3, ctx), 81);
	assert_int_equal(self.greeted, -3);

	assert_int_equal(maiko_blocking(ctx, lookup_work, greeter_on_lookup), CTX_ANSWER);
	memcpy(&job, seen.value, sizeof(job));
	assert_int_equal(job.port, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sends_from_a_ctx_and_from_outside),
		cmocka_unit_test(sends_without_fields),
		cmocka_unit_test(sends_with_flags),
		cmocka_unit_test(sends_with_times),
		cmocka_unit_test(sends_a_copy),
		cmocka_unit_test(publishes_what_was_made_in_place),
		cmocka_unit_test(evaluates_each_argument_once),
		cmocka_unit_test(fills_text),
		cmocka_unit_test(sends_texts_that_pointers_lead_to),
		cmocka_unit_test(sends_nothing_where_a_text_does_not_fit),
		cmocka_unit_test(sends_no_text_without_an_end),
		cmocka_unit_test(adds_with_defaults),
		cmocka_unit_test(adds_with_every_option),
		cmocka_unit_test(adds_and_sends_what_another_file_defines),
		cmocka_unit_test(changes_with_defaults),
		cmocka_unit_test(changes_with_options),
		cmocka_unit_test(starts_blocking_work),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
