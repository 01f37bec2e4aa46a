#include <maiko/testing.h>

#include <stdio.h>

MAIKO_TOPIC(readings);
MAIKO_TOPIC(alarms);

typedef struct reading {
	double celsius;
} reading;
typedef struct alarm {
	double celsius;
} alarm;
MAIKO_EVENT(reading, readings, celsius);
MAIKO_EVENT(alarm, alarms, celsius);

typedef struct guard {
	double limit;
} guard;

static int guard_on_reading(guard *self, const reading *ev, maiko_ctx *ctx)
{
	return ev->celsius > self->limit ? maiko_send(ctx, alarm, .celsius = ev->celsius) : 0;
}
MAIKO_ACTOR(guard, MAIKO_ON(reading, guard_on_reading));

int main(void)
{
	maiko_sim *sim = NULL;
	maiko_harness *h = NULL;
	int rc = maiko_sim_new(&sim, NULL);
	maiko_supervisor *sup = rc == 0 ? maiko_sim_supervisor(sim) : NULL;
	if (rc == 0) rc = maiko_add(sup, guard, "guard", .init = &(guard){.limit = 25});
	if (rc == 0) rc = maiko_harness_new(&h, sup);
	if (rc == 0) rc = maiko_start(sup);

	if (rc == 0) rc = maiko_send(sup, reading, .celsius = 20);
	if (rc == 0) rc = maiko_send(sup, reading, .celsius = 30);
	if (rc == 0) rc = maiko_harness_settle(h); /* until all is handled */
	if (rc == 0) rc = maiko_expect_count(maiko_sent_by(h, "guard"), 1);
	if (rc == 0) rc = maiko_expect_last(maiko_sent_by(h, "guard"), maiko_match(alarm, MAIKO_FIELD_IS(celsius, 30)));

	maiko_harness_free(h);
	maiko_sim_free(sim);
	printf("%s\n", rc == 0 ? "passed" : "failed");
	return rc != 0 || fflush(stdout) != 0;
}

/* Expected output:
 * passed
 */
