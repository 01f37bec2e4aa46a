/*
 * retry.h - the event whose handler has failed, if its actor is supervised (registry/group.h).
 *
 * It goes back to the head of the mailbox, where it is queued like any other: a stop, a removal and the ledger know it.
 * After the actor's last attempt it is set aside; so it is in a stop, in which nothing is restarted.
 */
#ifndef MK_RETRY_H
#define MK_RETRY_H

#include "runtime/runtime.h"

/* True: it has gone back, has made way for a newer one of its key, or is set aside.
 * False: its handler counts as run. */
bool mk_retry(mk_worker *w, mk_actor *a, mk_event *e, int error);

#endif
