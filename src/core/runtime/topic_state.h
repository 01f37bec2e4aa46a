/*
 * topic_state.h - the structs of a topic, as the supervisor and as a worker has it (runtime.h).
 */
#ifndef MK_TOPIC_STATE_H
#define MK_TOPIC_STATE_H

#include "ds/name_trie.h"
#include "runtime/actor_state.h"

/* ---- topics -------------------------------------------------------------------- */

/* The supervisor's count of a worker's subscribers of a topic. */
typedef struct mk_interest {
	uint32_t worker;
	uint32_t subscribers, droppers; /* droppers: those with a drop policy */
} mk_interest;

/* Whether anyone listens (notice.c). */
typedef struct mk_listening {
	uint32_t listeners, coming;
	bool wanted, turned;
} mk_listening;

/* The supervisor's record of a topic, or of what is attached to topics: a pattern (pattern.h). */
typedef struct mk_record {
	maiko_topic desc; /* a copy, with its own name */
	uint64_t slot;
	uint32_t index;
	mk_interest *interests; /* under the lock, as is the rest */
	uint32_t interest_count, interest_size;
	/* notice.c */
	struct mk_notice *notices;      /* of the actors that watch it */
	struct mk_record *next_touched; /* in the list of the current batch, if it is `touched` */
	struct mk_notice *watchers;     /* of a pattern: the actors that watch by it */
	bool touched;
	mk_listening all, own;        /* all: with the subscribers by patterns, where a watcher needs to know */
	struct mk_expected *expected; /* expected.h; NULL: nothing is */
	/* pattern.c */
	bool attaches;                  /* its subscribers receive the events of the topics that its name meets */
	bool changed;                   /* it is in the list of those: */
	struct mk_record *next_changed; /* mk_patterns.changed */
	uint32_t subscribers;           /* of one that attaches: the sum of its interests */
	mk_trie_entry entry;            /* among the topics, or among what is attached */
	mk_trie_entry watched;          /* among the watched topics */
	struct mk_keeper *keeper;       /* keeper.h, as long as the topic; NULL: it retains nothing */
	/* members.h */
	struct mk_members *members; /* of a share group; NULL: it is none */
	/* idle_topics.c */
	bool pinned, examined;
	uint32_t uses; /* by those who named it */
	uint64_t idle_ns;
	struct mk_record *next_idle, **at_idle; /* of the idle ones; at_idle: what points to it, or NULL */
	_Atomic(uint64_t) open;                 /* events that are alive, over the workers that have settled */
	_Atomic(uint64_t) passing;              /* events on their way between members of its share groups */
	/* check.c: sends that it has refused; incremented by any thread */
	mk_counter refused;
} mk_record;

/* pattern.h, under the lock. */
typedef struct mk_patterns {
	mk_trie topics; /* by name; complete as long as there is a pattern, else empty */
	mk_trie patterns;
	mk_trie watched;    /* the topics of MAIKO_ON_INTEREST */
	uint32_t count;     /* of the patterns */
	mk_record *changed; /* those that have got their first subscriber, or lost the last, in the step under way */
} mk_patterns;

enum { MK_ACTIVE = 0, MK_JOINING, MK_LEAVING };

typedef struct mk_sub {
	mk_actor *actor;
	uint8_t overflow; /* resolved; of a pattern, and of all topics, DEFAULT: that of the event's topic */
	uint8_t state;    /* MK_ACTIVE; MK_JOINING, MK_LEAVING: from, or until, the change under way */
	/* Its policy does not matter while there is room, it has no filter, and the topic no .ttl_ms. Of a pattern: as
	 * far as it is known without the topic (attached.h). */
	bool simple;
	bool filtered; /* it has one: mk_filter_of */
	uint32_t next_leaving;
} mk_sub;
_Static_assert(sizeof(mk_sub) == sizeof(mk_actor *) + 8, "a hundred thousand subscribers are small");

/* mk_topic.attaches: views are attached to it; the list of these must be made before the next publish. */
enum { MK_ATTACHED = 1, MK_STALE = 2 };

/* A worker's view of a topic, or of a pattern. */
typedef struct mk_topic {
	/* accessed by a publish: one cache line */
	_Alignas(MK_LINE) mk_sub *subs; /* `single`, or an array */
	uint64_t remote;                /* other workers with a subscriber */
	uint32_t sub_count;
	union {
		struct {
			bool changing; /* some subscriber is not MK_ACTIVE */
			bool keeps;    /* its keeper is on this worker (keeper.h) */
			union {
				struct {
					bool checked;     /* it has a .check (check.h) */
					uint8_t attaches; /* MK_ATTACHED, MK_STALE (attached.h) */
				};
				uint16_t prepares; /* any of them: a send has more to prepare than channels */
			};
		};
		uint32_t special; /* any of them */
	};
	mk_sub single;
	mk_counter published, deliveries;
	mk_counts counts; /* the first, handled, is in this line; the others follow */
	/* rarely accessed */
	uint32_t index, sub_size;
	uint32_t reserved;          /* of sub_size, for actors that migrate to this worker */
	uint32_t kept;              /* events that actors keep, each time that they do */
	uint32_t leaving;           /* list of the MK_LEAVING: position of the last, plus 1; each has the next */
	uint32_t joined;            /* subscribers from this position on may be MK_JOINING */
	mk_map places;              /* index of many subscribers, built by the first search (topic.c) */
	struct mk_topic **attached; /* the views of what is attached to it, in the order of mk_trie_walk */
	uint32_t attached_count, attached_size;
	bool marked;   /* mk_topics_mark */
	bool several;  /* of MAIKO_ALL_TOPICS or a pattern: its subscribers receive the events of several topics */
	uint32_t turn; /* of a share group: which member, or worker, comes next (shared.h) */
	mk_record *record;
	uint64_t ttl_ns;       /* of its events; 0: they do not expire */
	uint64_t remote_drops; /* workers of `remote` where every subscriber has a drop policy */
	mk_counter unrouted, channel_dropped, delayed, delayed_discarded;
	mk_counter bytes; /* queued outside the events themselves (weight.h) */
} mk_topic;
_Static_assert(offsetof(mk_topic, counts) + sizeof(mk_counter) <= MK_LINE, "a publish touches one line");

/* Where the events of a type go. */
typedef struct mk_route {
	const mk_type *type;
	mk_topic *topic; /* NULL: routed by content */
	/* Cached single subscriber; valid while `route_version` matches the worker's (router.h). Only mailbox
	 * room remains to be checked. */
	mk_actor *only;
	uint64_t route_version;
} mk_route;

/* Where events go that are routed by content (target.h). */
typedef struct mk_target {
	_Alignas(32) const maiko_topic *desc; /* NULL: free */
	mk_topic *topic;
	mk_actor *only; /* as in mk_route */
	uint64_t route_version;
} mk_target;
_Static_assert((sizeof(mk_target) & (sizeof(mk_target) - 1)) == 0, "a masked guess is the start of an entry");

#endif
