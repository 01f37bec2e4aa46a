/*
 * callback.h - which callback this thread is in, and whether it may wait.
 */
#ifndef MK_CALLBACK_H
#define MK_CALLBACK_H

#include "base/error.h"
#include "runtime/runtime.h"

/* The worker whose callback this thread is in, or NULL; and whether the thread is a
 * worker's, or runs an embedded loop: it must not wait for actors. */
extern _Thread_local mk_worker *mk_inside;
extern MK_PRIVATE _Thread_local unsigned mk_hosting;
static inline bool mk_may_wait(void) { return mk_inside == NULL && mk_hosting == 0; }
MK_PRIVATE bool mk_may_wait_here(void); /* the same, for the other libraries of this project */

/* Whether this thread is inside a callback of that actor: nowhere else may its ctx be used. */
static inline bool mk_is_inside(const mk_actor *a) { return mk_inside == a->worker && a->worker->actor == a; }

/* What a public call checks first: 0, MAIKO_EINVAL (a NULL) or MAIKO_EFORK, with its sentence. */
static inline int mk_check_sup(const mk_sup *sup)
{
	if (sup == NULL)
		return mk_fail_text(MAIKO_EINVAL, "the supervisor is NULL");
	return mk_forked(sup) ? mk_fail_forked() : 0;
}
static inline int mk_check_ctx(const maiko_ctx *ctx)
{
	if (ctx == NULL)
		return mk_fail_text(MAIKO_EINVAL, "the ctx is NULL");
	assert(mk_is_inside(ctx));
	return mk_check_sup(ctx->worker->sup);
}

/* Brackets a callback of an actor; they nest for maiko_enter inside libuv's. */
MK_PRIVATE void mk_callback_enter(mk_worker *w, mk_actor *a);
MK_PRIVATE void mk_callback_leave(mk_worker *w);

#endif
