/*
 * harness_shop.h - a small world for the tests of the harness's questions:
 *
 *   customer --order--> shop --reserve--> stock
 *                    |      `--bill-----> ledger --paid--> shop
 *                    |                 `> auditor
 *                    `> auditor
 *
 * The customer is a source that the tests stand in for. An order of the price 0 is not billed.
 */
#ifndef HARNESS_SHOP_H
#define HARNESS_SHOP_H

#include "harness_scene.h"

typedef struct place {
	int32_t x, y;
} place;
typedef enum colour { RED, GREEN, BLUE } colour;

typedef struct order {
	char what[16];
	uint32_t price;
	double weight;
	float rate;
	int8_t floor;
	bool urgent;
	place to;
	colour paint;
	uint64_t big;
	uint8_t raw[4];
	maiko_buffer *letter;
	uint32_t hidden; /* not described */
} order;
typedef struct reserve {
	char what[16];
} reserve;
typedef struct bill {
	uint32_t amount;
} bill;
typedef struct paid {
	uint32_t amount;
} paid;

MAIKO_STRUCT(place, x, y);
MAIKO_TOPIC(orders);
MAIKO_TOPIC(stores);
MAIKO_TOPIC(bills);
MAIKO_TOPIC(payments);
MAIKO_EVENT(order, orders, what, price, weight, rate, floor, urgent, MAIKO_NESTED(to, place), MAIKO_ENUM(paint), big,
	    raw, letter);
MAIKO_EVENT(reserve, stores, what);
MAIKO_EVENT(bill, bills, amount);
MAIKO_EVENT(paid, payments, amount);
MAIKO_SIGNAL(closing, orders);

typedef struct customer {
	uint32_t unused;
} customer;
typedef struct shop {
	uint32_t unused;
} shop;
typedef struct stock {
	uint32_t unused;
} stock;
typedef struct ledger {
	uint32_t unused;
} ledger;
typedef struct auditor {
	uint32_t unused;
} auditor;

static int customer_on_start(customer *self, maiko_ctx *ctx)
{
	(void)self;
	(void)ctx;
	return 0;
}

static int shop_on_order(shop *self, const order *ev, maiko_ctx *ctx)
{
	reserve of = {""};
	(void)self;
	(void)maiko_text(of.what, ev->what);
	int rc = maiko_send_copy(ctx, reserve, &of);
	return rc == 0 && ev->price != 0 ? maiko_send(ctx, bill, .amount = ev->price) : rc;
}

static int shop_on_paid(shop *self, const paid *ev, maiko_ctx *ctx)
{
	(void)self;
	(void)ev;
	(void)ctx;
	return 0;
}

static int stock_on_reserve(stock *self, const reserve *ev, maiko_ctx *ctx)
{
	(void)self;
	(void)ctx;
	return ev->what[0] == '!' ? MAIKO_ENOENT : 0; /* and it fails */
}

static int ledger_on_bill(ledger *self, const bill *ev, maiko_ctx *ctx)
{
	(void)self;
	return maiko_send(ctx, paid, .amount = ev->amount);
}

static int auditor_on_order(auditor *self, const order *ev, maiko_ctx *ctx)
{
	(void)self;
	(void)ev;
	(void)ctx;
	return 0;
}

static int auditor_on_bill(auditor *self, const bill *ev, maiko_ctx *ctx)
{
	(void)self;
	(void)ev;
	(void)ctx;
	return 0;
}

MAIKO_ACTOR(customer, MAIKO_ON_START(customer_on_start));
MAIKO_ACTOR(shop, MAIKO_ON(order, shop_on_order), MAIKO_ON(paid, shop_on_paid));
MAIKO_ACTOR(stock, MAIKO_ON(reserve, stock_on_reserve));
MAIKO_ACTOR(ledger, MAIKO_ON(bill, ledger_on_bill));
MAIKO_ACTOR(auditor, MAIKO_ON(order, auditor_on_order), MAIKO_ON(bill, auditor_on_bill));

static inline void shop_open_with(scene *s, maiko_harness_options harness)
{
	scene_open_with(s, (maiko_options){.workers = 0}, harness);
	assert_int_equal(maiko_add(s->sup, customer, "customer", .topics = MAIKO_NO_TOPICS), 0);
	assert_int_equal(maiko_add(s->sup, shop, "shop"), 0);
	assert_int_equal(maiko_add(s->sup, stock, "stock", .restart = MAIKO_TEMPORARY), 0);
	assert_int_equal(maiko_add(s->sup, ledger, "ledger"), 0);
	assert_int_equal(maiko_add(s->sup, auditor, "auditor"), 0);
	assert_int_equal(maiko_start(s->sup), 0);
}

static inline void shop_open(scene *s) { shop_open_with(s, (maiko_harness_options){.records_max = 0}); }

/* The customer's orders: tea for 10, coffee for 1500, a sample for nothing, tea for 30. */
static inline void shop_four_orders(scene *s)
{
	shop_open(s);
	assert_int_equal(maiko_harness_send_as(s->h, "customer", order, .what = "tea", .price = 10), 0);
	assert_int_equal(maiko_harness_send_as(s->h, "customer", order, .what = "coffee", .price = 1500, .urgent = true,
					       .to = {.x = -3, .y = 4}, .paint = GREEN, .floor = -2, .weight = 0.5,
					       .rate = 0.1f, .big = UINT64_MAX),
			 0);
	assert_int_equal(maiko_send(s->sup, order, .what = "sample"), 0);
	scene_settle(s);
	assert_int_equal(maiko_harness_send_as(s->h, "customer", order, .what = "tea", .price = 30), 0);
	scene_settle(s);
}

#endif
