/*
 * C15, C20: options of groups and of supervised actors that are refused, in words: the field, its value and its bound.
 */
#include "support.h"

#include <string.h>

typedef struct note {
	uint32_t n;
} note;
MAIKO_TOPIC(notes);
MAIKO_EVENT(note, notes, n);
TEST_LISTENER(member, note);

/* The call is refused with that text. */
#define refused(call, text)                                                                                            \
	do {                                                                                                           \
		returns(call, MAIKO_EINVAL);                                                                           \
		assert_string_equal(maiko_last_error(), (text));                                                       \
	} while (0)

#define LONGER (MAIKO_NEXT_MS_MAX + 1)
#define BOUND " is 315360000001 ms; at most MAIKO_NEXT_MS_MAX, 315360000000"

TEST_ONCE(times_out_of_their_bounds_are_refused_in_words)
{
	test_begin();
	maiko_supervisor *sup = test_supervisor(1);
	refused(maiko_group(sup, "line", .within_ms = LONGER), "group 'line': .within_ms" BOUND);
	refused(maiko_group(sup, "line", .stop_ms = LONGER), "group 'line': .stop_ms" BOUND);
	refused(maiko_group(sup, "line", .backoff = &(maiko_backoff){.first_ms = LONGER}),
		"group 'line': .backoff: .first_ms" BOUND);
	refused(maiko_add(sup, member, "port", .restart = MAIKO_TRANSIENT,
			  .backoff = &(maiko_backoff){.max_ms = LONGER}),
		"actor 'port': .backoff: .max_ms" BOUND);
	refused(maiko_add(sup, member, "port", .restart = MAIKO_TRANSIENT,
			  .backoff = &(maiko_backoff){.healthy_ms = LONGER}),
		"actor 'port': .backoff: .healthy_ms" BOUND);
	refused(maiko_add(sup, member, "port", .stuck_ms = LONGER), "actor 'port': .stuck_ms" BOUND);
	ok(maiko_group(sup, "line", .within_ms = MAIKO_NEXT_MS_MAX, .stop_ms = MAIKO_NEXT_MS_MAX,
		       .backoff = &(maiko_backoff){.first_ms = MAIKO_NEXT_MS_MAX, .healthy_ms = MAIKO_NEXT_MS_MAX}));
	ok(maiko_add(sup, member, "port", .stuck_ms = MAIKO_NEXT_MS_MAX));
	test_release(sup);
}

TEST_ONCE(other_options_out_of_their_bounds_are_refused_in_words)
{
	test_begin();
	maiko_supervisor *sup = test_supervisor(1);
	refused(maiko_group(sup, "line", .strategy = (maiko_strategy)3),
		"group 'line': .strategy is 3, which is no maiko_strategy");
	refused(maiko_group(sup, "line", .restarts = MAIKO_RESTARTS_MAX + 1),
		"group 'line': .restarts is 10001; at most MAIKO_RESTARTS_MAX, 10000, or MAIKO_UNLIMITED");
	refused(maiko_group(sup, "line", .restart = (maiko_restarting)4),
		"group 'line': .restart is 4, which is no maiko_restarting");
	refused(maiko_group(sup, "line", .backoff = &(maiko_backoff){.first_ms = 2, .max_ms = 1}),
		"group 'line': .backoff: .max_ms 1 is less than .first_ms 2");
	refused(maiko_group(sup, "line", .backoff = &(maiko_backoff){.factor = 101}),
		"group 'line': .backoff: .factor is 101; at most 100");
	refused(maiko_group(sup, "line", .backoff = &(maiko_backoff){.jitter_percent = 101}),
		"group 'line': .backoff: .jitter_percent is 101; at most 100");
	refused(maiko_group(sup, "line", .backoff = &(maiko_backoff){.overflow = MAIKO_BLOCK}),
		"group 'line': .backoff: .overflow is 1; unsaid or MAIKO_DROP_OLDEST");
	ok(maiko_group(sup, "line", .restarts = MAIKO_RESTARTS_MAX, .restart = MAIKO_PERMANENT,
		       .backoff =
			       &(maiko_backoff){.factor = 100, .jitter_percent = 100, .overflow = MAIKO_DROP_OLDEST}));
	test_release(sup);
}

/* A report names the root so. */
TEST_SIM(no_group_has_the_name_of_the_root)
{
	maiko_group_id id = 7;
	maiko_supervisor *sup = test_supervisor(workers);
	refused(maiko_group(sup, "supervisor", .ret_id = &id),
		"the name of a group is 'supervisor', which the report says of the root");
	assert_int_equal(id, 7);
	ok(maiko_group(sup, "supervisors"));
	ok(maiko_add(sup, member, "supervisor")); /* an actor may */
	ok(maiko_start(sup));
	refused(maiko_group(sup, "supervisor"),
		"the name of a group is 'supervisor', which the report says of the root");
	test_finish(sup);
}
