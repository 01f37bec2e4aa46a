/*
 * invariant.h - properties over time, such as: each order is followed by its acknowledgement
 * within 50 ms.
 *
 *   static bool of_one_order(const order *first, const ack *then) { return first->number == then->number; }
 *   MAIKO_MATCH(order, ack, of_one_order);
 *
 *   maiko_invariant *acknowledged;
 *   maiko_followed_by(sup, order, ack, &acknowledged, .match = MAIKO_MATCH_REF(of_one_order), .within_ms = 50,
 *                     .violated = on_violation);
 *
 * It is a monitor (monitor.h) that observes sends, in production as in simulation. Times are
 * those of the sends (virtual under simulation): the second event must be sent at most
 * `within_ms` after the first. An expired time is detected when the next event of either type
 * is sent, and by maiko_invariant_check: call that from a timer for prompt detection. Under
 * simulation it is detected at each step, and a violation fails the simulation.
 *
 * In libmaiko-observe: link -lmaiko-observe -lmaiko (pkg-config: maiko-observe; CMake: maiko::observe).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef MAIKO_OBSERVE_INVARIANT_H
#define MAIKO_OBSERVE_INVARIANT_H

#include <maiko/event.h>
#include <maiko/export.h>

/* The default of .open_max: first events that are not followed yet. */
#define MAIKO_INVARIANT_OPEN 4096
/* The maximum of .open_max. */
#define MAIKO_INVARIANT_OPEN_MAX (1u << 20)

/* Opaque; valid until it is freed. */
typedef struct maiko_invariant maiko_invariant;

/* A violation. All of it is valid until the function returns. */
typedef struct maiko_violation {
	int code;                    /* MAIKO_EBROKEN; MAIKO_E2BIG: too many are open, this one is not tracked;
				       * MAIKO_ENOMEM: the same, out of memory */
	const maiko_envelope *first; /* the event that was not followed in time */
	const void *data;            /* its struct; its buffers are released: do not read them */
	const maiko_envelope *then;  /* the event that followed too late; NULL: none yet */
	uint64_t late_ms;            /* from `first` to `then`, or to the detection */
	const char *text;            /* human-readable */
	maiko_invariant *invariant;
} maiko_violation;

/* Zero in any field means the default. */
typedef struct maiko_followed_by_options {
	uint64_t within_ms; /* 0: at the same time */
	/* MAIKO_MATCH_REF(function): whether `then` is an event that must follow `first`. NULL: any with
	 * the same correlation, as all events caused by `first` have. */
	bool (*match)(const void *first, const void *then);
	uint32_t open_max; /* 1 to MAIKO_INVARIANT_OPEN_MAX; MAIKO_INVARIANT_OPEN */
	/* Called once for each violation, on the worker or thread that detects it, never
	 * concurrently; it must not call functions of this header. NULL: violations are only
	 * counted (and fail a simulation). */
	void (*violated)(void *arg, const maiko_violation *violation);
	void *arg;
	uint64_t reserved_[8];
} maiko_followed_by_options;

MAIKO_BEGIN_DECLS

/*
 * maiko_invariant_followed_by - the raw call behind maiko_followed_by: from now on each event
 * of type `first` that is sent must be followed by one of type `then`; one such event
 * satisfies all first events that it matches.
 *
 * At most open_max first events are open at one time, each with a copy of its struct; one
 * more is itself a violation (MAIKO_E2BIG), and is not tracked. Errors: MAIKO_EINVAL (a NULL,
 * an option out of its bounds, one type for both), MAIKO_ENOMEM, and those of
 * maiko_monitor_add. Any thread that may wait (supervisor.h).
 */
MAIKO_API int maiko_invariant_followed_by(maiko_supervisor *sup, const maiko_event_type *first,
					  const maiko_event_type *then, maiko_invariant **ret_invariant,
					  const maiko_followed_by_options *options);

/* Detects expired first events. 0; MAIKO_EBROKEN: there has been a violation, now or before;
 * MAIKO_EINVAL. Any thread, not in `violated`. */
MAIKO_API int maiko_invariant_check(maiko_invariant *invariant);

/* The number of violations so far, and of open first events. 0 for NULL. Any thread. */
MAIKO_API uint64_t maiko_invariant_violations(maiko_invariant *invariant);
MAIKO_API uint32_t maiko_invariant_open(maiko_invariant *invariant);

/* Ends and frees it, with its open events; call it before its supervisor is freed, on a thread
 * that may wait. If the stop has given up a callback that does not return, its memory is
 * leaked. Returns NULL; NULL is allowed. */
MAIKO_API maiko_invariant *maiko_invariant_free(maiko_invariant *invariant);

MAIKO_END_DECLS

/* MAIKO_MATCH(first, then, function), at file scope after
 *   static bool function(const first *, const then *); */
#define MAIKO_MATCH(first_, then_, function)                                                                           \
	MAIKO_UNUSED static bool maiko_gen_match_##function(const void *a_, const void *b_)                            \
	{                                                                                                              \
		return function((const first_ *)a_, (const then_ *)b_);                                                \
	}                                                                                                              \
	_Static_assert(sizeof(first_) != 0 && sizeof(then_) != 0, "")
#define MAIKO_MATCH_REF(function) maiko_gen_match_##function

/* maiko_followed_by(sup, first, then, ret_invariant, options...): two events by name. */
#define maiko_followed_by(sup, first_, ...) MAIKO_PP_FOLLOWED_(sup, first_, __VA_ARGS__, .reserved_ = {0})
#define MAIKO_PP_FOLLOWED_(sup, first_, then_, ret_invariant, ...)                                                     \
	maiko_invariant_followed_by((sup), &maiko_gen_event_##first_, &maiko_gen_event_##then_, (ret_invariant),       \
				    &(const maiko_followed_by_options){__VA_ARGS__})

#endif
