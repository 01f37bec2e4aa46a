// W5 and W10: many actors.
//
// SPDX-License-Identifier: MIT
#include "bench.hpp"

#include <vector>

using namespace caf;

namespace
{

constexpr uint64_t idle_actors = 1000000;
constexpr uint64_t crowd = 1000;
constexpr uint64_t token_rounds = 1500;
constexpr uint64_t pings_each = 750;

struct idle_state {
	uint64_t handled = 0;
};

behavior idler(stateful_actor<idle_state> *self, gate *started)
{
	started->pass();
	return {[=](event) { self->state.handled++; }};
}

// What the members of a crowd know in common. Main owns it: were it theirs, they would keep each
// other alive.
struct commons {
	std::vector<actor> all;
	uint64_t count;
	gate done{crowd};
};

struct member_state {
	uint64_t hops = 0;
	uint64_t random = 0;
	uint64_t ponged = 0;
};

using member = stateful_actor<member_state>;

uint64_t stop(member *self)
{
	self->quit();
	return self->state.hops;
}

// As many tokens as members, each of which goes round count times.
behavior ring_member(member *self, uint64_t index, commons *shared)
{
	auto pass_on = [=](event ev) { self->send(shared->all[(index + 1) % crowd], ev); };
	return {
		[=](go_atom) {
			pass_on({shared->count, index});
		},
		[=](event ev) {
			self->state.hops++;
			if (ev.seq == 1)
				shared->done.pass();
			else
				pass_on({ev.seq - 1, ev.value});
		},
		[=](stop_atom) { return stop(self); },
	};
}

enum kind : uint64_t { ping, pong };

// Each member has one ping in flight, to another one at random; seq is the sender.
behavior mesh_member(member *self, uint64_t index, commons *shared)
{
	self->state.random = index * 0x9e3779b97f4a7c15 + 1;
	auto send_ping = [=] {
		auto &random = self->state.random;
		random ^= random << 13;
		random ^= random >> 7;
		random ^= random << 17;
		self->send(shared->all[(index + 1 + random % (crowd - 1)) % crowd], event{index, ping});
	};
	return {
		[=](go_atom) { send_ping(); },
		[=](event ev) {
			self->state.hops++;
			if (ev.value == ping)
				self->send(shared->all[ev.seq], event{index, pong});
			else if (++self->state.ponged < shared->count)
				send_ping();
			else
				shared->done.pass();
		},
		[=](stop_atom) { return stop(self); },
	};
}

using member_function = behavior (*)(member *, uint64_t, commons *);

// Starts a crowd, and adds up what each of it has handled.
int run_crowd(std::size_t workers_count, member_function make, uint64_t count, uint64_t expected_hops)
{
	workers config{workers_count};
	actor_system system{config};
	scoped_actor main{system};
	commons shared;
	shared.count = count;
	for (uint64_t i = 0; i < crowd; i++)
		shared.all.push_back(system.spawn(make, i, &shared));

	auto start = measure_now_ns();
	for (auto &one : shared.all)
		main->send(one, go_atom::value);
	shared.done.wait();
	auto took_ns = measure_now_ns() - start;

	uint64_t hops = 0;
	for (auto &one : shared.all)
		main->send(one, stop_atom::value);
	for (uint64_t i = 0; i < crowd; i++)
		main->receive([&](uint64_t handled) { hops += handled; });
	if (measure_expect("hops", hops, expected_hops) != 0)
		return -1;
	measure_rate("hops", "/s", hops, took_ns);
	return 0;
}

} // namespace

int idle(double scale)
{
	auto count = measure_scaled(idle_actors, scale);
	workers config{2};
	actor_system system{config};
	std::vector<actor> all(count); // written to: these pages are not counted as the actors'
	gate started{count};
	auto before = measure_resident_bytes();
	auto start = measure_now_ns();
	for (auto &one : all)
		one = system.spawn(idler, &started);
	started.wait();
	auto start_took_ns = measure_now_ns() - start;
	auto memory = measure_resident_bytes() - before;

	start = measure_now_ns();
	for (auto &one : all)
		anon_send_exit(one, exit_reason::user_shutdown);
	system.await_all_actors_done();
	auto stop_took_ns = measure_now_ns() - start;
	measure_figure("memory", "B", double(memory) / double(count) - sizeof(idle_state));
	measure_rate("start", "actors/s", count, start_took_ns);
	measure_rate("stop", "actors/s", count, stop_took_ns);
	return 0;
}

int ring(std::size_t workers_count, double scale)
{
	auto rounds = measure_scaled(token_rounds, scale);
	return run_crowd(workers_count, ring_member, rounds, crowd * rounds);
}

int mesh(std::size_t workers_count, double scale)
{
	auto count = measure_scaled(pings_each, scale);
	return run_crowd(workers_count, mesh_member, count, 2 * crowd * count);
}
