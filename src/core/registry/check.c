/*
 * check.c - see check.h.
 */
#include "registry/check.h"

#include "base/error.h"
#include "event/layout.h"

MK_NOINLINE int mk_check_event(mk_record *r, const mk_type *type, const void *value)
{
	/* First what the check may rely on: the elements that count are in their array. */
	int rc = type->counted ? mk_layout_check_counts(type->desc->layout, value) : 0;
	if (rc != 0)
		return rc;
	const char *why = r->desc.check(&(maiko_any){type->desc, value});
	if (why == NULL)
		return 0;
	/* By any thread; a report reads it. Nothing depends on its order. */
	atomic_fetch_add_explicit(&r->refused, 1, memory_order_relaxed);
	const char *event = type->desc->layout->name;
	return mk_fail(MAIKO_EINVAL, "topic '%s' refuses the event '%s': %s", r->desc.name, event, why);
}

bool mk_times_disagree(const maiko_topic *elsewhere, const maiko_topic *here)
{
	const char *name = elsewhere->name;
	if (here->ttl_ms != elsewhere->ttl_ms)
		(void)mk_fail(MAIKO_EINVAL, "topic '%s' has .ttl_ms %llu elsewhere and %llu here; they must be equal",
			      name, (unsigned long long)elsewhere->ttl_ms, (unsigned long long)here->ttl_ms);
	else if (here->expect_every_ms != elsewhere->expect_every_ms)
		(void)mk_fail(MAIKO_EINVAL,
			      "topic '%s' has .expect_every_ms %llu elsewhere and %llu here; they must be equal", name,
			      (unsigned long long)elsewhere->expect_every_ms,
			      (unsigned long long)here->expect_every_ms);
	else
		return false;
	return true;
}
