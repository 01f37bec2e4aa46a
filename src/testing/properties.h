/*
 * properties.h - what the properties of a simulation (properties.c) know of actors, flows and origins.
 */
#ifndef MT_PROPERTIES_STATE_H
#define MT_PROPERTIES_STATE_H

#include "order.h"
#include "sim.h"

/* An event in a mailbox; with the keep-latest policy also its topic and key. */
typedef struct property_event {
	maiko_id id;
	const maiko_topic *topic;
	const maiko_topic *kept; /* NULL: later events do not replace it */
	const maiko_event_type *type;
	uint64_t key;
	bool shared; /* its actor has it as a member of a share group: in no order */
} property_event;

typedef struct property_actor {
	maiko_actor_id id;      /* 0: the slot has had no actor yet */
	property_event *queued; /* a ring, a power of two */
	uint32_t head, count, size;
	bool started, ended, in_tick, muted;
	bool down; /* it waits for its restart */
	uint32_t restarts;
	property_event in_hand; /* the event that it has handled last, */
	uint64_t before;        /* and the one of the same flow before that (property_flow.handled) */
	maiko_id own;           /* the event that it has sent to itself and handles now, or none */
	uint32_t runs_muted;    /* events that it may still handle while muted: the current one */
	bool on_hold;
	uint32_t runs_held; /* the same, being on hold */
	uint64_t walked;    /* by which walk along mutes it was found last */
} property_actor;

/* The last events delivered and handled from one sender to one actor. */
typedef struct property_flow {
	maiko_actor_id actor;        /* 0: free */
	uint64_t sender;             /* the id, or for an external thread the origin of its ids */
	uint64_t delivered, handled; /* mt_order_of the last one */
} property_flow;

/* A worker or an external thread, which numbers events; and the topology number under which its
 * events are sent, from which event on. */
enum { ORIGINS_MAX = 256, EPOCHS = 8 };
typedef struct property_origin {
	uint64_t origin, last;
	uint32_t worker; /* where its events are dispatched */
	uint32_t epoch_count;
	struct {
		uint64_t from, marker;
	} epochs[EPOCHS]; /* a ring of the last ones */
} property_origin;

struct mt_properties {
	maiko_sim *sim;
	mt_order *order;
	property_origin origins[ORIGINS_MAX];
	uint32_t origin_count;
	property_actor *actors; /* by slot */
	uint32_t actor_size;
	property_flow *flows; /* open addressing, a power of two */
	uint32_t flow_size, flow_count;
	uint64_t walk;
};

/* What is known of an actor; grows the array. */
property_actor *mt_properties_actor(mt_properties *properties, maiko_actor_id id);

#endif
