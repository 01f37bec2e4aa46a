/*
 * group_failure.h - whose failure one is: of an actor, of groups, or of the supervisor; in words, and as an event.
 */
#ifndef MK_GROUP_FAILURE_H
#define MK_GROUP_FAILURE_H

#include "registry/group.h"

/* Counts a failure where it occurred, and in each group that fails because of it. Returns the group that is to repair
 * it, and its member in *ret_member; NULL: the root has failed. With the lock. */
mk_group *mk_group_blame(mk_sup *sup, mk_care *c, mk_member **ret_member);

/* The supervisor is to stop, because the actor has not stopped in the time of a run of `g`. With the lock. */
void mk_group_is_overdue(mk_sup *sup, const mk_group *g, mk_care *c);

/* Tells of the groups that have failed because of an actor of this worker, as news (routing/news.h). With the lock, on
 * that worker. */
void mk_groups_tell(mk_worker *w);

#endif
