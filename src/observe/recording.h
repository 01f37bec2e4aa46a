/*
 * recording.h - the file of a recorder: a head, then segments of one tape each.
 *
 *   +------+-----------+-----------+-----------+----
 *   | head | segment 1 | segment 2 | segment 1 | ...      each at a multiple of SEGMENT
 *   +------+-----------+-----------+-----------+----
 *
 * There is a tape for each worker, and one for what happens under the supervisor's lock. A segment
 * starts with an mo_segment; records follow, each with its size first, written last: a size of 0 ends
 * the segment, so a file is whole at every moment. Tickets, drawn from one counter, give all records
 * one order, in which every cause is before its effect. A ticket that was drawn and is not there ends
 * the recording. Numbers are in the machine's own byte order.
 *
 * On a worker's tape pieces (note.h) alternate with what was seen while they were done.
 */
#ifndef MO_RECORDING_H
#define MO_RECORDING_H

#include "runtime/scribe.h"

#include <maiko/observe/recorder.h>

#define MO_RECORDING_MAGIC UINT64_C(0x31304b4d52454309) /* its last byte is the version */
enum { MO_SEGMENT = 1 << 20, MO_RECORD_MAX = MO_SEGMENT / 2, MO_SUP_TAPE = MAIKO_WORKERS_MAX, MO_TAPES };

typedef struct mo_head {
	uint64_t magic;
	uint64_t seed;
	uint64_t wall_offset_ns;
	uint64_t undescribed; /* the option: 0 or 1 */
	/* options of the supervisor */
	uint64_t mailbox_bytes;
	uint32_t workers, mailbox, max_events_per_tick, external_credit, channel, blocking_threads;
	uint32_t together; /* so many of the first actors began on one worker, the others in turn */
} mo_head;

typedef struct mo_segment {
	uint64_t magic;
	uint32_t tape; /* a worker's index, or MO_SUP_TAPE */
	uint32_t used_;
} mo_segment;

/* What a record is: a maiko_observation_kind, one of these, or MO_NOTES + an mk_note_kind. */
enum {
	MO_NAMES_ACTOR = 64, /* number: its id; content: its name */
	MO_NAMES_TYPE,       /* number: that of the type; value: its digest; content: its name */
	MO_ENDS,             /* maiko_recorder_free was called */
	MO_NOTES = 128
};

enum {
	MO_HAS_EVENT = 1,
	MO_HAS_CONTENT = 2,
	MO_WAS_QUEUED = 4,
	MO_TRACKED = 8,
	MO_INJECTED = 16,
	MO_PRIVATE = 32,
	MO_NAMES_TOPIC = 64 /* of content: its type does not say the topic */
};

/* Of an observation: number is the actor, value the code. Of a note: its own. */
typedef struct mo_record {
	uint32_t size; /* of it all, a multiple of 8 */
	uint8_t kind;
	uint8_t flags;
	uint8_t padding; /* bytes at its end that are not content */
	uint8_t spare_;
	uint64_t ticket;
	uint64_t now_ns;
	uint64_t number;
	int64_t value;
	unsigned char rest[]; /* MO_HAS_EVENT: an mo_event, and of a dispatch an mo_dispatch, if that is
				* MO_INJECTED an mo_origin, if MO_NAMES_TOPIC an mo_topic; then content */
} mo_record;

typedef struct mo_event {
	maiko_id id;
	uint64_t sender;
	uint32_t type; /* a number of its own, from 1 */
	uint32_t spare_;
} mo_event;

typedef struct mo_dispatch {
	maiko_id parent, correlation;
	uint64_t hash; /* of the content */
	uint64_t timestamp_ns;
	uint64_t ttl_ms; /* of its send; 0: none */
} mo_dispatch;

typedef struct mo_origin {
	uint64_t timestamp_ns;
	char sender[MAIKO_NAME_MAX + 1];
} mo_origin;

typedef struct mo_topic {
	char name[MAIKO_NAME_MAX + 1];
} mo_topic;

/* ---- content.c: structs as bytes --------------------------------------------------------- */

/* An event's struct, field by field, without padding; buffers by their bytes. `undescribed`: with the
 * bytes that no field describes. */
MK_PRIVATE uint64_t mo_content_hash(const maiko_layout *layout, const void *data, bool undescribed);
/* The bytes that mo_content_write writes. */
size_t mo_content_size(const maiko_layout *layout, const void *data, bool undescribed);
void mo_content_write(const maiko_layout *layout, const void *data, bool undescribed, unsigned char *to);
/* Into a zeroed struct; buffers in it are new, one reference each. 0, MAIKO_EINVAL (it does
 * not fit the layout) or MAIKO_ENOMEM. mo_content_drop gives the references back. */
MK_PRIVATE int mo_content_read(const maiko_layout *layout, const unsigned char *from, size_t size, bool undescribed,
			       void *data);
MK_PRIVATE void mo_content_drop(const maiko_layout *layout, void *data);

/* 0, or MAIKO_ETYPE, in words: some bytes of it, more than alignment explains, no field describes. */
MK_PRIVATE int mo_content_accept(const maiko_event_type *type, bool undescribed);

/* ---- calls.c: what a call was given ------------------------------------------------------- */

/* The bytes of it, to `to` unless that is NULL; returns how many. Of AFTER, ASK and REPLY without the event and the
 * number of its type. */
size_t mo_call_write(mk_note_kind kind, const mk_call *call, unsigned char *to);

typedef struct mo_call_topic {
	const char *name;
	maiko_overflow policy; /* the topic's own */
	maiko_overflow overflow;
	uint64_t ttl_ms;
	uint32_t retain, retain_kib;
	const char *share; /* NULL: none */
	bool has_function; /* a key or a check */
	bool filtered;
	const char *event;  /* of a filter */
	maiko_filter where; /* the name of its function ("": it has tests), and its tests */
	maiko_topic like;   /* of a pattern: its description, for a replay */
} mo_call_topic;

/* As it was read; texts lie in the record. */
typedef struct mo_call {
	/* MK_NOTE_ADD, and `name` and `backoff` of MK_NOTE_GROUP_MADE */
	const char *name, *type;
	maiko_add_options options; /* without pointers */
	bool backs_off;            /* .backoff was said: */
	maiko_backoff backoff;
	bool told;
	const unsigned char *init; /* NULL: none */
	uint32_t init_size;
	/* MK_NOTE_CHANGE */
	maiko_change change;
	/* of both */
	bool all_topics, no_topics_said;
	mo_call_topic *topics;
	uint32_t topic_count;
	/* MK_NOTE_GROUP_MADE */
	maiko_group_options group; /* without pointers */
	/* MK_NOTE_AFTER */
	mk_delay delay;
	/* MK_NOTE_ASK */
	uint64_t timeout_ms;
	bool all;
	/* MK_NOTE_SILENT: the topic's `name`, and */
	uint64_t every_ms;
	/* What follows it: of AFTER, ASK and REPLY the number of the event's type, and its content. */
	const unsigned char *content;
	size_t content_size;
} mo_call;

/* False: it is damaged, or there is no memory. Else mo_call_drop frees what it has. */
MK_PRIVATE bool mo_call_read(mk_note_kind kind, const unsigned char *from, size_t size, mo_call *ret_call);
MK_PRIVATE void mo_call_drop(mo_call *call);

/* Whether a name is among those listed, ended by NULL; one that ends with '*' stands for all that
 * begin so. */
MK_PRIVATE bool mo_is_listed(const char *const *names, const char *name);

#endif
