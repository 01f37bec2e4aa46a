/*
 * quotes.c - a price question with a deadline: maiko_ask, maiko_reply.
 *
 * A buyer asks for the price of three things. The shop knows one at once and one later, when its supplier has answered:
 * it keeps the question meanwhile. Of the third it says nothing. The buyer knows neither the shop nor how many there
 * are; each of its questions ends once, and says why.
 *
 * SPDX-License-Identifier: MIT
 */
#include <maiko/maiko.h>
#include <stdio.h>
#include <string.h>

typedef struct quote_request { char thing[16]; } quote_request;
typedef struct quote { char thing[16]; unsigned cents; } quote;
typedef struct supplied { unsigned cents; } supplied;

MAIKO_TOPIC(requests);
MAIKO_EVENT(quote_request, requests, thing);
MAIKO_EVENT(quote, maiko_private_topic, thing, cents); /* answers have no topic of their own */
MAIKO_EVENT(supplied, maiko_private_topic, cents);

/* ---- who asks ---- */

typedef struct buyer { unsigned answers; } buyer;

static int on_quote(buyer *self, const quote *answer, int status, maiko_ctx *ctx)
{
	if (status == 0)
		printf("%s: %u cents\n", answer->thing, answer->cents);
	else
		printf("no price: %s\n", maiko_strerror(status));
	return ++self->answers == 3 ? maiko_stop_all(ctx) : 0;
}
MAIKO_ASK(buyer, quote_request, quote, on_quote);

static int buyer_start(buyer *self, maiko_ctx *ctx)
{
	(void)self;
	int rc = maiko_ask(ctx, on_quote, 5000, quote_request, .thing = "apple");
	if (rc == 0) rc = maiko_ask(ctx, on_quote, 5000, quote_request, .thing = "pear");
	return rc == 0 ? maiko_ask(ctx, on_quote, 5000, quote_request, .thing = "moon") : rc;
}

MAIKO_ACTOR(buyer, MAIKO_ON_START(buyer_start));

/* ---- who answers ---- */

typedef struct shop { const quote_request *waits; } shop;

static int shop_on_request(shop *self, const quote_request *ev, maiko_ctx *ctx)
{
	if (strcmp(ev->thing, "apple") == 0) return maiko_reply(ctx, quote, .thing = "apple", .cents = 25);
	if (strcmp(ev->thing, "pear") != 0) return 0; /* the buyer is told that nobody has replied */
	self->waits = ev;
	int rc = maiko_keep(ctx, ev);
	return rc == 0 ? maiko_send_self_after_ms(ctx, 10, NULL, supplied, .cents = 30) : rc;
}

static int shop_on_supplied(shop *self, const supplied *ev, maiko_ctx *ctx)
{
	int rc = maiko_reply_to(ctx, self->waits, quote, .thing = "pear", .cents = ev->cents);
	return rc == 0 ? maiko_release(ctx, self->waits) : rc;
}

MAIKO_ACTOR(shop, MAIKO_ON(quote_request, shop_on_request), MAIKO_ON(supplied, shop_on_supplied));

int main(void)
{
	maiko_supervisor *sup = NULL;
	int rc = maiko_supervisor_new(&sup, &(maiko_options){.workers = 1});
	if (rc == 0) rc = maiko_add(sup, shop, "shop");
	if (rc == 0) rc = maiko_add(sup, buyer, "buyer");
	if (rc == 0) rc = maiko_start(sup);
	if (rc == 0) rc = maiko_join(sup);
	maiko_supervisor_free(sup);
	if (rc != 0) fprintf(stderr, "quotes: %s\n", maiko_last_error());
	return rc == 0 && fflush(stdout) == 0 ? 0 : 1;
}

/* Expected output:
 * apple: 25 cents
 * no price: nobody has replied to the question
 * pear: 30 cents
 */
