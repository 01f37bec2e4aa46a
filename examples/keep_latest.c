/*
 * keep_latest.c - only the newest value counts: MAIKO_KEEP_LATEST with a key.
 *
 * A price that is still queued is replaced, in place, by a newer one of the same key, here
 * the symbol. So a slow subscriber handles at most as many prices as there are symbols,
 * however fast they change; the ledger counts the replaced ones.
 *
 * SPDX-License-Identifier: MIT
 */
#include <maiko/maiko.h>
#include <stdio.h>
#include <string.h>

typedef struct price {
	char symbol[8];
	int cents;
} price;

static uint64_t price_key(const maiko_any *any);

MAIKO_TOPIC(prices, .overflow = MAIKO_KEEP_LATEST, .key = price_key);
MAIKO_TOPIC(market);
MAIKO_EVENT(price, prices, symbol, cents);
MAIKO_SIGNAL(closing, market);

/* The eight bytes of the symbol are the key. */
static uint64_t price_key(const maiko_any *any)
{
	uint64_t key = 0;
	const price *p = maiko_as(any, price);
	if (p != NULL) memcpy(&key, p->symbol, sizeof(key));
	return key;
}

/* ---- sends nine prices in one callback ---- */

typedef struct exchange { size_t sent; } exchange;

static maiko_next exchange_tick(exchange *self, maiko_ctx *ctx)
{
	static const price changes[] = {{"OAK", 100}, {"ELM", 500}, {"OAK", 101}, {"ASH", 300}, {"OAK", 103},
					{"ELM", 490}, {"ASH", 305}, {"OAK", 99},  {"ELM", 495}};
	int rc = 0;
	while (rc == 0 && self->sent < sizeof(changes) / sizeof(changes[0]))
		rc = maiko_send_copy(ctx, price, &changes[self->sent++]);
	if (rc == 0) rc = maiko_send(ctx, closing);
	return rc == 0 ? maiko_never() : maiko_failed(rc);
}

MAIKO_ACTOR(exchange, MAIKO_TICK(exchange_tick));

/* ---- runs only afterwards ---- */

typedef struct board { unsigned shown; } board;

static int board_on_price(board *self, const price *ev, maiko_ctx *ctx)
{
	(void)ctx;
	self->shown++;
	printf("%s %d\n", ev->symbol, ev->cents);
	return 0;
}

static int board_on_closing(board *self, const closing *ev, maiko_ctx *ctx)
{
	(void)ev;
	printf("saw %u prices\n", self->shown);
	return maiko_stop_all(ctx);
}

MAIKO_ACTOR(board, MAIKO_ON(price, board_on_price), MAIKO_ON(closing, board_on_closing));

int main(void)
{
	maiko_supervisor *sup = NULL;
	maiko_ledger *ledger = NULL;
	int rc = maiko_supervisor_new(&sup, &(maiko_options){.workers = 1}); /* both actors take turns */
	if (rc == 0) rc = maiko_add(sup, exchange, "exchange");
	if (rc == 0) rc = maiko_add(sup, board, "board");
	if (rc == 0) rc = maiko_start(sup);
	if (rc == 0) rc = maiko_join(sup);
	if (rc == 0) rc = maiko_report(sup, &ledger);
	if (rc == 0) printf("ledger: %u dropped\n", (unsigned)ledger->total.dropped);
	maiko_ledger_free(ledger);
	maiko_supervisor_free(sup);
	if (rc != 0) fprintf(stderr, "keep_latest: %s\n", maiko_last_error());
	return rc == 0 && fflush(stdout) == 0 ? 0 : 1;
}

/* Expected output:
 * OAK 99
 * ELM 495
 * ASH 305
 * saw 3 prices
 * ledger: 6 dropped
 */
