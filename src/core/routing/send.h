/*
 * send.h - the error of a send that is refused, for other modules that refuse it too.
 */
#ifndef MK_SEND_H
#define MK_SEND_H

/* MAIKO_ESHUTDOWN: the actor was entered from libuv during a drain (MK_SHUT). */
int mk_refuse_shut(void);

#endif
