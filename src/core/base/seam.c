/*
 * seam.c - see seam.h.
 */
#include "base/seam.h"

#include <maiko/next.h>
#include <uv.h>

int mk_seam_init(mk_seam *seam)
{
	*seam = (mk_seam){0};
	int rc = uv_random(NULL, NULL, &seam->seed, sizeof seam->seed, 0, NULL);
	if (rc == 0)
		seam->wall_offset_ns = mk_wall(seam) - uv_hrtime();
	return rc;
}

uint64_t mk_now(const mk_seam *seam) { return seam->now_ns == NULL ? uv_hrtime() : seam->now_ns(seam->arg); }

uint64_t mk_wall(const mk_seam *seam)
{
	uv_timeval64_t wall = {0};
	if (seam->wall_ns != NULL)
		return seam->wall_ns(seam->arg);
	if (seam->now_ns != NULL)
		return mk_now(seam) + seam->wall_offset_ns;
	(void)uv_gettimeofday(&wall); /* it fails for a NULL only */
	return (uint64_t)wall.tv_sec * 1000000000u + (uint64_t)wall.tv_usec * 1000u;
}

uint64_t mk_deadline(const mk_seam *seam, uint64_t timeout_ms)
{
	return timeout_ms < MAIKO_NEXT_MS_MAX ? mk_now(seam) + timeout_ms * 1000000 : UINT64_MAX;
}

/* splitmix64 (Steele, Lea and Flood, 2014), which the authors of xoshiro recommend for seeding. */
static uint64_t splitmix(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

void mk_random_seed(mk_random *random, uint64_t seed)
{
	for (int i = 0; i < 4; i++)
		random->s[i] = splitmix(&seed);
}

static uint64_t rotated(uint64_t x, int k) { return (x << k) | (x >> (64 - k)); }

uint64_t mk_random_next(const mk_seam *seam, mk_random *random)
{
	if (seam->random != NULL)
		return seam->random(seam->arg);
	uint64_t *s = random->s;
	uint64_t result = rotated(s[1] * 5, 7) * 9, t = s[1] << 17;
	s[2] ^= s[0];
	s[3] ^= s[1];
	s[1] ^= s[2];
	s[0] ^= s[3];
	s[2] ^= t;
	s[3] = rotated(s[3], 45);
	return result;
}
