/*
 * supervision.c - a device that fails is started again, later and later; what it cannot do is set aside: maiko_group.
 *
 * A label printer loses its cable at the second label, and is away for a while. The actor that owns it fails, waits,
 * opens it again, and goes on with that label; none is lost. The fourth label is too wide for the paper, however often
 * it is tried: it becomes a dead letter. An operator hears of all this, puts in wider paper, and sends it once more.
 *
 * SPDX-License-Identifier: MIT
 */
#include <maiko/maiko.h>
#include <stdio.h>
#include <string.h>
#include <uv.h>

typedef struct label { unsigned number; char text[32]; } label;
typedef struct paper { unsigned columns; } paper;
typedef struct opened { int status; } opened;
typedef struct printed { unsigned number; int status; } printed;

MAIKO_TOPIC(jobs);
MAIKO_EVENT(label, jobs, number, text);
MAIKO_EVENT(paper, jobs, columns);
MAIKO_TOPIC(news);
MAIKO_EVENT(opened, news, status);
MAIKO_EVENT(printed, news, number, status);

/* ---- the device, which knows nothing of actors ---- */

typedef struct device {
	unsigned columns; /* of the paper */
	unsigned away;    /* how many more times it cannot be opened */
	bool pulled;      /* the cable was, once */
} device;

static int device_open(device *self) { return self->away > 0 ? self->away--, UV_ENODEV : 0; }

static int device_print(device *self, const label *l)
{
	if (l->number == 2 && !self->pulled) {
		self->pulled = true;
		self->away = 2;
		return UV_EIO;
	}
	return strlen(l->text) > self->columns ? UV_EMSGSIZE : 0;
}

/* ---- the actor that owns it: it tries nothing twice ---- */

typedef struct printer { device *device; } printer;

static int printer_on_start(printer *self, maiko_ctx *ctx)
{
	int status = device_open(self->device);
	int rc = maiko_send(ctx, opened, .status = status);
	return rc == 0 ? status : rc;
}

static int printer_on_label(printer *self, const label *ev, maiko_ctx *ctx)
{
	int status = device_print(self->device, ev);
	int rc = maiko_send(ctx, printed, .number = ev->number, .status = status);
	return rc == 0 ? status : rc; /* an error: it fails, and its group starts it again */
}

static int printer_on_paper(printer *self, const paper *ev, maiko_ctx *ctx)
{
	(void)ctx;
	self->device->columns = ev->columns;
	return 0;
}

MAIKO_ACTOR(printer, MAIKO_ON_START(printer_on_start), MAIKO_ON(label, printer_on_label),
	    MAIKO_ON(paper, printer_on_paper));

/* ---- who hears of it ---- */

typedef struct operator { unsigned restarts; const maiko_dead_letter *letter; } operator;

static int operator_on_opened(operator *self, const opened *ev, maiko_ctx *ctx)
{
	(void)self;
	(void)ctx;
	printf("printer: opens its device: %s\n", maiko_strerror(ev->status));
	return 0;
}

/* A notice of the library: it may come a little after what the actor does next. */
static int operator_on_restarted(operator *self, const maiko_restarted *ev, maiko_ctx *ctx)
{
	(void)ctx;
	self->restarts = ev->restarts;
	return 0;
}

static int operator_on_letter(operator *self, const maiko_dead_letter *letter, maiko_ctx *ctx)
{
	maiko_any any = maiko_letter_event(letter);
	const label *l = maiko_as(&any, label);
	if (l == NULL || self->letter != NULL) return 0;
	printf("operator: label %u, '%s', is set aside after %u attempts: %s\n", l->number, l->text,
	       (unsigned)letter->attempts, maiko_strerror(letter->error));
	self->letter = letter;
	return maiko_keep(ctx, letter);
}

static int operator_on_printed(operator *self, const printed *ev, maiko_ctx *ctx)
{
	printf("printer: label %u: %s\n", ev->number, maiko_strerror(ev->status));
	if (ev->status != 0 || ev->number < 4) return 0;
	if (ev->number == 4) return maiko_stop_all(ctx);
	printf("operator: wider paper, and label 4 again\n");
	int rc = maiko_send(ctx, paper, .columns = 24);
	return rc == 0 ? maiko_resend(ctx, self->letter) : rc;
}

static int operator_on_stop(operator *self, maiko_ctx *ctx)
{
	(void)ctx;
	printf("operator: the printer was restarted %u times\n", self->restarts);
	return 0;
}

MAIKO_ACTOR(operator, MAIKO_ON(opened, operator_on_opened), MAIKO_ON(printed, operator_on_printed),
	    MAIKO_ON(maiko_restarted, operator_on_restarted), MAIKO_ON(maiko_dead_letter, operator_on_letter),
	    MAIKO_ON_STOP(operator_on_stop));

/* ---- the tree ---- */

static int add_all(maiko_supervisor *sup, device *hardware)
{
	static const maiko_backoff backoff = {.first_ms = 20, .max_ms = 80}; /* 20, 40, 80, 80 ... */
	maiko_group_id devices;
	int rc = maiko_group(sup, "devices", .restarts = 10, .within_ms = 600000, .backoff = &backoff, .ret_id = &devices);
	if (rc == 0)
		rc = maiko_add(sup, printer, "printer", .group = devices, .retries = 1, .init = &(printer){.device = hardware});
	if (rc == 0)
		rc = maiko_add(sup, operator, "operator",
			       .topics = MAIKO_TOPICS(news, maiko_lifecycle_topic, maiko_dead_letters_topic));
	return rc;
}

int main(void)
{
	maiko_supervisor *sup = NULL;
	maiko_ledger *ledger = NULL;
	device hardware = {.columns = 12};
	static const char *const texts[] = {"bolts", "nuts", "washers", "screws, countersunk", "nails"};
	int rc = maiko_supervisor_new(&sup, NULL);
	if (rc == 0) rc = add_all(sup, &hardware);
	if (rc == 0) rc = maiko_start(sup);
	for (unsigned i = 0; rc == 0 && i < 5; i++) rc = maiko_send(sup, label, .number = i + 1, MAIKO_TEXT(text, texts[i]));
	if (rc == 0) rc = maiko_join(sup);
	if (rc == 0) rc = maiko_report(sup, &ledger);
	if (rc == 0) rc = maiko_ledger_print_tree(ledger, stdout);
	maiko_ledger_free(ledger);
	if (rc != 0) fprintf(stderr, "supervision: %s\n", maiko_last_error());
	maiko_supervisor_free(sup);
	return rc == 0 && fflush(stdout) == 0 ? 0 : 1;
}

/* Expected output:
 * printer: opens its device: success
 * printer: label 1: success
 * printer: label 2: i/o error
 * printer: opens its device: no such device
 * printer: opens its device: no such device
 * printer: opens its device: success
 * printer: label 2: success
 * printer: label 3: success
 * printer: label 4: message too long
 * printer: opens its device: success
 * printer: label 4: message too long
 * operator: label 4, 'screws, countersunk', is set aside after 2 attempts: message too long
 * printer: opens its device: success
 * printer: label 5: success
 * operator: wider paper, and label 4 again
 * printer: label 4: success
 * operator: the printer was restarted 3 times
 * supervisor     one for one, 0 of 3 restarts in 5 s
 * +- devices     one for one, 4 of 10 restarts in 600 s
 * |  +- printer  stopped     3 restarts
 * +- operator    stopped
 */
