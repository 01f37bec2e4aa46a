/*
 * harness_scene.h - a supervisor, real or simulated, with a harness on it: what the tests
 * of the harness share. Each is run under both, with each number of workers.
 */
#ifndef HARNESS_SCENE_H
#define HARNESS_SCENE_H

#include <maiko/testing/harness.h>
#include <maiko/testing/sim.h>

#include "support.h"

typedef struct scene {
	uint32_t workers;
	uint64_t seed; /* 0: a real supervisor */
	maiko_sim *sim;
	maiko_supervisor *sup;
	maiko_harness *h;
} scene;

static inline void scene_open_with(scene *s, maiko_options options, maiko_harness_options harness)
{
	options.workers = s->workers;
	s->sim = NULL;
	if (s->seed == 0) {
		assert_int_equal(maiko_supervisor_new(&s->sup, &options), 0);
	} else {
		maiko_sim_options o = {.seed = s->seed, .supervisor = options};
		assert_int_equal(maiko_sim_new(&s->sim, &o), 0);
		s->sup = maiko_sim_supervisor(s->sim);
	}
	assert_int_equal(maiko_harness_open(&s->h, s->sup, &harness), 0);
}

static inline void scene_open(scene *s)
{
	scene_open_with(s, (maiko_options){.workers = 0}, (maiko_harness_options){.records_max = 0});
}

static inline void scene_settle(scene *s)
{
	int rc = maiko_harness_settle(s->h);
	if (rc != 0)
		print_error("settle: %s %s\n", maiko_err_name(rc),
			    s->sim == NULL || maiko_sim_failure(s->sim) == NULL ? "" : maiko_sim_failure(s->sim));
	assert_int_equal(rc, 0);
}

/* Stops, checks that nothing is missing, and frees. */
static inline void scene_close(scene *s)
{
	test_stop(s->sup);
	assert_null(maiko_harness_free(s->h));
	if (s->sim != NULL) {
		if (maiko_sim_failure(s->sim) != NULL)
			print_error("%s\n", maiko_sim_failure(s->sim));
		assert_null(maiko_sim_failure(s->sim));
		maiko_sim_free(s->sim);
	} else {
		assert_null(maiko_supervisor_free(s->sup));
	}
}

/* A test that runs in each kind of scene: ON_EVERY_SCENE(name) { scene_open(s); ... } */
#define ON_EVERY_SCENE(name)                                                                                           \
	static void name##_in(scene *s);                                                                               \
	static void name(void **state)                                                                                 \
	{                                                                                                              \
		(void)state;                                                                                           \
		for (const uint32_t *count = test_workers(); *count != 0; count++)                                     \
			for (uint64_t seed = 0; seed <= 4; seed++) {                                                   \
				scene s = {.workers = *count, .seed = seed};                                           \
				name##_in(&s);                                                                         \
			}                                                                                              \
	}                                                                                                              \
	static void name##_in(scene *s)

#endif
