// The peer "CAF", the C++ Actor Framework: event-based actors; Debian 12 has CAF 0.17.6.
//
// An actor's mailbox is unbounded; a send allocates a message, which is counted and shared by all
// its receivers, and keeps the order of each sender. Nothing blocks: where the table asks for it,
// receivers hand out credit, and a sender that has none waits for more. The windows hold as much as
// mailboxes of 1,024 would.
//
// "one" and "two" are threads of the work-stealing scheduler. The two actors of W1/two are detached:
// each has a thread of its own.
//
// SPDX-License-Identifier: MIT
#include "bench.hpp"

#include <iterator>

namespace
{

const variant variants[] = {
	{"W1/one", ping_pong_one},
	{"W1/two", ping_pong_two},
	{"W2/one", [](double scale) { return pipeline(1, scale); }},
	{"W2/two", [](double scale) { return pipeline(2, scale); }},
	{"W3/one", [](double scale) { return fan_out(1, 0, scale); }},
	{"W3/two", [](double scale) { return fan_out(2, 0, scale); }},
	{"W3/one-1KiB", [](double scale) { return fan_out(1, 1 << 10, scale); }},
	{"W3/one-64KiB", [](double scale) { return fan_out(1, 64 << 10, scale); }},
	{"W4/actors", [](double scale) { return fan_in_from_actors(1, scale); }},
	{"W4/actors-two", [](double scale) { return fan_in_from_actors(2, scale); }},
	{"W4/threads", fan_in_from_threads},
	{"W5/idle", idle},
	{"W6/100k", [](double scale) { return latency(100000, 10000, scale); }},
	{"W6/1k", [](double scale) { return latency(2000, 1000000, scale); }},
	{"W7/one", [](double scale) { return working_pipeline(1, scale); }},
	{"W7/two", [](double scale) { return working_pipeline(2, scale); }},
	{"W10/ring", [](double scale) { return ring(1, scale); }},
	{"W10/ring-two", [](double scale) { return ring(2, scale); }},
	{"W10/mesh", [](double scale) { return mesh(1, scale); }},
	{"W10/mesh-two", [](double scale) { return mesh(2, scale); }},
};

std::string about()
{
	return "CAF " + std::to_string(CAF_MAJOR_VERSION) + "." + std::to_string(CAF_MINOR_VERSION) + "." +
	       std::to_string(CAF_PATCH_VERSION) +
	       ": event-based actors; mailbox unbounded, a send allocates a message that all receivers share; flow "
	       "control by credit, as much as mailboxes of 1024 would hold; one/two: scheduler threads; W1/two: "
	       "detached actors, W6: an external thread sends";
}

} // namespace

int main(int argc, char **argv) { return measure_main(argc, argv, about().c_str(), variants, std::size(variants)); }
