// W3 and W4: one publisher and many subscribers, many producers and one consumer.
//
// SPDX-License-Identifier: MIT
#include "bench.hpp"

#include <algorithm>
#include <array>
#include <memory>
#include <thread>
#include <vector>

using namespace caf;

// A payload that was written once, and that all receivers read in place.
struct shared_event {
	uint64_t seq;
	std::shared_ptr<const std::vector<uint8_t>> payload;
};
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(shared_event)

namespace
{

constexpr uint64_t subscribers = 100;
constexpr uint64_t publishes = 20000;
constexpr uint64_t producers = 8;
constexpr uint64_t produced = 300000;
// A subscriber may have two rounds of events in its mailbox: 1,024.
constexpr uint64_t round_size = 512;
// The producers share the 1,024 places of a mailbox.
constexpr uint64_t producer_window = 128;
constexpr uint64_t producer_credit = 64;

struct publisher_state {
	uint64_t published = 0;
	// Of the two rounds that may be under way, by the parity of their number.
	std::array<uint64_t, 2> handled{};
};

// make(seq) is the message, which all subscribers share.
template <class Make>
behavior publisher(stateful_actor<publisher_state> *self, std::vector<actor> to, uint64_t count, Make make)
{
	auto publish_round = [=] {
		auto &published = self->state.published;
		for (uint64_t i = 0; i < round_size && published < count; i++, published++) {
			auto msg = make(published);
			for (auto &subscriber : to)
				self->send(subscriber, msg);
		}
	};
	return {
		[=](go_atom) {
			publish_round();
			publish_round();
		},
		[=](credit_atom, uint64_t round) {
			auto &handled = self->state.handled[round % 2];
			if (++handled == subscribers) {
				handled = 0;
				publish_round();
			}
		},
	};
}

struct subscriber_state {
	uint64_t arrived = 0;
	uint64_t in_order = 0;
};

void on_event(stateful_actor<subscriber_state> *self, bool follows, uint64_t count, const actor &main)
{
	auto &st = self->state;
	st.in_order += follows;
	if (++st.arrived % round_size == 0)
		self->send(actor_cast<actor>(self->current_sender()), credit_atom::value, st.arrived / round_size - 1);
	if (st.arrived == count) {
		report(self, main, st.in_order);
		self->quit();
	}
}

behavior subscriber(stateful_actor<subscriber_state> *self, std::size_t size, uint64_t count, actor main)
{
	return {
		[=](const event &ev) { on_event(self, ev.seq == self->state.in_order, count, main); },
		[=](const shared_event &ev) {
			auto follows =
				ev.seq == self->state.in_order && ev.payload->size() == size && ev.payload->back() == 1;
			on_event(self, follows, count, main);
		},
	};
}

struct consumer_state {
	uint64_t arrived = 0;
	std::array<uint64_t, producers> in_order{};
};

// value is the producer, seq counts per producer.
behavior consumer(stateful_actor<consumer_state> *self, uint64_t count, actor main)
{
	return {[=](event ev) {
		auto &st = self->state;
		st.in_order[ev.value] += ev.seq == st.in_order[ev.value];
		if ((ev.seq + 1) % producer_credit == 0)
			self->send(actor_cast<actor>(self->current_sender()), credit_atom::value);
		if (++st.arrived == count * producers) {
			report(self, main, *std::min_element(st.in_order.begin(), st.in_order.end()));
			self->quit();
		}
	}};
}

struct producer_state {
	uint64_t sent = 0;
};

behavior producer(stateful_actor<producer_state> *self, actor to, uint64_t index, uint64_t count)
{
	auto send = [=](uint64_t burst) {
		for (auto &sent = self->state.sent; burst > 0 && sent < count; burst--, sent++)
			self->send(to, event{sent, index});
	};
	return {
		[=](go_atom) { send(producer_window); },
		[=](credit_atom) { send(producer_credit); },
	};
}

void produce(actor_system &system, const actor &to, uint64_t index, uint64_t count)
{
	scoped_actor self{system};
	auto credit = producer_window;
	for (uint64_t seq = 0; seq < count; seq++, credit--) {
		if (credit == 0)
			self->receive([&](credit_atom) { credit = producer_credit; });
		self->send(to, event{seq, index});
	}
}

int finish_fan_in(scoped_actor &main, uint64_t start, uint64_t count)
{
	int rc = -1;
	main->receive([&](uint64_t in_order, uint64_t end) {
		rc = measure_expect("events in order from a producer", in_order, count);
		if (rc == 0)
			measure_rate("events", "/s", count * producers, end - start);
	});
	return rc;
}

} // namespace

int fan_out(std::size_t workers_count, std::size_t payload_size, double scale)
{
	auto count = measure_scaled(publishes, scale);
	workers config{workers_count};
	actor_system system{config};
	scoped_actor main{system};
	std::vector<actor> to;
	for (uint64_t i = 0; i < subscribers; i++)
		to.push_back(system.spawn(subscriber, payload_size, count, actor{main}));

	auto make_small = [](uint64_t seq) { return make_message(event{seq, 1}); };
	auto payload = std::make_shared<const std::vector<uint8_t>>(payload_size, uint8_t{1});
	auto make_shared = [payload](uint64_t seq) { return make_message(shared_event{seq, payload}); };
	auto first = payload_size == 0 ? system.spawn(publisher<decltype(make_small)>, to, count, make_small)
				       : system.spawn(publisher<decltype(make_shared)>, to, count, make_shared);
	auto start = measure_now_ns();
	main->send(first, go_atom::value);

	int rc = 0;
	uint64_t end = 0;
	for (uint64_t i = 0; i < subscribers; i++)
		main->receive([&](uint64_t in_order, uint64_t moment) {
			rc |= measure_expect("events in order at a subscriber", in_order, count);
			end = std::max(end, moment);
		});
	if (rc == 0)
		measure_rate("deliveries", "/s", count * subscribers, end - start);
	return rc;
}

int fan_in_from_actors(std::size_t workers_count, double scale)
{
	auto count = measure_scaled(produced, scale);
	workers config{workers_count};
	actor_system system{config};
	scoped_actor main{system};
	auto to = system.spawn(consumer, count, actor{main});
	std::vector<actor> from;
	for (uint64_t i = 0; i < producers; i++)
		from.push_back(system.spawn(producer, to, i, count));
	auto start = measure_now_ns();
	for (auto &producer : from)
		main->send(producer, go_atom::value);
	return finish_fan_in(main, start, count);
}

int fan_in_from_threads(double scale)
{
	auto count = measure_scaled(produced, scale);
	workers one{1};
	actor_system system{one};
	scoped_actor main{system};
	auto to = system.spawn(consumer, count, actor{main});
	auto start = measure_now_ns();
	std::vector<std::thread> from;
	for (uint64_t i = 0; i < producers; i++)
		from.emplace_back([&, i] { produce(system, to, i, count); });
	auto rc = finish_fan_in(main, start, count);
	for (auto &thread : from)
		thread.join();
	return rc;
}
