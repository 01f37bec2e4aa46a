/*
 * harness.h - what the rooms of the harness share: the harness and its store.
 *
 * The store only grows, until it is cleared: notes in chunks that never move, each chunk
 * twice as large as the one before, and one mt_event for all notes of an event. Hooks add
 * to it under the mutex. Questions read it without: they load the number of notes, or the
 * head or next of a list, with acquire, which was stored with release once what it leads to
 * was complete; all else is immutable once it can be reached. So predicates of the user's
 * are called without a lock, while workers record.
 *
 * Memory is malloc's, not the library's: a simulation makes that fail on purpose.
 */
#ifndef MT_HARNESS_H
#define MT_HARNESS_H

#include <maiko/testing/harness.h>

#include <stdatomic.h>
#include <uv.h>

typedef struct mt_note mt_note;
typedef struct mt_event mt_event;

/* A record, as the store has it. */
struct mt_note {
	maiko_record record; /* first: users hold pointers to it */
	mt_event *event;     /* NULL: it is about none */
	_Atomic(mt_note *) next_of_event;
};

/* An event, with a copy of its content. */
struct mt_event {
	maiko_envelope envelope;
	maiko_harness *harness;
	uint64_t number;  /* the order of its first note: names it for a person */
	mt_event *parent; /* NULL: none, or not recorded */
	_Atomic(mt_note *) first_note;
	_Atomic(mt_event *) first_child, next_sibling;
	/* the recording thread's, under the mutex */
	mt_note *last_note;
	mt_event *last_child;
	mt_event *next_of_hash, *next_of_all;
	_Alignas(16) unsigned char data[];
};

enum { MT_CHUNK_FIRST = 1024, MT_CHUNKS = 40 };

typedef struct mt_store {
	mt_note *chunks[MT_CHUNKS];
	_Atomic(uint64_t) count;
	uint64_t cleared; /* notes of the time before: order numbers go on */
	mt_event *events; /* all, to free them */
	mt_event **table; /* by id; a power of two */
	size_t table_size, event_count;
	/* of actors, which may be gone: open addressing, a power of two; freed with the harness */
	char **names;
	size_t name_size, name_count;
} mt_store;

struct maiko_harness {
	maiko_supervisor *sup;
	maiko_harness_options options;
	maiko_monitor *monitor;
	uv_mutex_t mutex;
	uv_cond_t cond; /* an observation was seen while somebody waits */
	/* under the mutex */
	bool recording;
	uint64_t observations;
	uint32_t waiters;
	bool stops_loop; /* who waits runs the supervisor's loop, and looks after each observation */
	int broken;      /* MAIKO_E2BIG or MAIKO_ENOMEM: the store is not complete */
	char *misuse;    /* what a query was misused for, or NULL */
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
/* Without: drops references on buffers. */
void mt_store_fini(mt_store *store);

/* The event of that id; NULL. */
mt_event *mt_store_find(maiko_harness *h, maiko_id id);

/* The note of that place, from 0. Precondition: there is one. */
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

/* The handler has returned, and there was one. */
static inline bool mt_is_receipt(const maiko_record *r) { return r->kind == MAIKO_OBSERVED_HANDLED && r->code != 1; }

/* The record of its being sent, else its first; NULL for none. */
const maiko_record *mt_event_record(const mt_event *e);

/* Whether the event was sent or caused by `root`, at any remove; itself too. */
bool mt_event_is_within(const mt_event *e, const mt_event *root);

/* ---- distinct names, by first appearance -------------------------------------------------- */

typedef struct mt_names {
	maiko_tally *tallies;
	size_t count, size;
} mt_names;

/* Counts a name. False without memory, which the harness then knows. */
bool mt_names_add(maiko_harness *h, mt_names *names, const char *name);
bool mt_names_have(const mt_names *names, const char *name);
/* Writes the first `size`, frees, and returns how many there were. */
size_t mt_names_give(mt_names *names, const char **array, size_t size);

/* Who has received the event. False without memory. */
bool mt_event_add_receivers(const mt_event *e, mt_names *names);

/* ---- harness.c ------------------------------------------------------------------------------ */

/* Remembers a misuse, if it is the first; what is wrong, as printf(3) makes it. */
void mt_misuse(maiko_harness *h, const char *format, ...) __attribute__((format(printf, 2, 3)));
void mt_no_memory(maiko_harness *h);

/* ---- query.c, query_match.c ------------------------------------------------------------------ */

/* Whether a matcher has a condition. */
static inline bool mt_matcher_is_set(const maiko_matcher *m)
{
	return m->type != NULL || m->predicate != NULL || m->type_name != NULL || m->by_id;
}
bool mt_matcher_holds(const maiko_matcher *m, const maiko_record *r);
/* Whether its tests can be made; else what is wrong is a misuse. */
bool mt_matcher_check(maiko_harness *h, const maiko_matcher *m);
void mt_matcher_print(const maiko_matcher *m, FILE *out);

/* Whether two descriptions are of one event: by name and layout. */
bool mt_same_type(const maiko_event_type *a, const maiko_event_type *b);

/* "3 events", "1 delivery", ... as the query's base has it. */
void mt_query_print_count(const maiko_query *q, size_t count, FILE *out);

/* Each condition of a query, and how many are left after it. */
void mt_query_print_funnel(const maiko_query *q, FILE *out);

/* ---- harness_print.c --------------------------------------------------------------------------- */

/* order#7, and with its content: order#7 {"price":10} */
void mt_print_event_name(const mt_event *e, FILE *out);
void mt_print_event(const mt_event *e, FILE *out);
/* One line, with the time since the first record. */
void mt_print_record(maiko_harness *h, const maiko_record *r, FILE *out);
/* "a, b, c"; what is said for none. */
void mt_print_names(const mt_names *names, const char *none, FILE *out);
void mt_print_list(const char *const *names, FILE *out);

/* ---- chain_walk.c: the events of a chain, and its paths ----------------------------------------- */

/* The events of a chain. Those of a part (maiko_chain_towards) are looked up once, when it begins. */
typedef struct mt_tree {
	maiko_harness *harness;
	const mt_event *root;     /* NULL: it has none */
	const char *towards;      /* NULL: it is the whole */
	const mt_event **members; /* of a part, by address */
	size_t count, size;
} mt_tree;

void mt_tree_init(mt_tree *tree, maiko_chain chain);
void mt_tree_fini(mt_tree *tree);
const mt_event *mt_tree_first_child(const mt_tree *tree, const mt_event *e);
const mt_event *mt_tree_next_sibling(const mt_tree *tree, const mt_event *e);

/* The next one in the tree's order, down first; NULL at the end. `depth` (may be NULL)
 * follows: how many levels it is below the root. */
const mt_event *mt_tree_next(const mt_tree *tree, const mt_event *e, size_t *depth);

bool mt_event_was_received_by(const mt_event *e, const char *actor);

/* Where a walk along the paths of a chain stands. */
typedef enum mt_stop {
	MT_AT_END = 0, /* of the walk */
	MT_AT_EVENT,   /* one event further */
	MT_AT_ACTOR,   /* complete: `last` received the last event and sent nothing */
	MT_AT_NOBODY   /* complete: no one received the last event */
} mt_stop;

typedef struct mt_frame {
	const mt_event *event;
	const mt_event *child; /* the last one gone down to */
	const mt_note *note;   /* the last receipt stopped at */
	size_t passed;         /* the walker's: how much of a list the path has passed */
	bool had_children;     /* all of them */
	bool is_over;          /* the receipts too */
	bool went_on;
} mt_frame;

typedef struct mt_walk {
	mt_tree tree;
	mt_frame *frames;
	size_t count, size; /* the path: one frame an event */
	const char *last;   /* MT_AT_ACTOR */
	bool begins;        /* with the first event */
} mt_walk;

/* Along all paths, each prefix once. */
void mt_walk_init(mt_walk *walk, maiko_chain chain);
mt_stop mt_walk_next(mt_walk *walk);
void mt_walk_fini(mt_walk *walk);

/* ---- chain.c, chain_print.c ------------------------------------------------------------------------ */

/* Whether some path of actors begins so. */
bool mt_chain_begins_with(maiko_chain chain, const char *const *names);

/* Adds the names of its actors, or of its types of event. False without memory. */
bool mt_chain_add_actors(maiko_chain chain, mt_names *names);
bool mt_chain_add_types(maiko_chain chain, mt_names *names);

/* The same as maiko_chain_print, at most `lines`, each indented. */
void mt_chain_print(maiko_chain chain, size_t lines, const char *indent, FILE *out);
void mt_chain_print_empty(maiko_chain chain, const char *indent, FILE *out);

/* ---- expect_names.c: a name that nobody has is misspelt ------------------------------------------------ */

/* 0 if all are names of actors that are known: from the records, from the supervisor, or
 * "outside". Else the expectation fails and lists those. `names` is ended by NULL. */
int mt_expect_actors(const maiko_here *here, maiko_harness *h, const char *const *names);

/* In the text of a failure: says of each name that no recorded event's type, or topic, has it, and
 * which there are. NULL names are none. */
void mt_fail_types(maiko_harness *h, const char *const *names, FILE *out);
void mt_fail_topic(maiko_harness *h, const char *name, FILE *out);

/* ---- expect_text.c ----------------------------------------------------------------------------------- */

/* The text of an expectation that fails. */
typedef struct mt_failure {
	maiko_harness *harness;
	FILE *out;
	char *text;
	size_t size;
} mt_failure;

/* 0: the expectation can be looked at; else what it returns. */
int mt_expect_begin(const maiko_here *here, maiko_harness *h);

/* Begins the text; `expected`, as printf(3) makes it, is its second line. Then write to
 * failure.out what happened, after mt_fail_happened. mt_fail_end returns MAIKO_EBROKEN. */
void mt_fail_begin(mt_failure *f, const maiko_here *here, maiko_harness *h, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
void mt_fail_happened(mt_failure *f);
void mt_fail_query(mt_failure *f, const maiko_query *q);
void mt_fail_chain(mt_failure *f, maiko_chain chain);
int mt_fail_end(mt_failure *f);

#endif
