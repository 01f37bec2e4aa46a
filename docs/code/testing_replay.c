/* testing_replay - records a run, and replays it in a simulation. */
#include <maiko/testing.h>

#include <stdio.h>
#include <unistd.h>
#include <uv.h>

MAIKO_TOPIC(readings);
MAIKO_TOPIC(alarms);

typedef struct reading {
	uint32_t n;
	double value;
} reading;
typedef struct alarm_event {
	uint32_t n;
} alarm_event;
MAIKO_EVENT(reading, readings, n, value);
MAIKO_EVENT(alarm_event, alarms, n);

/* Does I/O: its events cannot be reproduced. */
typedef struct sensor {
	uint32_t n;
} sensor;

static maiko_next sensor_tick(sensor *self, maiko_ctx *ctx)
{
	double value = (double)(uv_hrtime() % 1000);
	int rc = maiko_send(ctx, reading, .n = ++self->n, .value = value);
	if (rc == 0 && self->n == 100) rc = maiko_stop_all(ctx);
	return rc != 0 ? maiko_failed(rc) : maiko_after_ms(1);
}
MAIKO_ACTOR(sensor, MAIKO_TICK(sensor_tick));

/* Deterministic; the test changes `limit` later. */
typedef struct guard {
	double limit;
} guard;

static int guard_on_reading(guard *self, const reading *ev, maiko_ctx *ctx)
{
	return ev->value > self->limit ? maiko_send(ctx, alarm_event, .n = ev->n) : 0;
}
MAIKO_ACTOR(guard, MAIKO_ON(reading, guard_on_reading));

static int add_actors(maiko_supervisor *sup, void *limit)
{
	int rc = maiko_add(sup, guard, "guard", .init = &(guard){.limit = *(double *)limit});
	return rc != 0 ? rc : maiko_add(sup, sensor, "sensor", .topics = MAIKO_NO_TOPICS);
}

static int run_and_record(const char *path, double limit)
{
	maiko_supervisor *sup;
	maiko_recorder *recorder;
	int rc = maiko_supervisor_new(&sup, NULL);
	rc |= maiko_recorder_new(&recorder, sup, path, NULL);
	rc |= add_actors(sup, &limit);
	rc |= maiko_run(sup);
	rc |= maiko_recorder_free(recorder);
	maiko_supervisor_free(sup);
	return rc;
}

static int replay(const char *path, double limit, maiko_replay_result *ret_result)
{
	static const char *const sources[] = {"sensor", NULL};
	return maiko_replay(
		&(maiko_replay_options){.path = path, .setup = add_actors, .arg = &limit, .sources = sources},
		ret_result);
}

/* ---- prints the recording, to a file ---- */

static void print_sent(void *file, const maiko_observation *sent)
{
	char text[200];
	const maiko_layout *layout = sent->event->type->layout;
	(void)maiko_layout_print(layout, sent->data, text, sizeof text);
	fprintf(file, "%s from %s: %s\n", layout->name, sent->event->sender, text);
}

static FILE *printed;

static int add_printed(maiko_supervisor *sup, void *limit)
{
	maiko_monitor *monitor;
	int rc = maiko_monitor_add(sup, &(maiko_hooks){.dispatched = print_sent}, printed, &monitor);
	return rc != 0 ? rc : add_actors(sup, limit);
}

static unsigned lines_of(FILE *file)
{
	unsigned lines = 0;
	rewind(file);
	for (int c; (c = getc(file)) != EOF;) lines += c == '\n';
	return lines;
}

int main(void)
{
	char path[64];
	maiko_replay_result result;
	snprintf(path, sizeof path, "/tmp/testing_replay.%ld", (long)getpid());
	if (run_and_record(path, 1000) != 0) return 1; /* no alarm: no reading is greater */

	double limit = 1000;
	printed = tmpfile();
	int same = replay(path, limit, &result);
	printf("the same program: %s\n", same == 0 ? "no divergence" : result.text);
	int other = replay(path, -1, &result); /* an actor has changed: each reading raises the alarm */
	printf("another limit: %s\n", other == MAIKO_EBROKEN ? "it diverges" : "no divergence");
	maiko_replay_options print = {.path = path,
				      .setup = add_printed,
				      .arg = &limit,
				      .sources = (const char *const[]){"sensor", NULL}};
	if (printed != NULL && maiko_replay(&print, &result) == 0) printf("printed: %u events\n", lines_of(printed));
	unlink(path);
	return same != 0 || other != MAIKO_EBROKEN || fflush(stdout) != 0;
}

/* Expected output:
 * the same program: no divergence
 * another limit: it diverges
 * printed: 100 events
 */
