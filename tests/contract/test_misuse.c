/*
 * test_misuse.c - what a program must not do with a supervisor or a ctx ends the process where
 * it is done, in builds with assertions. Each misuse runs in a child process.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support.h"

#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
#include <uv.h>

typedef struct item {
	uint32_t n;
} item;
MAIKO_TOPIC(items);
MAIKO_EVENT(item, items, n);

static maiko_ctx *kept;

static void send_by_kept(void *arg) { (void)maiko_send(kept, item, .n = 1); }

typedef struct sender {
	bool elsewhere; /* sends from another thread, while its callback waits for that */
} sender;
static int sender_on_start(sender *self, maiko_ctx *ctx)
{
	uv_thread_t thread;
	kept = ctx;
	if (self->elsewhere)
		return uv_thread_create(&thread, send_by_kept, NULL) != 0 || uv_thread_join(&thread) != 0;
	return maiko_send(ctx, item, .n = 0);
}
MAIKO_ACTOR(sender, MAIKO_ON_START(sender_on_start));

static maiko_supervisor *started(bool elsewhere)
{
	maiko_supervisor *sup = NULL;
	if (maiko_supervisor_new(&sup, &(maiko_options){.workers = 1}) != 0 ||
	    maiko_add(sup, sender, "sender", .init = &(sender){elsewhere}) != 0 || maiko_start(sup) != 0)
		exit(3);
	return sup;
}

/* Nothing wrong: what the others do besides is sound. */
static void nothing(void) { maiko_supervisor_free(started(false)); }

static void a_send_to_a_freed_supervisor(void)
{
	maiko_supervisor *sup = started(false);
	maiko_supervisor_free(sup);
	(void)maiko_send(sup, item, .n = 1);
}

static void a_look_into_a_freed_supervisor(void)
{
	maiko_supervisor *sup = started(false);
	maiko_actor_id id;
	maiko_supervisor_free(sup);
	(void)maiko_find(sup, "sender", &id);
}

static void a_ctx_on_another_thread(void) { maiko_supervisor_free(started(true)); }

static void a_ctx_outside_of_callbacks(void)
{
	maiko_supervisor *sup = started(false);
	(void)maiko_send(kept, item, .n = 1);
	maiko_supervisor_free(sup);
}

static void a_change_by_a_ctx_outside_of_callbacks(void)
{
	maiko_supervisor *sup = started(false);
	(void)maiko_remove(kept, 1);
	maiko_supervisor_free(sup);
}

/* Whether a process that does it comes to its end. */
static bool survives(void (*act)(void))
{
	int status = 0;
	pid_t child = fork();
	if (child == 0) {
		(void)!freopen("/dev/null", "w", stderr); /* the assertion's words */
		act();
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_false(WIFEXITED(status) && WEXITSTATUS(status) == 3);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

TEST_ONCE(misuse_is_seen_where_it_is_done)
{
	assert_true(survives(nothing));
#ifndef NDEBUG
	assert_false(survives(a_send_to_a_freed_supervisor));
	assert_false(survives(a_look_into_a_freed_supervisor));
	assert_false(survives(a_ctx_on_another_thread));
	assert_false(survives(a_ctx_outside_of_callbacks));
	assert_false(survives(a_change_by_a_ctx_outside_of_callbacks));
#else
	(void)a_send_to_a_freed_supervisor, (void)a_look_into_a_freed_supervisor, (void)a_ctx_on_another_thread;
#endif
}
