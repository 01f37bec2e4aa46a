// W6: the time from send to handle, at a given pace, from a thread to an actor.
//
// SPDX-License-Identifier: MIT
#include "bench.hpp"

#include <vector>

using namespace caf;

namespace
{

struct receiver_state {
	uint64_t arrived = 0;
	uint64_t in_order = 0;
};

behavior receiver(stateful_actor<receiver_state> *self, std::vector<uint64_t> *samples, actor main)
{
	return {[=](event ev) {
		auto &st = self->state;
		(*samples)[st.arrived++] = measure_now_ns() - ev.value;
		st.in_order += ev.seq == st.in_order;
		if (st.arrived == samples->size()) {
			report(self, main, st.in_order);
			self->quit();
		}
	}};
}

} // namespace

int latency(uint64_t events, uint64_t period_ns, double scale)
{
	auto count = measure_scaled(events, scale);
	workers one{1};
	actor_system system{one};
	scoped_actor main{system};
	std::vector<uint64_t> samples(count);
	auto to = system.spawn(receiver, &samples, actor{main});
	auto cpu_s = measure_cpu_s();
	auto start = measure_now_ns();
	for (uint64_t seq = 0; seq < count; seq++) {
		measure_wait_until(start + seq * period_ns, period_ns);
		main->send(to, event{seq, measure_now_ns()});
	}
	int rc = -1;
	main->receive([&](uint64_t in_order, uint64_t end) {
		rc = measure_expect("events in order", in_order, count);
		if (rc == 0)
			measure_latencies(samples.data(), samples.size(), measure_cpu_s() - cpu_s, end - start);
	});
	return rc;
}
