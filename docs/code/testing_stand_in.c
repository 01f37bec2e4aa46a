/* testing_stand_in - a test replaces an actor that does I/O, and sends in its name. */
#include <maiko/testing.h>

#include <stdio.h>

MAIKO_TOPIC(readings);
MAIKO_TOPIC(alerts);

typedef struct reading {
	double value;
} reading;
typedef struct alert {
	double value;
} alert;
MAIKO_EVENT(reading, readings, value);
MAIKO_EVENT(alert, alerts, value);

typedef struct guard {
	double limit;
} guard;

static int guard_on_reading(guard *self, const reading *ev, maiko_ctx *ctx)
{
	return ev->value > self->limit ? maiko_send(ctx, alert, .value = ev->value) : 0;
}
MAIKO_ACTOR(guard, MAIKO_ON(reading, guard_on_reading));

/* In the program a sensor reads a device, when it is readable. In the test, which has no device: */
typedef struct stand_in {
	char nothing;
} stand_in;
MAIKO_ACTOR(stand_in);

int main(void)
{
	maiko_sim *sim = NULL;
	maiko_harness *h = NULL;
	int rc = maiko_sim_new(&sim, NULL);
	maiko_supervisor *sup = rc == 0 ? maiko_sim_supervisor(sim) : NULL;
	if (rc == 0) rc = maiko_add(sup, guard, "guard", .init = &(guard){.limit = 2});
	if (rc == 0) rc = maiko_add(sup, stand_in, "sensor");
	if (rc == 0) rc = maiko_harness_new(&h, sup);
	if (rc == 0) rc = maiko_start(sup);

	if (rc == 0) rc = maiko_harness_send_as(h, "sensor", reading, .value = 3);
	if (rc == 0) rc = maiko_harness_settle(h);
	if (rc == 0) rc = maiko_expect_count(maiko_sent_by(h, "sensor"), 1);
	if (rc == 0) rc = maiko_expect_last(maiko_sent_by(h, "guard"), maiko_match(alert, MAIKO_FIELD_IS(value, 3)));

	maiko_harness_free(h);
	maiko_sim_free(sim);
	printf("%s\n", rc == 0 ? "passed" : "failed");
	return rc != 0 || fflush(stdout) != 0;
}

/* Expected output:
 * passed
 */
