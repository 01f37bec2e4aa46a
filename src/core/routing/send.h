/*
 * send.h - sending, for those that refuse it.
 */
#ifndef MK_SEND_H
#define MK_SEND_H

/* MAIKO_ESHUTDOWN: the actor was entered from libuv during a drain (MK_SHUT). */
int mk_refuse_shut(void);

#endif
