// W1, W2 and W7: events that go from one actor to the next.
//
// SPDX-License-Identifier: MIT
#include "bench.hpp"

using namespace caf;

namespace
{

constexpr uint64_t rounds = 500000;
constexpr uint64_t rounds_two = 50000;
constexpr uint64_t flow_events = 1500000;
constexpr uint64_t working_events = 100000;
constexpr uint64_t stages = 3;
// What the mailboxes of three stages and a sink of 1,024 places each would hold.
constexpr uint64_t window = 4096;
constexpr uint64_t credit = 1024;

behavior ponger()
{
	return {[](event ev) { return ev; }};
}

struct pinger_state {
	uint64_t start = 0;
	uint64_t next = 0;
};

behavior pinger(stateful_actor<pinger_state> *self, actor ponger, uint64_t count, actor main)
{
	return {
		[=](go_atom) {
			self->state.start = measure_now_ns();
			self->send(ponger, event{0, 1});
		},
		[=](event ev) {
			auto &next = self->state.next;
			if (ev.seq == next && ++next < count) {
				self->send(ponger, event{next, 1});
			} else {
				self->send(main, next, measure_now_ns() - self->state.start);
				self->quit();
			}
		},
	};
}

template <spawn_options Options> int ping_pong(uint64_t count)
{
	workers one{1};
	actor_system system{one};
	scoped_actor main{system};
	auto first = system.spawn<Options>(pinger, system.spawn<Options>(ponger), count, actor{main});
	main->send(first, go_atom::value);
	int rc = -1;
	main->receive([&](uint64_t in_order, uint64_t took_ns) {
		rc = measure_expect("round trips in order", in_order, count);
		if (rc == 0)
			measure_figure("round_trip", "ns", double(took_ns) / double(count));
	});
	return rc;
}

struct source_state {
	uint64_t start = 0;
	uint64_t sent = 0;
};

behavior source(stateful_actor<source_state> *self, actor to, uint64_t count)
{
	auto send = [=](uint64_t burst) {
		for (auto &sent = self->state.sent; burst > 0 && sent < count; burst--, sent++)
			self->send(to, event{sent, 0});
	};
	return {
		[=](go_atom) {
			self->state.start = measure_now_ns();
			send(window);
		},
		[=](credit_atom) { send(credit); },
		[=](stop_atom) {
			self->quit();
			return self->state.start;
		},
	};
}

template <class Work> behavior stage(event_based_actor *self, actor to, Work work)
{
	return {[=](event ev) {
		work();
		self->send(to, event{ev.seq, ev.value + 1});
	}};
}

struct sink_state {
	actor source;
	uint64_t arrived = 0;
	uint64_t in_order = 0;
};

behavior sink(stateful_actor<sink_state> *self, uint64_t count, actor main)
{
	return {
		[=](const actor &source) { self->state.source = source; },
		[=](event ev) {
			auto &st = self->state;
			st.in_order += ev.seq == st.in_order && ev.value == stages;
			if (++st.arrived % credit == 0)
				self->send(st.source, credit_atom::value);
			if (st.arrived == count) {
				report(self, main, st.in_order);
				self->quit();
			}
		},
	};
}

// Sends events through the stages, each of which calls work for each event: how long it took in
// ns, 0 if a count was wrong.
template <class Work> uint64_t flow(std::size_t workers_count, uint64_t count, Work work)
{
	workers config{workers_count};
	actor_system system{config};
	scoped_actor main{system};
	auto last = system.spawn(sink, count, actor{main});
	auto to = last;
	for (uint64_t i = 0; i < stages; i++)
		to = system.spawn(stage<Work>, to, work);
	auto first = system.spawn(source, to, count);
	main->send(last, first);
	main->send(first, go_atom::value);

	uint64_t in_order = 0, start = 0, end = 0;
	main->receive([&](uint64_t count, uint64_t moment) {
		in_order = count;
		end = moment;
	});
	main->send(first, stop_atom::value);
	main->receive([&](uint64_t moment) { start = moment; });
	return measure_expect("events in order at the sink", in_order, count) == 0 ? end - start : 0;
}

} // namespace

int ping_pong_one(double scale) { return ping_pong<no_spawn_options>(measure_scaled(rounds, scale)); }

int ping_pong_two(double scale) { return ping_pong<detached>(measure_scaled(rounds_two, scale)); }

int pipeline(std::size_t workers_count, double scale)
{
	auto count = measure_scaled(flow_events, scale);
	auto took_ns = flow(workers_count, count, [] {});
	if (took_ns == 0)
		return -1;
	measure_rate("events", "/s", count, took_ns);
	measure_figure("hop", "ns", double(took_ns) / double(count) / (stages + 1));
	return 0;
}

int working_pipeline(std::size_t workers_count, double scale)
{
	auto count = measure_scaled(working_events, scale);
	auto took_ns = flow(workers_count, count, measure_work);
	if (took_ns == 0)
		return -1;
	measure_rate("events", "/s", count, took_ns);
	return 0;
}
