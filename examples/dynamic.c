/*
 * dynamic.c - adding, subscribing, unsubscribing and removing at run time.
 *
 * On an external thread each call waits until the change is complete: an added actor has
 * started, a removed one runs no further callback. Events sent after a change are routed
 * by the new subscriptions. (Inside an actor the same calls return immediately and
 * MAIKO_ON_DONE reports completion.)
 *
 * SPDX-License-Identifier: MIT
 */
#define _POSIX_C_SOURCE 200809L /* for uv.h */
#include <maiko/maiko.h>
#include <stdio.h>
#include <uv.h>

typedef struct news { char text[32]; } news;
typedef struct weather { char text[32]; } weather;

MAIKO_TOPIC(headlines);
MAIKO_TOPIC(forecasts);
MAIKO_EVENT(news, headlines, text);
MAIKO_EVENT(weather, forecasts, text);

/* ---- prints the events it receives, and notifies main ---- */

typedef struct listener { uv_sem_t *heard; } listener;

static int listener_on_news(listener *self, const news *ev, maiko_ctx *ctx)
{
	printf("%s hears news: %s\n", maiko_name(ctx), ev->text);
	uv_sem_post(self->heard);
	return 0;
}

static int listener_on_weather(listener *self, const weather *ev, maiko_ctx *ctx)
{
	printf("%s hears weather: %s\n", maiko_name(ctx), ev->text);
	uv_sem_post(self->heard);
	return 0;
}

static int listener_on_stop(listener *self, maiko_ctx *ctx)
{
	(void)self;
	printf("%s leaves\n", maiko_name(ctx));
	return 0;
}

MAIKO_ACTOR(listener, MAIKO_ON(news, listener_on_news), MAIKO_ON(weather, listener_on_weather),
	    MAIKO_ON_STOP(listener_on_stop));

/* ---- each step ends when its event has been received ---- */

static int run(maiko_supervisor *sup, uv_sem_t *heard)
{
	maiko_actor_id ann = 0, bob = 0;
	listener init = {.heard = heard};

	int rc = maiko_add(sup, listener, "ann", .init = &init, .topics = MAIKO_TOPICS(headlines), .ret_id = &ann);
	if (rc == 0) rc = maiko_send(sup, news, .text = "cat on tree");
	if (rc < 0) return rc;
	uv_sem_wait(heard);

	rc = maiko_add(sup, listener, "bob", .init = &init, .topics = MAIKO_NO_TOPICS, .ret_id = &bob);
	if (rc == 0) rc = maiko_subscribe(sup, bob, MAIKO_TOPIC_REF(forecasts));
	if (rc == 0) rc = maiko_send(sup, weather, .text = "rain");
	if (rc < 0) return rc;
	uv_sem_wait(heard);

	rc = maiko_unsubscribe(sup, bob, MAIKO_TOPIC_REF(forecasts));
	if (rc == 0) rc = maiko_send(sup, weather, .text = "sun"); /* it has no subscriber */
	if (rc == 0) rc = maiko_remove(sup, ann);
	if (rc == 0) rc = maiko_subscribe(sup, bob, MAIKO_TOPIC_REF(headlines));
	if (rc == 0) rc = maiko_send(sup, news, .text = "cat off tree");
	if (rc < 0) return rc;
	uv_sem_wait(heard);
	return maiko_stop(sup, NULL);
}

int main(void)
{
	uv_sem_t heard;
	if (uv_sem_init(&heard, 0) != 0) return 1;
	maiko_supervisor *sup = NULL;
	int rc = maiko_supervisor_new(&sup, NULL);
	if (rc == 0) rc = maiko_start(sup);
	if (rc == 0) rc = run(sup, &heard);
	maiko_supervisor_free(sup);
	uv_sem_destroy(&heard);
	if (rc != 0) fprintf(stderr, "dynamic: %s\n", maiko_last_error());
	return rc == 0 && fflush(stdout) == 0 ? 0 : 1;
}

/* Expected output:
 * ann hears news: cat on tree
 * bob hears weather: rain
 * ann leaves
 * bob hears news: cat off tree
 * bob leaves
 */
