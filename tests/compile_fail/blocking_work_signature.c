/* expect: MAIKO_BLOCKING: work must be */
/* Work gets its job and nothing else. */
#include <maiko/maiko.h>

typedef struct resolver {
	unsigned found;
} resolver;
typedef struct lookup {
	char host[64];
} lookup;

#ifndef CONTROL
static int lookup_work(void *data)
#else
static int lookup_work(lookup *job)
#endif
{
#ifndef CONTROL
	lookup *job = data;
#endif
	return job->host[0] == 0 ? MAIKO_EINVAL : 0;
}

static int resolver_on_lookup(resolver *self, lookup *job, int status, maiko_ctx *ctx)
{
	(void)job;
	(void)ctx;
	self->found++;
	return status;
}

MAIKO_BLOCKING(resolver, lookup, lookup_work, resolver_on_lookup);
