/*
 * watching.c - an actor that watches another replaces it when it has failed, and sends again what was queued for it.
 *
 * SPDX-License-Identifier: MIT
 */
#include <maiko/maiko.h>
#include <stdio.h>

enum { LETTERS_MAX = 8 };

typedef struct request {
	int number;
} request;

MAIKO_TOPIC(requests);
MAIKO_EVENT(request, requests, number);

/* ---- fails at a negative number ---- */

typedef struct clerk {
	unsigned served;
} clerk;

static int clerk_on_request(clerk *self, const request *ev, maiko_ctx *ctx)
{
	if (ev->number < 0) return MAIKO_EINVAL;
	if (ev->number == 0) return maiko_stop_all(ctx);
	printf("%s: request %d\n", maiko_name(ctx), ev->number);
	self->served++;
	return 0;
}

MAIKO_ACTOR(clerk, MAIKO_ON(request, clerk_on_request));

/* ---- watches the clerk ---- */

typedef struct manager {
	const maiko_dead_letter *letters[LETTERS_MAX];
	unsigned count;
	bool served; /* there is a clerk again */
} manager;

static int manager_on_start(manager *self, maiko_ctx *ctx)
{
	(void)self;
	maiko_actor_id id;
	int rc = maiko_find(maiko_supervisor_of(ctx), "clerk", &id);
	return rc == 0 ? maiko_watch(ctx, id) : rc;
}

static int manager_on_ended(manager *self, const maiko_ended *ev, maiko_ctx *ctx)
{
	(void)self;
	maiko_actor_id id;
	printf("manager: %s has ended: %s\n", ev->name, maiko_strerror(ev->error));
	int rc = maiko_add(ctx, clerk, "next clerk", .restart = MAIKO_TEMPORARY, .ret_id = &id);
	return rc == 0 ? maiko_watch(ctx, id) : rc;
}

static int again(const maiko_dead_letter *letter, maiko_ctx *ctx)
{
	maiko_any any = maiko_letter_event(letter);
	const request *ev = maiko_as(&any, request);
	if (ev != NULL) printf("manager: request %d again\n", ev->number);
	return maiko_resend(ctx, letter);
}

/* Keeps the letter until there is a clerk again, who may be there already. */
static int manager_on_letter(manager *self, const maiko_dead_letter *letter, maiko_ctx *ctx)
{
	if (self->served) return again(letter, ctx);
	if (self->count == LETTERS_MAX) return MAIKO_E2BIG;
	self->letters[self->count++] = letter;
	return maiko_keep(ctx, letter);
}

static int manager_on_done(manager *self, const maiko_completion *completion, maiko_ctx *ctx)
{
	if (completion->status != 0) return completion->status;
	for (unsigned i = 0; i < self->count; i++) {
		int rc = again(self->letters[i], ctx);
		if (rc == 0) rc = maiko_release(ctx, self->letters[i]);
		if (rc != 0) return rc;
	}
	self->count = 0;
	self->served = true;
	return 0;
}

MAIKO_ACTOR(manager, MAIKO_ON_START(manager_on_start), MAIKO_ON(maiko_ended, manager_on_ended),
	    MAIKO_ON(maiko_dead_letter, manager_on_letter), MAIKO_ON_DONE(manager_on_done));

/* ---- the program ---- */

static int run(maiko_supervisor *sup)
{
	static const int numbers[] = {1, -1, 2, 0};
	int rc = maiko_add(sup, clerk, "clerk", .restart = MAIKO_TEMPORARY);
	if (rc == 0) rc = maiko_add(sup, manager, "manager");
	for (int i = 0; rc == 0 && i < 4; i++) rc = maiko_send(sup, request, .number = numbers[i]);
	if (rc == 0) rc = maiko_start(sup);
	return rc == 0 ? maiko_join(sup) : rc;
}

int main(void)
{
	maiko_supervisor *sup;
	int rc = maiko_supervisor_new(&sup, NULL);
	if (rc != 0) return 1;
	rc = run(sup);
	if (rc != 0) fprintf(stderr, "watching: %s\n", maiko_last_error());
	maiko_supervisor_free(sup);
	return rc == 0 && fflush(stdout) == 0 ? 0 : 1;
}

/* Expected output:
 * clerk: request 1
 * manager: clerk has ended: invalid argument
 * manager: request 2 again
 * manager: request 0 again
 * next clerk: request 2
 */
