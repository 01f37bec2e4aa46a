/*
 * filter.h - filters of subscriptions: which events of a topic a subscriber wants.
 *
 * By a function, which MAIKO_FILTER declares at file scope; or by tests of fields, which are data:
 *
 *   static bool is_hot(const reading *ev) { return ev->celsius > ev->limit; }
 *   MAIKO_FILTER(reading, is_hot);
 *
 *   maiko_add(sup, alarm, "alarm", .topics = MAIKO_TOPICS(
 *                     MAIKO_SUB(readings, .where = MAIKO_FILTER_REF(is_hot))));
 *   maiko_subscribe(sup, id, MAIKO_TOPIC_REF(readings),
 *                   .where = MAIKO_FILTER_OF(reading, MAIKO_FIELD_GREATER(celsius, 80)));
 *
 * A filter is for one type of event; events of other types on the topic pass. What it turns away does not enter the
 * mailbox and mutes nobody; it is a delivery that is counted `filtered`, also in the ledger and in a receipt, which it
 * does not keep from being done (receipt.h). It moves with its actor, and holds until the subscription ends, over
 * restarts too.
 *
 * The function is called once for each event of its type, on the worker of the subscriber, when the event is
 * delivered; on several workers at a time if several actors have it. It only reads the event and what is constant,
 * calls nothing of the library, and returns the same whenever it is called for an event.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef MAIKO_FILTER_H
#define MAIKO_FILTER_H

#include <maiko/event.h>
#include <maiko/export.h>
#include <maiko/pp.h>

/* The maximum number of field tests in a filter. */
#define MAIKO_TESTS_MAX 6

/* ---- tests of fields --------------------------------------------------------------------- */

/* XX(number, COMPARE, text): how a field is compared. */
#define MAIKO_COMPARE_MAP(XX)                                                                                          \
	XX(1, IS, "is")                                                                                                \
	XX(2, IS_NOT, "is not")                                                                                        \
	XX(3, GREATER, "is greater than")                                                                              \
	XX(4, LESS, "is less than")                                                                                    \
	XX(5, AT_LEAST, "is at least")                                                                                 \
	XX(6, AT_MOST, "is at most")                                                                                   \
	XX(7, CONTAINS, "contains")                                                                                    \
	XX(8, STARTS, "starts with")

typedef enum maiko_compare {
	MAIKO_COMPARE_NONE = 0,
#define MAIKO_COMPARE_ENUM(number, NAME, text) MAIKO_COMPARE_##NAME = (number),
	MAIKO_COMPARE_MAP(MAIKO_COMPARE_ENUM)
#undef MAIKO_COMPARE_ENUM
} maiko_compare;

typedef enum maiko_value_kind {
	MAIKO_VALUE_SIGNED = 0,
	MAIKO_VALUE_UNSIGNED = 1,
	MAIKO_VALUE_REAL = 2,
	MAIKO_VALUE_TEXT = 3
} maiko_value_kind;

/* What a field is compared with. */
typedef struct maiko_value {
	maiko_value_kind kind;
	union {
		int64_t integer;
		uint64_t natural;
		double real;
		const char *text;
	} as;
} maiko_value;

typedef struct maiko_field_test {
	const char *field;     /* "price", "to.x" in a nested struct, "v[2]" of an array (false if that element
				* does not count); NULL: none. Whole arrays: MAIKO_WHERE */
	maiko_compare compare; /* text: IS, IS_NOT, CONTAINS, STARTS; numbers: the first six */
	maiko_value value;
} maiko_field_test;

/*
 * In the list of a filter, one to MAIKO_TESTS_MAX of
 *
 *   MAIKO_FIELD_IS(field, value)        MAIKO_FIELD_IS_NOT(field, value)
 *   MAIKO_FIELD_GREATER(field, value)   MAIKO_FIELD_LESS(field, value)
 *   MAIKO_FIELD_AT_LEAST(field, value)  MAIKO_FIELD_AT_MOST(field, value)
 *   MAIKO_FIELD_CONTAINS(field, text)   MAIKO_FIELD_STARTS(field, text)
 *
 * A field of a nested struct is written as in C, for example to.x. The event's descriptor must
 * list the field. Numbers compare with numbers, text fields and buffers with texts; anything
 * else does not compile. A buffer compares by its bytes. A NaN is not equal to anything, and neither less nor greater.
 */
#define MAIKO_FIELD_IS(field, value) (MAIKO_PP_TEST_ANY_, field, MAIKO_COMPARE_IS, value)
#define MAIKO_FIELD_IS_NOT(field, value) (MAIKO_PP_TEST_ANY_, field, MAIKO_COMPARE_IS_NOT, value)
#define MAIKO_FIELD_GREATER(field, value) (MAIKO_PP_TEST_NUMBER_, field, MAIKO_COMPARE_GREATER, value)
#define MAIKO_FIELD_LESS(field, value) (MAIKO_PP_TEST_NUMBER_, field, MAIKO_COMPARE_LESS, value)
#define MAIKO_FIELD_AT_LEAST(field, value) (MAIKO_PP_TEST_NUMBER_, field, MAIKO_COMPARE_AT_LEAST, value)
#define MAIKO_FIELD_AT_MOST(field, value) (MAIKO_PP_TEST_NUMBER_, field, MAIKO_COMPARE_AT_MOST, value)
#define MAIKO_FIELD_CONTAINS(field, text) (MAIKO_PP_TEST_TEXT_, field, MAIKO_COMPARE_CONTAINS, text)
#define MAIKO_FIELD_STARTS(field, text) (MAIKO_PP_TEST_TEXT_, field, MAIKO_COMPARE_STARTS, text)

/* ---- filters ------------------------------------------------------------------------------- */

/* The descriptor of a filter. As an option it is copied, with its texts. Each of these is MAIKO_EINVAL there: no event;
 * an event that is of another topic than the subscription; neither a function nor a test; a test of a field that the
 * event's descriptor does not list, of a whole array, or of a number with a text. */
typedef struct maiko_filter {
	const char *name; /* of the function; else NULL */
	const maiko_event_type *event;
	bool (*accepts)(const void *event); /* NULL: the tests decide */
	maiko_field_test
		tests[MAIKO_TESTS_MAX]; /* all must hold; those from the first without a field on are not read */
	uint32_t format;                /* MAIKO_FORMAT */
} maiko_filter;

/* MAIKO_FILTER(event, fn): at file scope, a filter of events of that type by `bool fn(const event *ev)`. */
#define MAIKO_FILTER(event_, fn_)                                                                                      \
	MAIKO_PP_CHECK_(fn_, bool (*)(const event_ *),                                                                 \
			"MAIKO_FILTER(" #event_ ", " #fn_ "): it must be  bool " #fn_ "(const " #event_ " *ev)")       \
	static bool maiko_gen_accepts_##fn_(const void *data_) { return fn_((const event_ *)data_); }                  \
	static const maiko_filter maiko_gen_filter_##fn_ MAIKO_UNUSED = {.name = #fn_,                                 \
									 .event = &maiko_gen_event_##event_,           \
									 .accepts = maiko_gen_accepts_##fn_,           \
									 .format = MAIKO_FORMAT}

/* The filter by that function: const maiko_filter *. */
#define MAIKO_FILTER_REF(fn) (&maiko_gen_filter_##fn)

/* MAIKO_FILTER_OF(event, tests...): a filter by fields, inside a function: const maiko_filter *. */
#define MAIKO_FILTER_OF(event_, ...)                                                                                   \
	(&(const maiko_filter){.event = &maiko_gen_event_##event_ +                                                    \
					MAIKO_PP_MUST_(MAIKO_PP_COUNT(__VA_ARGS__) <= MAIKO_TESTS_MAX,                 \
						       "MAIKO_FILTER_OF: more than MAIKO_TESTS_MAX tests"),            \
			       .tests = {MAIKO_PP_MAP(MAIKO_PP_TEST_, event_, __VA_ARGS__)},                           \
			       .format = MAIKO_FORMAT})

/* ---- implementation ---------------------------------------------------------------------- */

static inline maiko_value maiko_value_signed_(long long integer)
{
	maiko_value value;
	value.kind = MAIKO_VALUE_SIGNED;
	value.as.integer = integer;
	return value;
}

static inline maiko_value maiko_value_unsigned_(unsigned long long natural)
{
	maiko_value value;
	value.kind = MAIKO_VALUE_UNSIGNED;
	value.as.natural = natural;
	return value;
}

static inline maiko_value maiko_value_real_(double real)
{
	maiko_value value;
	value.kind = MAIKO_VALUE_REAL;
	value.as.real = real;
	return value;
}

static inline maiko_value maiko_value_text_(const char *text)
{
	maiko_value value;
	value.kind = MAIKO_VALUE_TEXT;
	value.as.text = text;
	return value;
}

/* clang-format off */
#define MAIKO_PP_VALUE_OF_(value)                                                                                      \
	_Generic((value), char * : maiko_value_text_, const char * : maiko_value_text_,                                \
		 float : maiko_value_real_, double : maiko_value_real_, long double : maiko_value_real_,               \
		 unsigned long : maiko_value_unsigned_, unsigned long long : maiko_value_unsigned_,                    \
		 default : maiko_value_signed_)(value)
#define MAIKO_PP_IS_TEXT_VALUE_(value) _Generic((value), char * : 1, const char * : 1, default : 0)
/* clang-format on */

/* A field's kind: of text, a number, or neither (1, 0, -1). */
#define MAIKO_PP_IS_TEXT_FIELD_(type, field)                                                                           \
	(MAIKO_PP_KIND_(type, field) == MAIKO_KIND_TEXT || MAIKO_PP_KIND_(type, field) == MAIKO_KIND_BUFFER  ? 1       \
	 : MAIKO_PP_KIND_(type, field) == MAIKO_KIND_BYTES || MAIKO_PP_KIND_(type, field) == MAIKO_KIND_NONE ? -1      \
													     : 0)

#define MAIKO_PP_TEST_(type, tuple) MAIKO_PP_TEST_OPEN_(type, MAIKO_PP_UNWRAP_ tuple)
#define MAIKO_PP_TEST_OPEN_(...) MAIKO_PP_TEST_KIND_(__VA_ARGS__)
#define MAIKO_PP_TEST_KIND_(type, kind, field, compare, value) kind(type, field, compare, value)
#define MAIKO_PP_TEST_ANY_(type, field, compare, value)                                                                \
	MAIKO_PP_TEST_ROW_(field, compare, value,                                                                      \
			   MAIKO_PP_MUST_(MAIKO_PP_IS_TEXT_FIELD_(type, field) == MAIKO_PP_IS_TEXT_VALUE_(value),      \
					  "maiko: " #type "." #field " and " #value                                    \
					  " must both be texts or both be numbers"))
#define MAIKO_PP_TEST_NUMBER_(type, field, compare, value)                                                             \
	MAIKO_PP_TEST_ROW_(                                                                                            \
		field, compare, value,                                                                                 \
		MAIKO_PP_MUST_(MAIKO_PP_IS_TEXT_FIELD_(type, field) == 0 && MAIKO_PP_IS_TEXT_VALUE_(value) == 0,       \
			       "maiko: " #type "." #field " and " #value " must both be numbers"))
#define MAIKO_PP_TEST_TEXT_(type, field, compare, value)                                                               \
	MAIKO_PP_TEST_ROW_(                                                                                            \
		field, compare, value,                                                                                 \
		MAIKO_PP_MUST_(MAIKO_PP_IS_TEXT_FIELD_(type, field) == 1 && MAIKO_PP_IS_TEXT_VALUE_(value) == 1,       \
			       "maiko: " #type "." #field " and " #value " must both be texts"))
#define MAIKO_PP_TEST_ROW_(field_, compare_, value_, must_)                                                            \
	{.field = #field_, .compare = (maiko_compare)((int)(compare_) + (must_)), .value = MAIKO_PP_VALUE_OF_(value_)},

#endif
