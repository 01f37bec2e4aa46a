/*
 * match.h - tests of the fields of an event (maiko/filter.h): finds a field by its name, and compares its value.
 */
#ifndef MK_MATCH_H
#define MK_MATCH_H

#include "base/base.h"

#include <maiko/filter.h>

typedef struct mk_found {
	maiko_field field; /* name NULL: there is none */
	uint32_t offset;   /* in the event */
	bool counts;       /* it is not an element beyond the count of its array, */
	bool varies;       /* which depends on the event */
} mk_found;

/* The field of a name such as "to.x" or "points[2].x", of an event with this `data` (NULL: of any). */
MK_PRIVATE mk_found mk_find_field(const maiko_layout *layout, const char *name, const void *data);

/* Whether events of that layout can be tested so. */
typedef enum mk_test_fault { MK_TEST_GOOD = 0, MK_TEST_NO_FIELD, MK_TEST_IMPOSSIBLE } mk_test_fault;
MK_PRIVATE mk_test_fault mk_test_check(const maiko_layout *layout, const maiko_field_test *test);

/* Whether an event with this `data` passes; `at`: its field. False for a test that is not possible. */
MK_PRIVATE bool mk_test_holds(const mk_found *at, const maiko_field_test *test, const void *data);

#endif
