/* expect: MAIKO_BLOCKING: done must be */
/* Done works on the state of the actor type named. */
#include <maiko/maiko.h>

typedef struct resolver {
	unsigned found;
} resolver;
typedef struct lookup {
	char host[64];
} lookup;
struct other {
	unsigned found;
};

static int lookup_work(lookup *job) { return job->host[0] == 0 ? MAIKO_EINVAL : 0; }

#ifndef CONTROL
static int resolver_on_lookup(struct other *self, lookup *job, int status, maiko_ctx *ctx)
#else
static int resolver_on_lookup(resolver *self, lookup *job, int status, maiko_ctx *ctx)
#endif
{
	(void)job;
	(void)ctx;
	self->found++;
	return status;
}

MAIKO_BLOCKING(resolver, lookup, lookup_work, resolver_on_lookup);
