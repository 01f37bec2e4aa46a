/*
 * allowance.h - the sends that a muted actor may still make, and the refusal of those of an actor that was entered from
 * libuv during a drain.
 */
#ifndef MK_ALLOWANCE_H
#define MK_ALLOWANCE_H

#include "runtime/runtime.h"

/* With one of these bits of `sched` a send is checked further. */
enum { MK_SEND_CHECKED = MK_MUTED | MK_SHUT };

/* Checks it, and takes one of a muted actor's allowance. 0, MAIKO_EAGAIN (it is used up), MAIKO_ESHUTDOWN. */
MK_NOINLINE int mk_spend_allowance(maiko_ctx *ctx);

/* MAIKO_ESHUTDOWN: the actor was entered from libuv during a drain (MK_SHUT). */
int mk_refuse_shut(void);

#endif
