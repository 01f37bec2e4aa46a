/*
 * shared.h - gives an event to one member of a share group (registry/members.h, member_choice.h).
 *
 *   publish    the sender's worker chooses the member, or another worker
 *   another    a copy of the event goes there as a parcel in the channel, behind what was sent there before; a full
 *              channel mutes the sender, as it does for other events
 *   arrival    a member takes it, by its own filter and policy; if none may have it, it goes on to a worker
 *              that was not asked yet
 *
 * It is one delivery wherever it arrives, and one in a receipt. On its way the event is a copy on the heap, with a
 * part of its receipt of its own, like that of an event that migrates. A parcel is counted as an entry of its
 * channel, so a stop and a settle wait for it, and its topic is not given back meanwhile (mk_topic_passes).
 *
 * A parcel has the marker of its sender. The members that take part under it are those that the sender has seen, and
 * are at the receiver still: one that has left is there until the change is complete. If none may have it under that
 * marker (it has ended, or sends the event itself), those count that take part under the receiver's.
 */
#ifndef MK_SHARED_H
#define MK_SHARED_H

#include "runtime/runtime.h"

/* Gives a stamped event of this worker to a member of each group of its topic. False: no group has one that may have
 * it. */
bool mk_shared_publish(mk_worker *w, mk_event *e);

/* For an event that a member passes on (pass_on.h). */
typedef struct mk_parcel {
	mk_message message;
	mk_event *event;
	uint64_t marker, tried; /* tried: workers where nobody may have it */
	uint32_t group, topic;
	bool counts;      /* it must have an outcome: it was passed on, or somebody could not have it */
	bool turned_away; /* by some filter */
} mk_parcel;

/* A copy of an event for another worker; NULL without memory. */
mk_parcel *mk_parcel_new(const mk_worker *w, const mk_topic *group, const mk_event *e);
void mk_parcel_send(mk_worker *w, const mk_topic *group, uint32_t to, mk_parcel *p);

/* Delivers an event to a member here. */
void mk_shared_give(mk_worker *w, const mk_sub *s, mk_event *e);

#endif
