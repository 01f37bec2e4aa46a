/*
 * event.h - events: plain structs with a descriptor.
 *
 *   typedef struct reading { char sensor[16]; double value; } reading;
 *   MAIKO_EVENT(reading, telemetry, sensor, value);
 *
 * The compiler derives the descriptor (name, size, topic, and each field's name,
 * offset, size and kind) from the struct; code that prints, encodes, records or
 * forwards events reads it. Fields that are not listed are copied within the
 * process, but not described.
 *
 *   field        kind                       spelling in the list
 *   char x[N]    text, zero-terminated      x
 *   uint8_t x[N] bytes                      x
 *   bool, float, double, any integer,       x
 *   plain char (an integer, not a text)
 *   enum         its integer                MAIKO_ENUM(x)
 *   struct       described by MAIKO_STRUCT  MAIKO_NESTED(x, type)
 *   maiko_buffer *                          x
 *   array x[N] of numbers, bools,           x, MAIKO_ENUM(x) or MAIKO_NESTED(x, type)
 *   enums or described structs
 *   such an array of which the first        MAIKO_COUNTED(x, n), or
 *   n count, an unsigned integer            MAIKO_COUNTED(MAIKO_NESTED(x, type), n); not of uint8_t
 *
 * Any other field (a pointer, an array of arrays, of texts or of buffers) does not compile.
 *
 * MAIKO_COUNTED describes both fields: n is not listed again. A send of an event whose n is
 * greater than N is MAIKO_EINVAL. The elements from n on are copied within the process, but
 * not printed, recorded or compared; they may not contain buffers.
 *
 *   typedef struct point { double at[3]; } point;
 *   typedef struct track { char name[16]; uint32_t used; point points[64]; } track;
 *   MAIKO_STRUCT(point, at);
 *   MAIKO_EVENT(track, radar, name, MAIKO_COUNTED(MAIKO_NESTED(points, point), used));
 *
 * Name and layout together identify an event type: two files or plugins may both
 * describe it. The same name with another layout is MAIKO_ETYPE when the second is
 * first used.
 *
 * Bounds: MAIKO_FIELDS_MAX fields per struct and MAIKO_FIELDS_TOTAL_MAX with those of
 * nested structs, MAIKO_NESTING_MAX levels of nesting, MAIKO_EVENT_SIZE_MAX bytes,
 * MAIKO_EVENTS_MAX event types per supervisor.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef MAIKO_EVENT_H
#define MAIKO_EVENT_H

#include <maiko/buffer.h>
#include <maiko/export.h>
#include <maiko/pp.h>
#include <maiko/topic.h>

#define MAIKO_FIELDS_MAX 32
#define MAIKO_FIELDS_TOTAL_MAX 4096
#define MAIKO_NESTING_MAX 8
#define MAIKO_EVENT_SIZE_MAX (1u << 20)
#define MAIKO_EVENTS_MAX 65536

typedef enum maiko_kind {
	MAIKO_KIND_NONE = 0,
	MAIKO_KIND_TEXT = 1,
	MAIKO_KIND_BYTES = 2,
	MAIKO_KIND_BOOL = 3,
	MAIKO_KIND_INT = 4,  /* signed, 1, 2, 4 or 8 bytes   */
	MAIKO_KIND_UINT = 5, /* unsigned, 1, 2, 4 or 8 bytes */
	MAIKO_KIND_FLOAT = 6,
	MAIKO_KIND_DOUBLE = 7,
	MAIKO_KIND_ENUM = 8, /* an integer of `size` bytes   */
	MAIKO_KIND_STRUCT = 9,
	MAIKO_KIND_BUFFER = 10
} maiko_kind;

struct maiko_layout;

typedef struct maiko_field {
	const char *name;  /* NULL ends a list */
	uint32_t offset;   /* bytes from the start of the struct */
	uint32_t size;     /* bytes; of an array: of all its elements */
	maiko_kind kind;   /* of an array: of its elements */
	uint32_t elements; /* of an array of N: N, or N | MAIKO_ELEMENTS_COUNTED; 0: it is none. From format 2 on */
	const struct maiko_layout *nested; /* of a STRUCT, else NULL */
} maiko_field;

/* Of the elements those count whose number the field before it in the list contains, a UINT. */
#define MAIKO_ELEMENTS_COUNTED 0x80000000u

/* The descriptor of a struct. */
typedef struct maiko_layout {
	const char *name;
	uint32_t size; /* bytes */
	uint32_t align;
	const maiko_field *fields; /* ends with a field without a name */
	uint32_t format;           /* MAIKO_FORMAT, for its fields too; 0 means 1 */
} maiko_layout;

/* The descriptor of an event type. Memory as for maiko_topic. */
typedef struct maiko_event_type {
	const maiko_layout *layout;
	const maiko_topic *topic; /* NULL: `route` decides for each event */
	const maiko_topic *(*route)(const void *event, maiko_supervisor *sup);
	uint64_t *slot;  /* used by the runtime, initially zero */
	uint32_t format; /* MAIKO_FORMAT; 0 means 1 */
} maiko_event_type;

/* A struct as described elsewhere, without what depends on a machine: see maiko_event_from. */
struct maiko_schema;

typedef struct maiko_schema_field {
	const char *name;
	maiko_kind kind; /* of an array: of its elements, which are numbers, bools, enums or structs */
	uint32_t width;  /* bytes, of TEXT, BYTES, INT, UINT, ENUM (of an array: of one element); of
					    * others not read */
	const struct maiko_schema *nested; /* of a STRUCT; of others not read */
	uint32_t elements;                 /* of an array of N: N, or N | MAIKO_ELEMENTS_COUNTED if the field before it,
					    * a UINT, has the number of those that count; 0: it is none */
	uint64_t reserved_[2];
} maiko_schema_field;

typedef struct maiko_schema {
	const char *name;
	const maiko_schema_field *fields;
	uint32_t count; /* of the fields; 0: a signal */
	uint64_t reserved_[2];
} maiko_schema;

/* An event of any type, as MAIKO_ON_ANY and key functions receive it. */
typedef struct maiko_any {
	const maiko_event_type *type;
	const void *data;
} maiko_any;

/* 128 bits, unique across processes: `origin` is a random number for each sender,
 * `sequence` counts its events. Both zero: no event. */
typedef struct maiko_id {
	uint64_t origin;
	uint64_t sequence;
} maiko_id;

/* Whether two ids name the same event. Any thread. */
static inline bool maiko_id_equal(maiko_id a, maiko_id b) { return a.origin == b.origin && a.sequence == b.sequence; }

/* The metadata of an event. Of an injected event (maiko_inject) id, parent, correlation, sender and
 * origin_timestamp_ns are those of its origin. */
typedef struct maiko_envelope {
	maiko_id id;
	maiko_id parent;          /* the event whose handler sent it; none for a root  */
	maiko_id correlation;     /* the id of the root of its chain                  */
	uint64_t timestamp_ns;    /* of the send (from an external thread: up to a microsecond before it; of
				   * maiko_send_many: of the first of up to 64 events), since 1970-01-01 UTC;
				   * not before its parent's. The time of
				   * day is read when the supervisor is created; later adjustments, and
				   * time that the machine was suspended, are not included. Of an injected
				   * event: of the injection */
	const char *sender;       /* the actor's name; "outside" for an external thread  */
	maiko_actor_id sender_id; /* of the actor that sent or injected it; 0 for an external thread */
	const maiko_topic *topic; /* valid as long as the event (maiko_topic_release) */
	const maiko_event_type *type;
	uint64_t origin_timestamp_ns; /* timestamp_ns where it was sent first; nothing is ordered by it */
	bool injected;                /* it was sent elsewhere, and entered by maiko_inject */
	bool retained;                /* it was sent before its subscriber joined the topic (maiko_topic.retain) */
	uint64_t ttl_ms;              /* of maiko_send_ttl_ms; else 0 */
} maiko_envelope;

MAIKO_BEGIN_DECLS

/*
 * maiko_layout_hash - a 64-bit digest of a layout: name, size, and each field's
 * name, offset, size, kind and elements, nested structs included (FNV-1a, 64 bits, by
 * Fowler, Noll and Vo). Equal layouts have equal hashes in every process of one
 * byte order. Any thread.
 */
MAIKO_API uint64_t maiko_layout_hash(const maiko_layout *layout);

/*
 * maiko_layout_digest - a 64-bit digest of a layout for other machines: equal for equal names, kinds and widths,
 * whatever the machine's byte order, alignment and size of pointers. It will not change.
 *
 * FNV-1a, 64 bits, over: the struct's name with its terminating zero; of each field its name with that zero, its
 * kind and its width (bytes, of an array of all elements; 0 of bool, buffer and struct) as 4 bytes each, least
 * significant first, then of an array `elements` in the same way, and then, of a struct, the same of that; at the end
 * a zero byte. 0: NULL, or a format of later headers. Any thread.
 */
MAIKO_API uint64_t maiko_layout_digest(const maiko_layout *layout);

/* The description that the supervisor knows under a name: of an event that was sent, or that an actor handles; or
 * made by maiko_event_from. NULL: none, or a NULL, or in a forked child. Any thread; it takes a lock briefly. */
MAIKO_API const maiko_event_type *maiko_event_named(maiko_supervisor *sup, const char *name);

/*
 * maiko_event_from - the event type that a schema describes, of the topic with that name.
 *
 * If the supervisor knows an event of that name with these fields, that is returned, with the topic and the layout
 * that it has here. Otherwise a description is made: its layout is that of the C struct with these members in this
 * order. The supervisor owns it until maiko_supervisor_free. The schema is copied.
 *
 * Errors: MAIKO_EINVAL (a NULL, a bad name, kind or width, a field named twice; an array of texts, bytes or buffers; a
 * counted array without its count before it, or with buffers in it), MAIKO_ETYPE (an event of that name has other
 * fields), MAIKO_E2BIG (a bound above, also of event types), MAIKO_ENOMEM, MAIKO_EFORK. Any thread, also inside
 * callbacks; it takes a lock briefly.
 */
MAIKO_API int maiko_event_from(maiko_supervisor *sup, const maiko_schema *schema, const char *topic,
			       const maiko_event_type **ret_type);

/* Checks a layout against the bounds above. 0, MAIKO_EINVAL (a NULL, a bad name,
 * a field outside the struct, a field named twice, an array of texts, bytes or buffers,
 * a counted array without its count) or MAIKO_E2BIG. Any thread. */
MAIKO_API int maiko_layout_check(const maiko_layout *layout);

/*
 * maiko_layout_print - writes `value` as {"field":value,...} into `text`, at most
 * `size` bytes with the terminating zero. The output is JSON (RFC 8259): bytes and
 * buffers are hexadecimal text, arrays are [element,...] of the elements that count,
 * numbers that JSON lacks (NaN, the infinities) are
 * null, each byte that is not valid UTF-8 becomes U+FFFD.
 * Returns 0, MAIKO_EINVAL (a NULL or size 0) or MAIKO_ETRUNC (cut, but terminated).
 * Any thread.
 */
MAIKO_API int maiko_layout_print(const maiko_layout *layout, const void *value, char *text, size_t size);

/* The event's content if it is of that type (by name and layout), else NULL. Any thread. */
MAIKO_API const void *maiko_any_as(const maiko_any *any, const maiko_event_type *type);

/* ---- implementation of the macros: texts ----------------------------------- */

#if defined(__has_attribute)
#if __has_attribute(error)
#define MAIKO_PP_NEVER_(text) __attribute__((error(text)))
#endif
#endif
#ifndef MAIKO_PP_NEVER_
#define MAIKO_PP_NEVER_(text)
#endif

/* The route of an event type whose topic is named by each send. Returns NULL. */
MAIKO_API const maiko_topic *maiko_route_named_(const void *event, maiko_supervisor *sup);

/* Does nothing: calling it is a compile-time error that gives the reason. */
MAIKO_API void maiko_text_fills_its_array_(void)
	MAIKO_PP_NEVER_("maiko: a literal fills a char array and leaves no room for its terminating zero");

/* Whether a text of `size` bytes is not terminated. `literal`: it may be a literal that fills all
 * bytes, which is a compile-time error where the compiler can tell; otherwise any zero ends it. */
static inline __attribute__((always_inline)) bool maiko_text_is_open_(const char *text, size_t size, bool literal)
{
	if (literal && __builtin_constant_p(text[size - 1]) && text[size - 1] != '\0')
		maiko_text_fills_its_array_();
	return text[size - 1] != '\0' && (literal || __builtin_memchr(text, 0, size) == NULL);
}

MAIKO_END_DECLS

/* The content of a maiko_any as `const event *`, or NULL if it is another event. */
#define maiko_as(any, event) ((const event *)maiko_any_as((any), &maiko_gen_event_##event))

/* MAIKO_EVENT(type, topic, fields...): an event type, local to this file. */
#define MAIKO_EVENT(...) MAIKO_PP_EVENT_(static, __VA_ARGS__, (MAIKO_PP_NONE_, ~))
/* The same over several files: DECLARE in a header, DEFINE in one source file. */
#define MAIKO_EVENT_DECLARE(type)                                                                                      \
	MAIKO_STRUCT_DECLARE(type);                                                                                    \
	extern const maiko_event_type maiko_gen_event_##type
#define MAIKO_EVENT_DEFINE(...) MAIKO_PP_EVENT_(, __VA_ARGS__, (MAIKO_PP_NONE_, ~))

/* An event whose topic depends on its content:
 *   const maiko_topic *reading_topic(const reading *ev);
 *   MAIKO_EVENT_ROUTED(reading, reading_topic, sensor, value);
 * or, for topics that are made at run time by maiko_topic_named(sup, ...):
 *   const maiko_topic *reading_topic(const reading *ev, maiko_supervisor *sup);
 * The function runs on the sender's thread; a NULL makes the send MAIKO_EINVAL. */
#define MAIKO_EVENT_ROUTED(...) MAIKO_PP_ROUTED_(static, __VA_ARGS__, (MAIKO_PP_NONE_, ~))
#define MAIKO_EVENT_ROUTED_DEFINE(...) MAIKO_PP_ROUTED_(, __VA_ARGS__, (MAIKO_PP_NONE_, ~))

/* An event without a topic of its own: each send names one, maiko_send_on(to, "device.42", reading, ...) of send.h. */
#define MAIKO_EVENT_NAMED(...) MAIKO_PP_NAMED_(static, __VA_ARGS__, (MAIKO_PP_NONE_, ~))
#define MAIKO_EVENT_NAMED_DEFINE(...) MAIKO_PP_NAMED_(, __VA_ARGS__, (MAIKO_PP_NONE_, ~))

/* MAIKO_SIGNAL(name, topic): an event without fields, and its type. */
#define MAIKO_SIGNAL(name, topic)                                                                                      \
	MAIKO_PP_SIGNAL_TYPE_(name);                                                                                   \
	MAIKO_EVENT(name, topic)
#define MAIKO_SIGNAL_DECLARE(name)                                                                                     \
	MAIKO_PP_SIGNAL_TYPE_(name);                                                                                   \
	MAIKO_EVENT_DECLARE(name)
#define MAIKO_SIGNAL_DEFINE(name, topic) MAIKO_EVENT_DEFINE(name, topic)

/* MAIKO_STRUCT(type, fields...): describes a struct that is nested in events. */
#define MAIKO_STRUCT(...) MAIKO_PP_LAYOUT_(static, __VA_ARGS__, (MAIKO_PP_NONE_, ~))
#define MAIKO_STRUCT_DECLARE(type)                                                                                     \
	extern const maiko_layout maiko_gen_layout_##type;                                                             \
	extern const bool maiko_gen_texts_##type;                                                                      \
	extern const char *maiko_gen_open_##type(const type *value_, bool literal_)
#define MAIKO_STRUCT_DEFINE(...) MAIKO_PP_LAYOUT_(, __VA_ARGS__, (MAIKO_PP_NONE_, ~))

/* Fields that need an explicit kind. */
#define MAIKO_ENUM(field) (MAIKO_PP_ENUM_, field)
#define MAIKO_NESTED(field, type) (MAIKO_PP_NESTED_, field, type)
/* `array` is a field, MAIKO_ENUM or MAIKO_NESTED of one; `count` is a field. */
#define MAIKO_COUNTED(array, count) (MAIKO_PP_COUNTED_, array, count)

/* The descriptor of an event type made by MAIKO_EVENT: const maiko_event_type *. */
#define MAIKO_EVENT_REF(type) (&maiko_gen_event_##type)

/* ---- implementation ------------------------------------------------------ */

#define MAIKO_PP_SIGNAL_TYPE_(name_)                                                                                   \
	typedef struct name_ {                                                                                         \
		unsigned char maiko_signal_;                                                                           \
	} name_

/* clang-format off */
#define MAIKO_PP_EVENT_(linkage, type, topic_, ...)                                                                    \
	MAIKO_PP_LAYOUT_(linkage, type, __VA_ARGS__);                                                                  \
	MAIKO_PP_EVENT_TYPE_(linkage, type, &maiko_gen_topic_##topic_, NULL)
#define MAIKO_PP_NAMED_(linkage, type, ...)                                                                            \
	MAIKO_PP_LAYOUT_(linkage, type, __VA_ARGS__);                                                                  \
	MAIKO_PP_EVENT_TYPE_(linkage, type, NULL, maiko_route_named_)
#define MAIKO_PP_EVENT_TYPE_(linkage, type, topic_, route_)                                                            \
	static uint64_t maiko_gen_slot_event_##type MAIKO_UNUSED;                                                      \
	linkage const maiko_event_type maiko_gen_event_##type MAIKO_UNUSED = {                                         \
		.layout = &maiko_gen_layout_##type,                                                                    \
		.topic = (topic_),                                                                                     \
		.route = (route_),                                                                                     \
		.slot = &maiko_gen_slot_event_##type,                                                                  \
		.format = MAIKO_FORMAT}

#define MAIKO_PP_ROUTED_(linkage, type, route_, ...)                                                                   \
	MAIKO_PP_LAYOUT_(linkage, type, __VA_ARGS__);                                                                  \
	_Static_assert(_Generic(&route_, const maiko_topic *(*)(const type *) : 1,      			       \
				const maiko_topic *(*)(const type *, maiko_supervisor *) : 1, default : 0),            \
		       "MAIKO_EVENT_ROUTED(" #type ", " #route_ 						       \
		       "): it must be  const maiko_topic *" #route_ "(const " #type " *)  or  const maiko_topic *"     \
		       #route_ "(const " #type " *, maiko_supervisor *)");      				       \
	static const maiko_topic *maiko_gen_route_##type(const void *data_, maiko_supervisor *sup_)     	       \
	{       												       \
		const maiko_topic *(*alone_)(const type *) =    						       \
			_Generic(&route_, const maiko_topic *(*)(const type *) : &route_, default : NULL);             \
		const maiko_topic *(*with_)(const type *, maiko_supervisor *) = 				       \
			_Generic(&route_, const maiko_topic *(*)(const type *, maiko_supervisor *) : &route_,          \
				 default : NULL);       							       \
		return alone_ != NULL ? alone_((const type *)data_) : with_((const type *)data_, sup_); 	       \
	}       												       \
	MAIKO_PP_EVENT_TYPE_(linkage, type, NULL, maiko_gen_route_##type)
/* clang-format on */

#define MAIKO_PP_LAYOUT_(linkage, type, ...)                                                                           \
	_Static_assert(MAIKO_PP_COUNT(__VA_ARGS__) <= MAIKO_FIELDS_MAX + 1, #type " has more than 32 fields");         \
	static const maiko_field maiko_gen_fields_##type[] = {MAIKO_PP_MAP(MAIKO_PP_FIELD_, type, __VA_ARGS__)};       \
	_Static_assert(sizeof(maiko_gen_fields_##type) / sizeof(maiko_field) <= MAIKO_FIELDS_MAX + 1,                  \
		       #type " has more than 32 fields with the counts of its arrays");                                \
	linkage const maiko_layout maiko_gen_layout_##type MAIKO_UNUSED = {.name = #type,                              \
									   .size = sizeof(type),                       \
									   .align = _Alignof(type),                    \
									   .fields = maiko_gen_fields_##type,          \
									   .format = MAIKO_FORMAT};                    \
	/* Whether it has texts; and the name of one that is not terminated, or NULL. */                               \
	linkage const bool maiko_gen_texts_##type MAIKO_UNUSED = MAIKO_PP_MAP(MAIKO_PP_TEXTS_, type, __VA_ARGS__);     \
	MAIKO_PP_OPEN_AS_##linkage const char *maiko_gen_open_##type(const type *value_, bool literal_)                \
	{                                                                                                              \
		(void)value_, (void)literal_;                                                                          \
		MAIKO_PP_MAP(MAIKO_PP_OPEN_, type, __VA_ARGS__)                                                        \
		return NULL;                                                                                           \
	}                                                                                                              \
	_Static_assert(sizeof(type) > 0, "")

/* Inlined, so that the compiler can check texts that are literals. */
#define MAIKO_PP_OPEN_AS_static MAIKO_UNUSED static inline __attribute__((always_inline))
#define MAIKO_PP_OPEN_AS_
#define MAIKO_PP_TEXTS_(type, item) MAIKO_PP_CAT(MAIKO_PP_TEXTS_IF_, MAIKO_PP_IS_TUPLE(item))(type, item)
#define MAIKO_PP_TEXTS_IF_0(type, field) MAIKO_PP_KIND_(type, field) == MAIKO_KIND_TEXT ||
#define MAIKO_PP_TEXTS_IF_1(type, tuple) MAIKO_PP_TUPLE_(TEXTS_, type, MAIKO_PP_UNWRAP_ tuple)
#define MAIKO_PP_OPEN_(type, item) MAIKO_PP_CAT(MAIKO_PP_OPEN_IF_, MAIKO_PP_IS_TUPLE(item))(type, item)
#define MAIKO_PP_OPEN_IF_0(type, field)                                                                                \
	if (MAIKO_PP_KIND_(type, field) == MAIKO_KIND_TEXT &&                                                          \
	    maiko_text_is_open_((const char *)&value_->field, sizeof(value_->field), literal_))                        \
		return #field;
#define MAIKO_PP_OPEN_IF_1(type, tuple) MAIKO_PP_TUPLE_(OPEN_, type, MAIKO_PP_UNWRAP_ tuple)
#define MAIKO_PP_TUPLE_(...) MAIKO_PP_TUPLE_OPEN_(__VA_ARGS__)
#define MAIKO_PP_TUPLE_OPEN_(what, type, kind, ...) MAIKO_PP_CAT(kind, what)(type, __VA_ARGS__)
#define MAIKO_PP_NONE_TEXTS_(type, ignored) 0
#define MAIKO_PP_NONE_OPEN_(type, ignored)
#define MAIKO_PP_ENUM_TEXTS_(type, field)
#define MAIKO_PP_ENUM_OPEN_(type, field)
#define MAIKO_PP_NESTED_TEXTS_(type, field, inner) 1 ||
#define MAIKO_PP_NESTED_OPEN_(type, field, inner)                                                                      \
	MAIKO_PP_OPEN_INNER_(inner, value_->field, sizeof(value_->field) / sizeof(inner))
/* Of the first `count_` elements. */
#define MAIKO_PP_OPEN_INNER_(inner, field_, count_)                                                                    \
	for (const inner *at_ = (const inner *)(const void *)&(field_), *end_ = at_ + (count_); at_ < end_; at_++)     \
		if (maiko_gen_open_##inner(at_, literal_) != NULL)                                                     \
			return maiko_gen_open_##inner(at_, literal_);
#define MAIKO_PP_COUNTED_TEXTS_(type, item, count)                                                                     \
	MAIKO_PP_CAT(MAIKO_PP_COUNTED_TEXTS_IF_, MAIKO_PP_IS_TUPLE(item))(type, item)
#define MAIKO_PP_COUNTED_TEXTS_IF_0(type, field)
#define MAIKO_PP_COUNTED_TEXTS_IF_1(type, tuple) 1 ||
#define MAIKO_PP_COUNTED_OPEN_(type, item, count)                                                                      \
	MAIKO_PP_CAT(MAIKO_PP_COUNTED_OPEN_IF_, MAIKO_PP_IS_TUPLE(item))(type, item, count)
#define MAIKO_PP_COUNTED_OPEN_IF_0(type, field, count)
#define MAIKO_PP_COUNTED_OPEN_IF_1(type, tuple, count)                                                                 \
	MAIKO_PP_COUNTED_TUPLE_(OPEN_COUNTED_, count, MAIKO_PP_UNWRAP_ tuple)
#define MAIKO_PP_COUNTED_TUPLE_(...) MAIKO_PP_COUNTED_TUPLE_OPEN_(__VA_ARGS__)
#define MAIKO_PP_COUNTED_TUPLE_OPEN_(what, first, kind, ...) MAIKO_PP_CAT(kind, what)(first, __VA_ARGS__)
#define MAIKO_PP_ENUM_OPEN_COUNTED_(count, field)
#define MAIKO_PP_NESTED_OPEN_COUNTED_(count, field, inner)                                                             \
	MAIKO_PP_OPEN_INNER_(inner, value_->field,                                                                     \
			     value_->count <= sizeof(value_->field) / sizeof(inner)                                    \
				     ? value_->count                                                                   \
				     : sizeof(value_->field) / sizeof(inner))

#define MAIKO_PP_FIELD_(type, item) MAIKO_PP_CAT(MAIKO_PP_FIELD_IF_, MAIKO_PP_IS_TUPLE(item))(type, item)
#define MAIKO_PP_FIELD_IF_0(type, field)                                                                               \
	MAIKO_PP_FIELD_ROW_(type, field, MAIKO_PP_ANY_KIND_(type, field), MAIKO_PP_NUMBERS_(type, field), NULL,        \
			    "maiko: " #type "." #field " is not of a type that an event may have (see event.h)"),
#define MAIKO_PP_FIELD_IF_1(type, tuple) MAIKO_PP_FIELD_OPEN_(type, MAIKO_PP_UNWRAP_ tuple)
#define MAIKO_PP_UNWRAP_(...) __VA_ARGS__
#define MAIKO_PP_FIELD_OPEN_(...) MAIKO_PP_FIELD_KIND_(__VA_ARGS__)
#define MAIKO_PP_FIELD_KIND_(type, kind, ...) kind(type, __VA_ARGS__)
#define MAIKO_PP_NONE_(type, ignored)                                                                                  \
	{                                                                                                              \
		.name = NULL                                                                                           \
	}
#define MAIKO_PP_ENUM_(type, field)                                                                                    \
	MAIKO_PP_FIELD_ROW_(type, field, MAIKO_PP_ENUM_KIND_(type, field), MAIKO_PP_ENUMS_(type, field), NULL,         \
			    "maiko: " #type "." #field " is not an enum"),
#define MAIKO_PP_NESTED_(type, field, inner)                                                                           \
	MAIKO_PP_FIELD_ROW_(type, field, MAIKO_PP_NESTED_KIND_(type, field, inner),                                    \
			    MAIKO_PP_STRUCTS_(type, field, inner), &maiko_gen_layout_##inner,                          \
			    "maiko: " #type "." #field " is not of type " #inner " or an array of it"),
/* The count first, so that a reader of bytes knows it. */
#define MAIKO_PP_COUNTED_(type, item, count)                                                                           \
	MAIKO_PP_FIELD_ROW_(type, count,                                                                               \
			    MAIKO_PP_KIND_(type, count) == MAIKO_KIND_UINT ? MAIKO_KIND_UINT : MAIKO_KIND_NONE, 0,     \
			    NULL, "maiko: MAIKO_COUNTED: " #type "." #count " is not an unsigned integer"),            \
		MAIKO_PP_CAT(MAIKO_PP_COUNTED_IF_, MAIKO_PP_IS_TUPLE(item))(type, item)
#define MAIKO_PP_COUNTED_IF_0(type, field)                                                                             \
	MAIKO_PP_COUNTED_ROW_(type, field, MAIKO_PP_ANY_KIND_(type, field), MAIKO_PP_NUMBERS_(type, field), NULL)
#define MAIKO_PP_COUNTED_IF_1(type, tuple) MAIKO_PP_COUNTED_TUPLE_(COUNTED_, type, MAIKO_PP_UNWRAP_ tuple)
#define MAIKO_PP_ENUM_COUNTED_(type, field)                                                                            \
	MAIKO_PP_COUNTED_ROW_(type, field, MAIKO_PP_ENUM_KIND_(type, field), MAIKO_PP_ENUMS_(type, field), NULL)
#define MAIKO_PP_NESTED_COUNTED_(type, field, inner)                                                                   \
	MAIKO_PP_COUNTED_ROW_(type, field, MAIKO_PP_NESTED_KIND_(type, field, inner),                                  \
			      MAIKO_PP_STRUCTS_(type, field, inner), &maiko_gen_layout_##inner)
#define MAIKO_PP_COUNTED_ROW_(type, field, kind_, elements_, nested_)                                                  \
	MAIKO_PP_FIELD_ROW_(type, field, (elements_) != 0 ? (kind_) : MAIKO_KIND_NONE,                                 \
			    MAIKO_ELEMENTS_COUNTED | (elements_), nested_,                                             \
			    "maiko: MAIKO_COUNTED: " #type "." #field                                                  \
			    " is not an array of numbers, of MAIKO_ENUM or of MAIKO_NESTED"),

#define MAIKO_PP_FIELD_ROW_(type, field, kind_, elements_, nested_, text)                                              \
	{                                                                                                              \
		.name = #field, .offset = (uint32_t)offsetof(type, field),                                             \
		.size = (uint32_t)(sizeof(((type *)0)->field) +                                                        \
				   (size_t)MAIKO_PP_MUST_((kind_) != MAIKO_KIND_NONE, text)),                          \
		.kind = (kind_), .elements = (uint32_t)(elements_), .nested = (nested_)                                \
	}

/* clang-format off */
#define MAIKO_PP_NESTED_KIND_(type, field, inner)                                                                      \
	_Generic(&((type *)0)->field, inner * : MAIKO_KIND_STRUCT, inner(*)[] : MAIKO_KIND_STRUCT,                     \
		 default : MAIKO_KIND_NONE)

/* The number of elements of an array, 0 for what is none. A pointer to an array of unknown size
 * is compatible with that of any size, and not with one to an array of arrays. */
#define MAIKO_PP_OF_SIZE_(type, field, element) (sizeof(((type *)0)->field) / (sizeof(element)))
#define MAIKO_PP_STRUCTS_(type, field, inner)                                                                          \
	_Generic(&((type *)0)->field, inner(*)[] : MAIKO_PP_OF_SIZE_(type, field, inner), default : 0)
#define MAIKO_PP_NUMBERS_(type, field)                                                                                 \
	_Generic(&((type *)0)->field, unsigned char(*)[] : 0, bool(*)[] : MAIKO_PP_OF_SIZE_(type, field, bool),        \
		 float(*)[] : MAIKO_PP_OF_SIZE_(type, field, float),                                                   \
		 double(*)[] : MAIKO_PP_OF_SIZE_(type, field, double), default : MAIKO_PP_ENUMS_(type, field))
#define MAIKO_PP_ENUMS_(type, field)                                                                                   \
	_Generic(&((type *)0)->field, signed char(*)[] : sizeof(((type *)0)->field),                                   \
		 unsigned char(*)[] : sizeof(((type *)0)->field), short(*)[] : MAIKO_PP_OF_SIZE_(type, field, short),  \
		 unsigned short(*)[] : MAIKO_PP_OF_SIZE_(type, field, short),                                          \
		 int(*)[] : MAIKO_PP_OF_SIZE_(type, field, int), unsigned(*)[] : MAIKO_PP_OF_SIZE_(type, field, int),  \
		 long(*)[] : MAIKO_PP_OF_SIZE_(type, field, long),                                                     \
		 unsigned long(*)[] : MAIKO_PP_OF_SIZE_(type, field, long),                                            \
		 long long(*)[] : MAIKO_PP_OF_SIZE_(type, field, long long),                                           \
		 unsigned long long(*)[] : MAIKO_PP_OF_SIZE_(type, field, long long), default : 0)

/* The kind of a field, or of the elements of an array of numbers. */
#define MAIKO_PP_ANY_KIND_(type, field)                                                                                \
	_Generic(&((type *)0)->field, bool(*)[] : MAIKO_KIND_BOOL, float(*)[] : MAIKO_KIND_FLOAT,                      \
		 double(*)[] : MAIKO_KIND_DOUBLE, signed char(*)[] : MAIKO_KIND_INT, short(*)[] : MAIKO_KIND_INT,      \
		 int(*)[] : MAIKO_KIND_INT, long(*)[] : MAIKO_KIND_INT, long long(*)[] : MAIKO_KIND_INT,               \
		 unsigned short(*)[] : MAIKO_KIND_UINT, unsigned(*)[] : MAIKO_KIND_UINT,                               \
		 unsigned long(*)[] : MAIKO_KIND_UINT, unsigned long long(*)[] : MAIKO_KIND_UINT,                      \
		 default : MAIKO_PP_KIND_(type, field))
/* clang-format on */

/* An enum is an integer in the list item MAIKO_ENUM(x). A pointer is not accepted:
 * adding 0 to it gives no integer type. Of an array the elements are the enums. */
#define MAIKO_PP_ENUM_KIND_(type, field)                                                                               \
	(MAIKO_PP_ENUMS_(type, field) != 0 ? MAIKO_KIND_ENUM : MAIKO_PP_ONE_ENUM_KIND_(type, field))
#define MAIKO_PP_ONE_ENUM_KIND_(type, field)                                                                           \
	_Generic(((type *)0)->field + 0, int                                                                           \
		 : MAIKO_KIND_ENUM, unsigned                                                                           \
		 : MAIKO_KIND_ENUM, long                                                                               \
		 : MAIKO_KIND_ENUM, unsigned long                                                                      \
		 : MAIKO_KIND_ENUM, long long                                                                          \
		 : MAIKO_KIND_ENUM, unsigned long long                                                                 \
		 : MAIKO_KIND_ENUM, default                                                                            \
		 : MAIKO_KIND_NONE)

/* A field's kind, by the type of its address, which distinguishes char[N] from char *. */
#define MAIKO_PP_KIND_(type, field)                                                                                    \
	_Generic(&((type *)0)->field, char(*)[sizeof(((type *)0)->field)]                                              \
		 : MAIKO_KIND_TEXT, unsigned char(*)[sizeof(((type *)0)->field)]                                       \
		 : MAIKO_KIND_BYTES, bool *                                                                            \
		 : MAIKO_KIND_BOOL, char *                                                                             \
		 : (char)-1 < 0 ? MAIKO_KIND_INT : MAIKO_KIND_UINT, signed char *                                      \
		 : MAIKO_KIND_INT, short *                                                                             \
		 : MAIKO_KIND_INT, int *                                                                               \
		 : MAIKO_KIND_INT, long *                                                                              \
		 : MAIKO_KIND_INT, long long *                                                                         \
		 : MAIKO_KIND_INT, unsigned char *                                                                     \
		 : MAIKO_KIND_UINT, unsigned short *                                                                   \
		 : MAIKO_KIND_UINT, unsigned int *                                                                     \
		 : MAIKO_KIND_UINT, unsigned long *                                                                    \
		 : MAIKO_KIND_UINT, unsigned long long *                                                               \
		 : MAIKO_KIND_UINT, float *                                                                            \
		 : MAIKO_KIND_FLOAT, double *                                                                          \
		 : MAIKO_KIND_DOUBLE, maiko_buffer **                                                                  \
		 : MAIKO_KIND_BUFFER, const maiko_buffer **                                                            \
		 : MAIKO_KIND_BUFFER, default                                                                          \
		 : MAIKO_KIND_NONE)

#endif
