/*
 * harness.h - what the files of the harness share: the harness and its store.
 *
 * The store only grows, until it is cleared: notes in chunks that never move, each chunk
 * twice as large as the previous one, and one mt_event for all notes of an event. Hooks add
 * to it under the mutex. Queries read it without the mutex: they load the number of notes, or the
 * head or next of a list, with acquire; the writer stored it with release after the data it leads
 * to was complete. All other data is immutable once reachable. So a user's predicates are called
 * without a lock, while workers record.
 *
 * It allocates with malloc, not with the library's allocator, which fails on purpose in a simulation.
 */
#ifndef MT_HARNESS_H
#define MT_HARNESS_H

#include <maiko/testing/harness.h>

#include <stdatomic.h>
#include <uv.h>

typedef struct mt_note mt_note;
typedef struct mt_event mt_event;

/* A record in the store. */
struct mt_note {
	maiko_record record; /* first: users hold pointers to it */
	mt_event *event;     /* NULL: it is about no event */
	_Atomic(mt_note *) next_of_event;
};

/* An event, with a copy of its content. */
struct mt_event {
	maiko_envelope envelope;
	maiko_harness *harness;
	uint64_t number;  /* the order of its first note; its name in texts */
	mt_event *parent; /* NULL: none, or not recorded */
	_Atomic(mt_note *) first_note;
	_Atomic(mt_event *) first_child, next_sibling;
	/* used by the recording thread, under the mutex */
	mt_note *last_note;
	mt_event *last_child;
	mt_event *next_of_hash, *next_of_all;
	_Alignas(16) unsigned char data[];
};

enum { MT_CHUNK_FIRST = 1024, MT_CHUNKS = 40 };

typedef struct mt_store {
	mt_note *chunks[MT_CHUNKS];
	_Atomic(uint64_t) count;
	uint64_t cleared; /* the number of notes cleared: order numbers continue */
	mt_event *events; /* all, to free them */
	mt_event **table; /* by id; a power of two */
	size_t table_size, event_count;
	/* of actors, including removed ones: open addressing, a power of two; freed with the harness */
	char **names;
	size_t name_size, name_count;
} mt_store;

struct maiko_harness {
	maiko_supervisor *sup;
	maiko_harness_options options;
	maiko_monitor *monitor;
	uv_mutex_t mutex;
	uv_cond_t cond; /* signals an observation to a waiting thread */
	/* under the mutex */
	bool recording;
	uint64_t observations;
	uint32_t waiters;
	bool stops_loop; /* the waiting thread runs the supervisor's loop and checks after each observation */
	int broken;      /* MAIKO_E2BIG or MAIKO_ENOMEM: the store is not complete */
	char *misuse;    /* the text of the first misuse, or NULL */
	maiko_id sent;   /* by the last send_as */
	char *failure;   /* the text of the last expectation that failed */
	size_t failures;
	mt_store store;
};

/* ---- harness_store.c ------------------------------------------------------------------- */

/* With the mutex: adds a note. 0, MAIKO_ENOMEM. */
int mt_store_add(maiko_harness *h, const maiko_observation *observation);

/* With the mutex: moves all but the names to *ret_old and leaves the store empty. */
void mt_store_take(mt_store *store, mt_store *ret_old);
/* Without the mutex: releases the references on buffers. */
void mt_store_fini(mt_store *store);

/* The event of that id, or NULL. */
mt_event *mt_store_find(maiko_harness *h, maiko_id id);

/* The note of that index, from 0. Precondition: it exists. */
const mt_note *mt_store_note(const mt_store *store, uint64_t place);
static inline uint64_t mt_store_count(const mt_store *store)
{
	return atomic_load_explicit((_Atomic(uint64_t) *)(uintptr_t)&store->count, memory_order_acquire);
}

/* ---- walking ----------------------------------------------------------------------------- */

static inline const mt_note *mt_note_of(const maiko_record *record) { return (const mt_note *)(const void *)record; }
static inline const mt_event *mt_event_of(const maiko_record *record)
{
	return record == NULL ? NULL : mt_note_of(record)->event;
}

static inline const mt_note *mt_first_note(const mt_event *e)
{
	return atomic_load_explicit((_Atomic(mt_note *) *)(uintptr_t)&e->first_note, memory_order_acquire);
}
static inline const mt_note *mt_next_note(const mt_note *n)
{
	return atomic_load_explicit((_Atomic(mt_note *) *)(uintptr_t)&n->next_of_event, memory_order_acquire);
}
static inline const mt_event *mt_first_child(const mt_event *e)
{
	return atomic_load_explicit((_Atomic(mt_event *) *)(uintptr_t)&e->first_child, memory_order_acquire);
}
static inline const mt_event *mt_next_sibling(const mt_event *e)
{
	return atomic_load_explicit((_Atomic(mt_event *) *)(uintptr_t)&e->next_sibling, memory_order_acquire);
}

/* Whether a handler has handled the event. */
static inline bool mt_is_receipt(const maiko_record *r) { return r->kind == MAIKO_OBSERVED_HANDLED && r->code != 1; }

/* The record of its send, else its first record; NULL: it has none. */
const maiko_record *mt_event_record(const mt_event *e);

/* Whether the event is `root` or was caused by it, directly or indirectly. */
bool mt_event_is_within(const mt_event *e, const mt_event *root);

/* ---- distinct names, by first appearance -------------------------------------------------- */

typedef struct mt_names {
	maiko_tally *tallies;
	size_t count, size;
} mt_names;

/* Adds a name. False: no memory, which is noted in the harness. */
bool mt_names_add(maiko_harness *h, mt_names *names, const char *name);
bool mt_names_have(const mt_names *names, const char *name);
/* Whether these are the names of a list, which ends with NULL, in any order. */
bool mt_names_are(const mt_names *names, const char *const *list);
/* Writes the first `size`, frees, and returns how many there were. */
size_t mt_names_give(mt_names *names, const char **array, size_t size);

/* Adds the receivers of the event. False: no memory. */
bool mt_event_add_receivers(const mt_event *e, mt_names *names);

/* ---- harness.c ------------------------------------------------------------------------------ */

/* Notes the first misuse; its text as for printf(3). */
void mt_misuse(maiko_harness *h, const char *format, ...) __attribute__((format(printf, 2, 3)));
void mt_no_memory(maiko_harness *h);

/* ---- query.c, query_match.c ------------------------------------------------------------------ */

/* Whether a matcher has a condition. */
static inline bool mt_matcher_is_set(const maiko_matcher *m)
{
	return m->type != NULL || m->predicate != NULL || m->type_name != NULL || m->by_id;
}
bool mt_matcher_holds(const maiko_matcher *m, const maiko_record *r);
/* Whether it can be evaluated; if not, notes the misuse. */
bool mt_matcher_check(maiko_harness *h, const maiko_matcher *m);
void mt_matcher_print(const maiko_matcher *m, FILE *out);

/* Whether two descriptions are of the same event type, by name and layout. */
bool mt_same_type(const maiko_event_type *a, const maiko_event_type *b);

/* Prints "3 events", "1 delivery", ... by the query's base. */
void mt_query_print_count(const maiko_query *q, size_t count, FILE *out);

/* Prints each condition of a query and the number of results left after it. */
void mt_query_print_funnel(const maiko_query *q, FILE *out);

/* ---- harness_print.c --------------------------------------------------------------------------- */

/* Prints order#7; with its content: order#7 {"price":10} */
void mt_print_event_name(const mt_event *e, FILE *out);
void mt_print_event(const mt_event *e, FILE *out);
/* Prints one line, with the time since the first record. */
void mt_print_record(maiko_harness *h, const maiko_record *r, FILE *out);
/* Prints "a, b, c"; `none` if there are no names. */
void mt_print_names(const mt_names *names, const char *none, FILE *out);
void mt_print_list(const char *const *names, FILE *out);

/* ---- chain_walk.c: the events of a chain, and its paths ----------------------------------------- */

/* The events of a chain. The members of a partial chain (maiko_chain_towards) are found once, at its creation. */
typedef struct mt_tree {
	maiko_harness *harness;
	const mt_event *root;     /* NULL: the chain is empty */
	const char *towards;      /* NULL: it is the whole chain */
	const mt_event **members; /* of a partial chain, sorted by address */
	size_t count, size;
} mt_tree;

void mt_tree_init(mt_tree *tree, maiko_chain chain);
void mt_tree_fini(mt_tree *tree);
const mt_event *mt_tree_first_child(const mt_tree *tree, const mt_event *e);
const mt_event *mt_tree_next_sibling(const mt_tree *tree, const mt_event *e);

/* The next event in depth-first order; NULL at the end. Updates `depth` (may be NULL), the number
 * of levels below the root. */
const mt_event *mt_tree_next(const mt_tree *tree, const mt_event *e, size_t *depth);

bool mt_event_was_received_by(const mt_event *e, const char *actor);

/* The position of a walk along the paths of a chain. */
typedef enum mt_stop {
	MT_AT_END = 0, /* the walk is complete */
	MT_AT_EVENT,   /* one event further */
	MT_AT_ACTOR,   /* complete: `last` received the last event and sent nothing */
	MT_AT_NOBODY   /* complete: no one received the last event */
} mt_stop;

typedef struct mt_frame {
	const mt_event *event;
	const mt_event *child; /* the last child visited */
	const mt_note *note;   /* the last receipt stopped at */
	size_t passed;         /* for the caller: the number of list elements passed */
	bool had_children;     /* all children were visited */
	bool is_over;          /* the receipts too */
	bool went_on;
} mt_frame;

typedef struct mt_walk {
	mt_tree tree;
	mt_frame *frames;
	size_t count, size; /* the path: one frame per event */
	const char *last;   /* MT_AT_ACTOR */
	bool begins;        /* the next stop is the first event */
} mt_walk;

/* Begins a walk along all paths, which stops once for each prefix. */
void mt_walk_init(mt_walk *walk, maiko_chain chain);
mt_stop mt_walk_next(mt_walk *walk);
void mt_walk_fini(mt_walk *walk);

/* ---- chain.c, chain_print.c ------------------------------------------------------------------------ */

/* Whether a path of actors begins with the names. */
bool mt_chain_begins_with(maiko_chain chain, const char *const *names);

/* Adds the names of its actors, or of its types of event. False without memory. */
bool mt_chain_add_actors(maiko_chain chain, mt_names *names);
bool mt_chain_add_types(maiko_chain chain, mt_names *names);

/* As maiko_chain_print, at most `lines` lines, each indented. */
void mt_chain_print(maiko_chain chain, size_t lines, const char *indent, FILE *out);
void mt_chain_print_empty(maiko_chain chain, const char *indent, FILE *out);

/* ---- expect_names.c: unknown names are taken for misspelt ones ------------------------------------------ */

/* 0 if all names are those of known actors: in the records, in the supervisor, or "outside".
 * Else the expectation fails and lists the known ones. `names` ends with NULL. */
int mt_expect_actors(const maiko_here *here, maiko_harness *h, const char *const *names);

/* For the text of a failure: writes each name that is no type, or topic, of a recorded event, and
 * the known ones. `names` may be NULL. */
void mt_fail_types(maiko_harness *h, const char *const *names, FILE *out);
void mt_fail_topic(maiko_harness *h, const char *name, FILE *out);

/* ---- expect_text.c ----------------------------------------------------------------------------------- */

/* The text of a failed expectation. */
typedef struct mt_failure {
	maiko_harness *harness;
	FILE *out;
	char *text;
	size_t size;
} mt_failure;

/* 0: the expectation can be evaluated; else its result. */
int mt_expect_begin(const maiko_here *here, maiko_harness *h);

/* Begins the text; `expected`, as for printf(3), is its second line. After mt_fail_happened the
 * caller writes to failure.out what happened. mt_fail_end returns MAIKO_EBROKEN. */
void mt_fail_begin(mt_failure *f, const maiko_here *here, maiko_harness *h, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
void mt_fail_happened(mt_failure *f);
void mt_fail_query(mt_failure *f, const maiko_query *q);
void mt_fail_chain(mt_failure *f, maiko_chain chain);
int mt_fail_end(mt_failure *f);

#endif
