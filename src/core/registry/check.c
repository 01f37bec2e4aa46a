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

int mk_topic_check(const char *what, const maiko_topic *desc)
{
	int rc = mk_check_format(what, desc->format & ~MAIKO_FORMAT_LIKE);
	if (rc == 0)
		rc = MK_RESERVED(what, desc);
	if (rc == 0 && desc->ttl_ms > MAIKO_NEXT_MS_MAX)
		rc = mk_fail(MAIKO_EINVAL, "%s: .ttl_ms is %llu; at most MAIKO_NEXT_MS_MAX", what,
			     (unsigned long long)desc->ttl_ms);
	if (rc == 0 && desc->expect_every_ms > MAIKO_NEXT_MS_MAX)
		rc = mk_fail(MAIKO_EINVAL, "%s: .expect_every_ms is %llu; at most MAIKO_NEXT_MS_MAX, %llu", what,
			     (unsigned long long)desc->expect_every_ms, (unsigned long long)MAIKO_NEXT_MS_MAX);
	if (rc == 0 && desc->retain > MAIKO_RETAIN_MAX)
		rc = mk_fail(MAIKO_EINVAL, "%s: .retain is %u; at most MAIKO_RETAIN_MAX, %u", what, desc->retain,
			     MAIKO_RETAIN_MAX);
	if (rc == 0 && desc->retain == 0 && desc->retain_kib != 0)
		rc = mk_fail(MAIKO_EINVAL, "%s: .retain_kib is %u without .retain, whose events it bounds", what,
			     desc->retain_kib);
	return rc;
}

static uint32_t retained_kib(const maiko_topic *desc)
{
	return desc->retain != 0 && desc->retain_kib == 0 ? MAIKO_RETAIN_KIB : desc->retain_kib;
}

static bool disagree(const char *name, const char *field, uint64_t elsewhere, uint64_t here)
{
	if (here == elsewhere)
		return false;
	(void)mk_fail(MAIKO_EINVAL, "topic '%s' has %s %llu elsewhere and %llu here; they must be equal", name, field,
		      (unsigned long long)elsewhere, (unsigned long long)here);
	return true;
}

bool mk_numbers_disagree(const maiko_topic *elsewhere, const maiko_topic *here)
{
	const char *name = elsewhere->name;
	return disagree(name, ".ttl_ms", elsewhere->ttl_ms, here->ttl_ms) ||
	       disagree(name, ".expect_every_ms", elsewhere->expect_every_ms, here->expect_every_ms) ||
	       disagree(name, ".retain", elsewhere->retain, here->retain) ||
	       disagree(name, ".retain_kib", retained_kib(elsewhere), retained_kib(here));
}
