/*
 * The library from C++17, without the macros of C: an event type and an actor type
 * described by hand, and the raw calls. Shows that the headers need nothing else.
 *
 * SPDX-License-Identifier: MIT
 */
#include <maiko/maiko.h>

#include <cinttypes>
#include <cstddef>
#include <cstdio>

namespace
{

struct reading {
	char sensor[16];
	double value;
};

struct meter {
	unsigned count;
	double sum;
};

/* What the meter had at its end. */
meter last;

std::uint64_t topic_slot, event_slot, actor_slot;

const maiko_topic telemetry = {"telemetry", MAIKO_BLOCK, nullptr, &topic_slot, MAIKO_FORMAT, nullptr, 0, 0, 0, 0, {}};

const maiko_field fields[] = {
	{"sensor", offsetof(reading, sensor), sizeof(reading::sensor), MAIKO_KIND_TEXT, 0, nullptr},
	{"value", offsetof(reading, value), sizeof(reading::value), MAIKO_KIND_DOUBLE, 0, nullptr},
	{nullptr, 0, 0, MAIKO_KIND_NONE, 0, nullptr},
};
const maiko_layout layout = {"reading", sizeof(reading), alignof(reading), fields, MAIKO_FORMAT};
const maiko_event_type event_type = {&layout, &telemetry, nullptr, &event_slot, MAIKO_FORMAT};

int on_reading(void *state, const void *event, maiko_ctx *ctx)
{
	auto *self = static_cast<meter *>(state);
	auto *ev = static_cast<const reading *>(event);
	if (maiko_meta(ctx)->type != &event_type)
		return MAIKO_ETYPE;
	self->count++;
	self->sum += ev->value;
	return 0;
}

int on_stop(void *state, maiko_ctx *)
{
	last = *static_cast<meter *>(state);
	return 0;
}

maiko_item item_on(const maiko_event_type *type, int (*handler)(void *, const void *, maiko_ctx *))
{
	maiko_item item = {};
	item.kind = MAIKO_ITEM_ON;
	item.event = type;
	item.on = handler;
	return item;
}

maiko_item item_stop(int (*hook)(void *, maiko_ctx *))
{
	maiko_item item = {};
	item.kind = MAIKO_ITEM_STOP;
	item.hook = hook;
	return item;
}

const maiko_item items[] = {item_on(&event_type, on_reading), item_stop(on_stop), {}};
const maiko_actor_type actor_type = {"meter", sizeof(meter), alignof(meter), items, &actor_slot, MAIKO_FORMAT};

bool expect(const char *what, std::uint64_t expected, std::uint64_t actual)
{
	if (expected == actual)
		return true;
	std::fprintf(stderr, "%s: %" PRIu64 ", not %" PRIu64 "\n", what, actual, expected);
	return false;
}

/* One meter, three readings, and a ledger that tells of them. */
bool check(const maiko_ledger *ledger)
{
	bool ok = expect("readings handled by the meter", 3, last.count);
	ok &= expect("their sum", 6, static_cast<std::uint64_t>(last.sum));
	ok &= expect("stopped", 1, ledger->stopped);
	ok &= expect("balanced", 1, maiko_ledger_balanced(ledger));
	ok &= expect("published", 3, ledger->published);
	ok &= expect("deliveries", 3, ledger->total.deliveries);
	ok &= expect("handled", 3, ledger->total.handled);
	return ok;
}

int run(maiko_supervisor *sup, maiko_ledger **ret_ledger)
{
	maiko_actor_id id = 0, found = 0;
	maiko_add_options add = {};
	meter zero = {};
	add.init = &zero;
	add.ret_id = &id;

	int rc = maiko_supervisor_add(sup, &actor_type, "the meter", &add);
	if (rc == 0)
		rc = maiko_start(sup);
	for (int i = 1; rc == 0 && i <= 3; i++) {
		reading ev = {};
		ev.value = i;
		rc = maiko_text_copy(ev.sensor, sizeof ev.sensor, "cellar");
		if (rc == 0)
			rc = maiko_supervisor_send(sup, &event_type, &ev, 0);
	}
	if (rc == 0)
		rc = maiko_find(sup, "the meter", &found);
	if (rc == 0 && found != id)
		rc = MAIKO_ENOENT;
	if (rc == 0) {
		maiko_stop_options stop = {};
		stop.ret_report = ret_ledger;
		rc = maiko_stop(sup, &stop);
	}
	return rc;
}

} /* namespace */

int main()
{
	maiko_supervisor *sup = nullptr;
	maiko_ledger *ledger = nullptr;

	int rc = maiko_supervisor_new(&sup, nullptr);
	if (rc == 0)
		rc = run(sup, &ledger);
	if (rc != 0)
		std::fprintf(stderr, "%s: %s\n", maiko_err_name(rc), maiko_strerror(rc));

	bool ok = rc == 0 && check(ledger);
	maiko_ledger_free(ledger);
	maiko_supervisor_free(sup);
	return ok ? 0 : 1;
}
