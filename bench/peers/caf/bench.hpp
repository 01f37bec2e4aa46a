// What the variants of this peer share: the workers, the events, and how actors report to main.
//
// SPDX-License-Identifier: MIT
#pragma once

#include "measure.h"

#include <caf/all.hpp>

#include <atomic>
#include <cstdint>
#include <future>
#include <string>

template <class Inspector>
auto inspect(Inspector& f, event& x) {
  return f(caf::meta::type_name("event"), x.seq, x.value);
}

// Begins an actor's work.
using go_atom = caf::atom_constant<caf::atom("go")>;
// Lets a sender go on.
using credit_atom = caf::atom_constant<caf::atom("credit")>;
// Ends an actor, that reports first.
using stop_atom = caf::atom_constant<caf::atom("stop")>;

// A system with that many scheduler threads; its destructor waits until all actors have ended.
struct workers : caf::actor_system_config {
  explicit workers(std::size_t count) {
    set("scheduler.max-threads", count);
  }
};

// What an actor has seen: main gets it as a message (count, moment in ns).
inline void report(caf::event_based_actor* self, const caf::actor& main, uint64_t count) {
  self->send(main, count, measure_now_ns());
}

// Tells main when a number of actors have come to a point.
class gate {
public:
  explicit gate(uint64_t actors) : missing_(actors) {
  }

  // Releases what the actor has done, and acquires what the others have.
  void pass() {
    if (missing_.fetch_sub(1, std::memory_order_acq_rel) == 1)
      open_.set_value();
  }

  void wait() {
    open_.get_future().wait();
  }

private:
  std::atomic<uint64_t> missing_;
  std::promise<void> open_;
};

int ping_pong_one(double scale);
int ping_pong_two(double scale);
int pipeline(std::size_t workers_count, double scale);
int working_pipeline(std::size_t workers_count, double scale);
int fan_out(std::size_t workers_count, std::size_t payload_size, double scale);
int fan_in_from_actors(std::size_t workers_count, double scale);
int fan_in_from_threads(double scale);
int idle(double scale);
int ring(std::size_t workers_count, double scale);
int mesh(std::size_t workers_count, double scale);
int latency(uint64_t events, uint64_t period_ns, double scale);
