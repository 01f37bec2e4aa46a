/*
 * callback.h - which callback the calling thread is in, and whether it may block.
 */
#ifndef MK_CALLBACK_H
#define MK_CALLBACK_H

#include "base/error.h"
#include "runtime/runtime.h"

/* mk_inside: the worker whose callback this thread is in, or NULL. mk_hosting: not 0 if this is a
 * worker's thread or runs an embedded loop. Such threads must not wait for actors. */
extern _Thread_local mk_worker *mk_inside;
extern MK_PRIVATE _Thread_local unsigned mk_hosting;
static inline bool mk_may_wait(void) { return mk_inside == NULL && mk_hosting == 0; }
MK_PRIVATE bool mk_may_wait_here(void); /* the same, for the other libraries of this project */

/* Whether this thread is inside a callback of that actor. Its ctx may be used only there. */
static inline bool mk_is_inside(const mk_actor *a) { return mk_inside == a->worker && a->worker->actor == a; }

/* The first check of a public call: 0, MAIKO_EINVAL (a NULL) or MAIKO_EFORK, with its text. */
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

/* Brackets a callback of an actor; they nest for maiko_enter inside libuv's. The same inline, for the path of an
 * event. */
MK_PRIVATE void mk_callback_enter(mk_worker *w, mk_actor *a);
MK_PRIVATE void mk_callback_leave(mk_worker *w);
static MK_INLINE void mk_callback_enter_inline(mk_worker *w, mk_actor *a)
{
	assert(w->actor == NULL);
	mk_count_add(&w->activity, 1);
	w->actor = a;
	mk_inside = w;
	mk_error_forget();
	atomic_store_explicit(&w->running, a->self, memory_order_relaxed);
}
static MK_INLINE void mk_callback_leave_inline(mk_worker *w)
{
	w->actor = NULL;
	mk_inside = NULL;
	atomic_store_explicit(&w->running, NULL, memory_order_relaxed);
}

#endif
