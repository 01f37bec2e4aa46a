/* expect: has no member named .?hots|.?hots.? does not refer to any field */
/* A field that the job does not have. */
#include <maiko/maiko.h>

typedef struct resolver {
	unsigned found;
} resolver;
typedef struct lookup {
	char host[64];
} lookup;

static int lookup_work(lookup *job) { return job->host[0] == 0 ? MAIKO_EINVAL : 0; }

static int resolver_on_lookup(resolver *self, lookup *job, int status, maiko_ctx *ctx)
{
	(void)job;
	(void)ctx;
	self->found++;
	return status;
}

MAIKO_BLOCKING(resolver, lookup, lookup_work, resolver_on_lookup);

int start(maiko_ctx *ctx)
{
#ifndef CONTROL
	return maiko_blocking(ctx, lookup_work, resolver_on_lookup, .hots = "localhost");
#else
	return maiko_blocking(ctx, lookup_work, resolver_on_lookup, .host = "localhost");
#endif
}
