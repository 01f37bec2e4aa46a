/*
 * guesser.c - several actors, two topics, and time.
 *
 * Two players guess a number, each at its own pace: a tick that runs every few
 * milliseconds makes the guess. A judge replies on another topic. Both players receive
 * every verdict, and each selects those on its own guesses. When both have found the
 * number the judge ends the round.
 *
 * SPDX-License-Identifier: MIT
 */
#include <maiko/maiko.h>
#include <stdio.h>
#include <string.h>

typedef enum hint { HIGHER, LOWER, FOUND } hint;

typedef struct guess { int number; } guess;
typedef struct verdict {
	char player[32];
	hint answer;
} verdict;

MAIKO_TOPIC(guesses);
MAIKO_TOPIC(verdicts);
MAIKO_EVENT(guess, guesses, number);
MAIKO_EVENT(verdict, verdicts, player, MAIKO_ENUM(answer));

/* ---- knows the number ---- */

typedef struct judge {
	int secret;
	int playing;
} judge;

static int judge_on_guess(judge *self, const guess *ev, maiko_ctx *ctx)
{
	hint answer = ev->number < self->secret ? HIGHER : ev->number > self->secret ? LOWER : FOUND;
	int rc = maiko_send(ctx, verdict, .answer = answer, MAIKO_TEXT(player, maiko_sender(ctx)));
	if (rc == 0 && answer == FOUND && --self->playing == 0) rc = maiko_stop_all(ctx);
	return rc;
}

MAIKO_ACTOR(judge, MAIKO_ON(guess, judge_on_guess));

/* ---- guesses: one third of the way from its own end of what is left ---- */

typedef struct player {
	int low, high;
	bool from_above;
	unsigned pace_ms;
	int number; /* the last guess */
	bool waiting, found;
	unsigned guesses;
} player;

static maiko_next player_tick(player *self, maiko_ctx *ctx)
{
	if (self->found) return maiko_never();
	if (!self->waiting) {
		int step = (self->high - self->low) / 3;
		self->number = self->from_above ? self->high - step : self->low + step;
		int rc = maiko_send(ctx, guess, .number = self->number);
		if (rc < 0) return maiko_failed(rc);
		self->waiting = true;
		self->guesses++;
	}
	return maiko_after_ms(self->pace_ms);
}

static int player_on_verdict(player *self, const verdict *ev, maiko_ctx *ctx)
{
	if (strcmp(ev->player, maiko_name(ctx)) != 0) return 0;
	if (ev->answer == HIGHER) self->low = self->number + 1;
	if (ev->answer == LOWER) self->high = self->number - 1;
	self->found = ev->answer == FOUND;
	self->waiting = false;
	return 0;
}

static int player_on_stop(player *self, maiko_ctx *ctx)
{
	printf("%s found %d with guess %u\n", maiko_name(ctx), self->number, self->guesses);
	return 0;
}

MAIKO_ACTOR(player, MAIKO_TICK(player_tick), MAIKO_ON(verdict, player_on_verdict), MAIKO_ON_STOP(player_on_stop));

int main(void)
{
	player hare = {.low = 1, .high = 100, .pace_ms = 2};
	player tortoise = {.low = 1, .high = 100, .pace_ms = 5, .from_above = true};
	maiko_supervisor *sup = NULL;
	int rc = maiko_supervisor_new(&sup, NULL);
	if (rc == 0) rc = maiko_add(sup, judge, "judge", .init = &(judge){.secret = 42, .playing = 2});
	if (rc == 0) rc = maiko_add(sup, player, "hare", .init = &hare);
	if (rc == 0) rc = maiko_add(sup, player, "tortoise", .init = &tortoise);
	if (rc == 0) rc = maiko_start(sup);
	if (rc == 0) rc = maiko_join(sup);
	maiko_supervisor_free(sup);
	if (rc != 0) fprintf(stderr, "guesser: %s\n", maiko_last_error());
	return rc == 0 && fflush(stdout) == 0 ? 0 : 1;
}

/* Expected output:
 * tortoise found 42 with guess 6
 * hare found 42 with guess 6
 */
