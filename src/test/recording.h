/*
 * recording.h - the file of a recorder: a head, then segments of one worker each.
 *
 *   +------+-----------+-----------+-----------+----
 *   | head | segment 1 | segment 2 | segment 1 | ...      each at a multiple of SEGMENT
 *   +------+-----------+-----------+-----------+----
 *
 * A segment starts with an mt_segment; records follow, each with its size first, written
 * last: a size of 0 ends the segment, so a file is whole at every moment. Tickets, drawn
 * from one counter, give all records one order, in which every cause is before its effect.
 * Numbers are in the machine's own byte order.
 */
#ifndef MT_RECORDING_H
#define MT_RECORDING_H

#include <maiko/recorder.h>

#define MT_RECORDING_MAGIC UINT64_C(0x31304b4d52454301) /* its last byte is the version */
enum { MT_SEGMENT = 1 << 20, MT_RECORD_MAX = MT_SEGMENT / 2 };

typedef struct mt_head {
	uint64_t magic;
	uint64_t seed;
	uint64_t wall_offset_ns;
	maiko_options options; /* of the supervisor, without pointers */
} mt_head;

typedef struct mt_segment {
	uint64_t magic;
	uint32_t worker; /* index */
	uint32_t used_;
} mt_segment;

/* What a record is besides a maiko_sight_kind. */
enum {
	MT_NAMES_ACTOR = 64, /* actor, and its name as content */
	MT_NAMES_TYPE,       /* type, its digest as hash, and its name as content */
	MT_ENDS              /* maiko_recorder_free was called */
};

typedef struct mt_record {
	uint32_t size; /* of it all, a multiple of 8 */
	uint8_t kind;
	bool was_queued;
	bool has_content;
	uint8_t spare_;
	uint64_t ticket;
	uint64_t now_ns;
	uint64_t actor;
	int64_t code;
	/* of the event, if there is one: id.origin is not 0 */
	maiko_id id, parent;
	uint64_t sender;
	uint64_t hash; /* of the content */
	uint32_t type; /* a number of its own, from 1; 0: no event */
	uint32_t content_size;
	unsigned char content[];
} mt_record;

/* content.c: an event's struct, field by field, without padding; buffers by their bytes. */
uint64_t mt_content_hash(const maiko_layout *layout, const void *data);
/* The bytes that mt_content_write writes. */
size_t mt_content_size(const maiko_layout *layout, const void *data);
void mt_content_write(const maiko_layout *layout, const void *data, unsigned char *to);
/* Into a zeroed struct; buffers in it are new, one reference each. 0, MAIKO_EINVAL (it does
 * not fit the layout) or MAIKO_ENOMEM. mt_content_drop gives the references back. */
int mt_content_read(const maiko_layout *layout, const unsigned char *from, size_t size, void *data);
void mt_content_drop(const maiko_layout *layout, void *data);

#endif
