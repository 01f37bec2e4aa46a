/*
 * C2: an event goes to every subscriber of its topic and to nobody else, on whatever workers
 * they are; what it carries arrives whole, and is freed exactly once.
 */
#include "support.h"

#include <string.h>

typedef struct reading {
	uint32_t device;
	double value;
} reading;
static const maiko_topic *_Atomic devices[3];
static const maiko_topic *reading_topic(const reading *ev)
{
	return ev->device < 3 ? atomic_load(&devices[ev->device]) : NULL;
}
MAIKO_EVENT_ROUTED(reading, reading_topic, device, value);

typedef struct letter {
	char text[40];
} letter;
MAIKO_TOPIC(post);
MAIKO_EVENT(letter, post, text);

typedef struct plain {
	uint32_t n;
} plain;
MAIKO_EVENT(plain, maiko_default_topic, n);

MAIKO_TOPIC(alarms);
MAIKO_SIGNAL(fire, alarms);

PER_TEST _Atomic(uint64_t) freed;

TEST_LISTENER(person, reading, letter, plain, fire);
TEST_LISTENER(postman, letter);

/* Handles letters, and whatever else comes in one function. */
typedef struct clerk {
	int unused;
} clerk;
static int clerk_on_letter(clerk *self, const letter *ev, maiko_ctx *ctx)
{
	test_hear(ctx, MAIKO_EVENT_REF(letter), ev);
	return 0;
}
static int clerk_on_any(clerk *self, const maiko_any *any, maiko_ctx *ctx)
{
	const plain *p = maiko_as(any, plain);
	const reading *r = maiko_as(any, reading);
	expect(maiko_as(any, letter) == NULL && (p == NULL) != (r == NULL));
	test_hear(ctx, any->type, any->data);
	return 0;
}
MAIKO_ACTOR(clerk, MAIKO_ON(letter, clerk_on_letter), MAIKO_ON_ANY(clerk_on_any));

static maiko_supervisor *with_devices(uint32_t workers)
{
	static const char *const names[] = {"device.0", "device.1", "device.2"};
	maiko_supervisor *sup = test_supervisor(workers);
	for (uint32_t i = 0; i < 3; i++) {
		const maiko_topic *topic;
		ok(maiko_topic_named(sup, names[i], &topic));
		atomic_store(&devices[i], topic);
	}
	return sup;
}

/* More than there are workers, with the same topics. */
static const char *const people[] = {"ann", "ben", "cat", "dan", "eve", "fay", "gus", "hal", "ida"};
enum { PEOPLE = sizeof people / sizeof people[0] };

static void add_people(maiko_supervisor *sup, const maiko_subscription *topics)
{
	for (uint32_t i = 0; i < PEOPLE; i++)
		ok(maiko_add(sup, person, people[i], .topics = topics));
}

static void send_one_of_each(maiko_supervisor *sup)
{
	for (uint32_t i = 0; i < 3; i++)
		ok(maiko_send(sup, reading, .device = i, .value = i / 2.0));
	ok(maiko_send(sup, letter, .text = "dear all"));
	ok(maiko_send(sup, plain, .n = 5));
	ok(maiko_send(sup, fire));
}

/* ---- topics ---------------------------------------------------------------------------------- */

TEST_SIM(an_event_goes_to_all_subscribers_of_its_topic)
{
	maiko_supervisor *sup = with_devices(workers);
	add_people(sup, MAIKO_TOPICS(post, alarms));
	ok(maiko_start(sup));
	send_one_of_each(sup);
	const maiko_ledger *ledger = test_stop(sup);
	for (uint32_t i = 0; i < PEOPLE; i++)
		expect_heard(people[i], "letter dear all, fire");
	assert_int_equal(ledger->total.deliveries, 2 * PEOPLE);
	assert_int_equal(ledger->published, 6);
	assert_int_equal(test_topic_row(ledger, "default")->unrouted, 1);
	assert_int_equal(test_topic_row(ledger, "device.0")->unrouted, 1);
	assert_int_equal(test_topic_row(ledger, "post")->unrouted, 0);
	test_release(sup);
}

TEST_SIM(content_may_decide_the_topic)
{
	maiko_supervisor *sup = with_devices(workers);
	const maiko_topic *device1 = atomic_load(&devices[1]), *device2 = atomic_load(&devices[2]);
	const maiko_subscription one[] = {{.topic = device1}, {.topic = NULL}};
	const maiko_subscription two[] = {{.topic = device1}, {.topic = device2}, {.topic = NULL}};
	returns(maiko_add(sup, person, "one"), MAIKO_EINVAL); /* its topics must be said */
	ok(maiko_add(sup, person, "one", .topics = one));
	ok(maiko_add(sup, person, "two", .topics = two));
	ok(maiko_start(sup));
	send_one_of_each(sup);
	send_one_of_each(sup);
	returns(maiko_send(sup, reading, .device = 3), MAIKO_EINVAL); /* no topic */
	assert_int_equal(test_finish(sup).deliveries, 6);
	expect_heard("one", "reading 1, reading 1");
	expect_heard("two", "reading 1, reading 2, reading 1, reading 2");
}

/* Its topics are made at run time, by its own supervisor. */
typedef struct news {
	char place[16];
} news;
static const maiko_topic *news_topic(const news *ev, maiko_supervisor *sup)
{
	const maiko_topic *topic = NULL;
	char name[32];
	snprintf(name, sizeof name, "news of %s", ev->place);
	return ev->place[0] != '\0' && maiko_topic_named(sup, name, &topic) == 0 ? topic : NULL;
}
MAIKO_EVENT_ROUTED(news, news_topic, place);

typedef struct herald {
	uint32_t unused;
} herald;
static int herald_on_letter(herald *self, const letter *ev, maiko_ctx *ctx)
{
	expect(maiko_send(ctx, news, .place = "") == MAIKO_EINVAL);
	return maiko_send(ctx, news, .place = "Oslo");
}
MAIKO_ACTOR(herald, MAIKO_ON(letter, herald_on_letter));
TEST_LISTENER(citizen, news);

TEST_SIM(content_may_decide_on_a_topic_made_at_run_time_by_the_supervisor)
{
	const maiko_topic *oslo, *bern;
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_topic_named(sup, "news of Oslo", &oslo));
	ok(maiko_topic_named(sup, "news of Bern", &bern));
	ok(maiko_add(sup, herald, "herald"));
	ok(maiko_add(sup, citizen, "in Oslo",
		     .topics = (const maiko_subscription[]){{.topic = oslo}, {.topic = NULL}}));
	ok(maiko_add(sup, citizen, "in Bern",
		     .topics = (const maiko_subscription[]){{.topic = bern}, {.topic = NULL}}));
	ok(maiko_start(sup));
	ok(maiko_send(sup, letter, .text = ""));
	ok(maiko_send(sup, news, .place = "Bern"));
	returns(maiko_send(sup, news, .place = ""), MAIKO_EINVAL);
	test_finish(sup);
	expect_heard("in Oslo", "news Oslo");
	expect_heard("in Bern", "news Bern");
}

TEST_SIM(a_topic_of_a_name_is_the_same_however_it_was_made)
{
	maiko_supervisor *sup = test_supervisor(workers);
	const maiko_topic *named, *again;
	ok(maiko_topic_named(sup, "post", &named));
	ok(maiko_topic_named(sup, "post", &again));
	assert_ptr_equal(named, again);
	assert_string_equal(named->name, "post");
	const maiko_subscription topics[] = {{.topic = named}, {.topic = NULL}};
	ok(maiko_add(sup, person, "one", .topics = topics));
	ok(maiko_add(sup, person, "two", .topics = MAIKO_TOPICS(post)));
	ok(maiko_start(sup));
	ok(maiko_send(sup, letter, .text = "dear all"));
	test_finish(sup);
	expect_heard("one", "letter dear all");
	expect_heard("two", "letter dear all");
}

TEST_SIM(all_topics_and_no_topics)
{
	maiko_supervisor *sup = with_devices(workers);
	add_people(sup, MAIKO_ALL_TOPICS);
	ok(maiko_add(sup, person, "nothing", .topics = MAIKO_NO_TOPICS));
	ok(maiko_add(sup, clerk, "some", .topics = MAIKO_TOPICS(post)));
	ok(maiko_start(sup));
	send_one_of_each(sup);
	/* a topic that did not exist when they subscribed */
	const maiko_topic *late;
	ok(maiko_topic_named(sup, "device.late", &late));
	atomic_store(&devices[0], late);
	ok(maiko_send(sup, reading, .device = 0));
	assert_int_equal(test_finish(sup).deliveries, 7 * PEOPLE + 1);
	for (uint32_t i = 0; i < PEOPLE; i++)
		expect_heard(people[i], "reading 0, reading 1, reading 2, letter dear all, plain 5, fire, reading 0");
	expect_heard("some", "letter dear all");
	expect_heard("nothing", "");
}

TEST_SIM(on_any_gets_what_no_handler_of_its_own_does)
{
	maiko_supervisor *sup = with_devices(workers);
	const maiko_subscription topics[] = {{.topic = atomic_load(&devices[0])},
					     {.topic = MAIKO_TOPIC_REF(post)},
					     {.topic = &maiko_default_topic},
					     {.topic = NULL}};
	returns(maiko_add(sup, clerk, "clerk"), MAIKO_EINVAL); /* its topics must be said */
	ok(maiko_add(sup, clerk, "clerk", .topics = topics));
	ok(maiko_start(sup));
	send_one_of_each(sup);
	assert_int_equal(test_finish(sup).handled, 3);
	expect_heard("clerk", "reading 0, letter dear all, plain 5");
}

typedef struct stamp {
	uint32_t price;
} stamp;
MAIKO_EVENT(stamp, post, price);

TEST_SIM(what_an_actor_has_no_handler_for_is_counted_ignored)
{
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, postman, "postman"));
	ok(maiko_start(sup));
	for (uint32_t i = 0; i < 3; i++) {
		ok(maiko_send(sup, stamp, .price = i));
		ok(maiko_send(sup, letter, .text = "dear all"));
	}
	const maiko_ledger *ledger = test_stop(sup);
	expect_heard("postman", "letter dear all, letter dear all, letter dear all");
	assert_int_equal(ledger->total.handled, 3);
	assert_int_equal(ledger->total.ignored, 3);
	assert_int_equal(test_topic_row(ledger, "post")->counts.ignored, 3);
	test_release(sup);
}

/* ---- what an event carries ----------------------------------------------------------------------- */

typedef struct photo {
	uint32_t width;
	maiko_buffer *pixels;
	const maiko_buffer *thumbnail;
} photo;
MAIKO_TOPIC(photos);
MAIKO_EVENT(photo, photos, width, pixels, thumbnail);

typedef struct viewer {
	maiko_buffer *held;
} viewer;

static int viewer_on_photo(viewer *self, const photo *ev, maiko_ctx *ctx)
{
	const char *pixels = maiko_buffer_data(ev->pixels);
	bool fine = maiko_buffer_size(ev->pixels) == 6 && memcmp(pixels, "pixels", 6) == 0;
	if (ev->thumbnail != NULL)
		fine = fine && memcmp(maiko_buffer_data(ev->thumbnail), "small", 5) == 0;
	expect(fine);
	maiko_buffer_unref(self->held); /* past its handler: its own reference */
	self->held = maiko_buffer_ref(ev->pixels);
	test_hear(ctx, MAIKO_EVENT_REF(photo), ev);
	return 0;
}

static int viewer_on_stop(viewer *self, maiko_ctx *ctx)
{
	self->held = maiko_buffer_unref(self->held);
	return 0;
}
MAIKO_ACTOR(viewer, MAIKO_ON(photo, viewer_on_photo), MAIKO_ON_STOP(viewer_on_stop));

static void count_freed(void *data, void *arg) { atomic_fetch_add((_Atomic(uint64_t) *)arg, 1); }

static maiko_buffer *pixels_new(void)
{
	static char bytes[] = "pixels";
	maiko_buffer *buffer = NULL;
	ok(maiko_buffer_wrap(bytes, 6, count_freed, &freed, &buffer));
	return buffer;
}

TEST_SIM(buffers_are_shared_and_freed_once)
{
	enum { PHOTOS = 200 };
	maiko_supervisor *sup = test_supervisor(workers);
	for (uint32_t i = 0; i < PEOPLE; i++)
		ok(maiko_add(sup, viewer, people[i]));
	ok(maiko_start(sup));
	maiko_buffer *thumbnail;
	ok(maiko_buffer_copy("small", 5, &thumbnail));
	for (uint32_t i = 0; i < PHOTOS; i++) {
		maiko_buffer *pixels = pixels_new();
		ok(maiko_send(sup, photo, .width = i, .pixels = pixels, .thumbnail = i % 2 == 0 ? thumbnail : NULL));
		maiko_buffer_unref(pixels);
	}
	maiko_buffer_unref(thumbnail);
	test_finish(sup);
	for (uint32_t i = 0; i < PEOPLE; i++)
		expect_heard_count(people[i], photo, PHOTOS);
	assert_int_equal(atomic_load(&freed), PHOTOS);
}

TEST_SIM(a_buffer_that_nobody_gets_is_freed)
{
	for (int started = 0; started < 2; started++) {
		test_begin();
		maiko_supervisor *sup = test_supervisor(workers);
		ok(maiko_add(sup, viewer, "viewer", .topics = started ? MAIKO_NO_TOPICS : NULL));
		if (started)
			ok(maiko_start(sup));
		for (int i = 0; i < 100; i++) {
			maiko_buffer *pixels = pixels_new();
			ok(maiko_send(sup, photo, .pixels = pixels));
			maiko_buffer_unref(pixels);
		}
		maiko_counts total = test_finish(sup);
		assert_int_equal(atomic_load(&freed), 100);
		assert_int_equal(total.discarded, started ? 0 : 100);
	}
}

/* Before the start, with more events than the channels between the workers hold. */
TEST_SIM(what_never_started_is_discarded_and_counted)
{
	maiko_supervisor *sup = test_supervisor_with((maiko_options){.workers = workers, .channel = 16});
	add_people(sup, MAIKO_TOPICS(post));
	for (int i = 0; i < 1000; i++)
		ok(maiko_send(sup, letter, .text = "dear all"));
	maiko_counts total = test_finish(sup);
	assert_int_equal(total.deliveries, PEOPLE * 1000);
	assert_int_equal(total.discarded, PEOPLE * 1000);
	assert_int_equal(atomic_load(&test_heard_events), 0);
}

/* ---- sizes ------------------------------------------------------------------------------------------ */

typedef struct reader {
	int unused;
} reader;

static int reader_check(const maiko_event_type *type, const uint8_t *bytes, maiko_ctx *ctx)
{
	size_t size = type->layout->size, same = 0;
	while (same < size && bytes[same] == (uint8_t)(size + same))
		same++;
	expect(same == size);
	test_hear(ctx, type, bytes);
	return 0;
}
/* Around the sizes where an event moves to another class, and into a block of its own. */
#define SIZED(n)                                                                                                       \
	typedef struct sized_##n {                                                                                     \
		uint8_t bytes[n];                                                                                      \
	} sized_##n;                                                                                                   \
	MAIKO_EVENT(sized_##n, post, bytes);                                                                           \
	static int reader_on_sized_##n(reader *self, const sized_##n *ev, maiko_ctx *ctx)                              \
	{                                                                                                              \
		return reader_check(MAIKO_EVENT_REF(sized_##n), ev->bytes, ctx);                                       \
	}

SIZED(1)
SIZED(2)
SIZED(3)
SIZED(4)
SIZED(7)
SIZED(8)
SIZED(15)
SIZED(16)
SIZED(17)
SIZED(32)
SIZED(33)
SIZED(96)
SIZED(97)
SIZED(224)
SIZED(225)
SIZED(480)
SIZED(481)
SIZED(65536)
SIZED(1048576)
MAIKO_ACTOR(reader, MAIKO_ON(sized_1, reader_on_sized_1), MAIKO_ON(sized_2, reader_on_sized_2),
	    MAIKO_ON(sized_3, reader_on_sized_3), MAIKO_ON(sized_4, reader_on_sized_4),
	    MAIKO_ON(sized_7, reader_on_sized_7), MAIKO_ON(sized_8, reader_on_sized_8),
	    MAIKO_ON(sized_15, reader_on_sized_15), MAIKO_ON(sized_16, reader_on_sized_16),
	    MAIKO_ON(sized_17, reader_on_sized_17), MAIKO_ON(sized_32, reader_on_sized_32),
	    MAIKO_ON(sized_33, reader_on_sized_33), MAIKO_ON(sized_96, reader_on_sized_96),
	    MAIKO_ON(sized_97, reader_on_sized_97), MAIKO_ON(sized_224, reader_on_sized_224),
	    MAIKO_ON(sized_225, reader_on_sized_225), MAIKO_ON(sized_480, reader_on_sized_480),
	    MAIKO_ON(sized_481, reader_on_sized_481), MAIKO_ON(sized_65536, reader_on_sized_65536),
	    MAIKO_ON(sized_1048576, reader_on_sized_1048576));

static const maiko_event_type *const sizes[] = {
	MAIKO_EVENT_REF(sized_1),       MAIKO_EVENT_REF(sized_2),   MAIKO_EVENT_REF(sized_3),
	MAIKO_EVENT_REF(sized_4),       MAIKO_EVENT_REF(sized_7),   MAIKO_EVENT_REF(sized_8),
	MAIKO_EVENT_REF(sized_15),      MAIKO_EVENT_REF(sized_16),  MAIKO_EVENT_REF(sized_17),
	MAIKO_EVENT_REF(sized_32),      MAIKO_EVENT_REF(sized_33),  MAIKO_EVENT_REF(sized_96),
	MAIKO_EVENT_REF(sized_97),      MAIKO_EVENT_REF(sized_224), MAIKO_EVENT_REF(sized_225),
	MAIKO_EVENT_REF(sized_480),     MAIKO_EVENT_REF(sized_481), MAIKO_EVENT_REF(sized_65536),
	MAIKO_EVENT_REF(sized_1048576),
};
enum { SIZES = sizeof sizes / sizeof sizes[0] };

static uint8_t content[MAIKO_EVENT_SIZE_MAX];

static const uint8_t *content_of(size_t size)
{
	for (size_t i = 0; i < size; i++)
		content[i] = (uint8_t)(size + i);
	return content;
}

/* Sends each size from inside, once by copy and once in place. */
MAIKO_TOPIC(orders);
MAIKO_SIGNAL(begin, orders);

typedef struct packer {
	int unused;
} packer;

static int packer_on_begin(packer *self, const begin *ev, maiko_ctx *ctx)
{
	for (int i = 0; i < SIZES; i++) {
		size_t size = sizes[i]->layout->size;
		int rc = maiko_ctx_send(ctx, sizes[i], content_of(size), 0);
		void *draft = rc == 0 ? maiko_event_new(sizes[i]) : NULL;
		if (draft == NULL)
			return MAIKO_ENOMEM;
		memcpy(draft, content, size);
		rc = maiko_ctx_publish(ctx, draft, 0);
		if (rc != 0)
			return rc;
	}
	return 0;
}
MAIKO_ACTOR(packer, MAIKO_ON(begin, packer_on_begin));

TEST_SIM(events_of_every_size_arrive_whole)
{
	maiko_supervisor *sup = test_supervisor(workers);
	for (uint32_t i = 0; i < 3; i++)
		ok(maiko_add(sup, reader, people[i]));
	ok(maiko_add(sup, packer, "packer"));
	ok(maiko_start(sup));
	ok(maiko_send(sup, begin));
	test_settle(sup);
	for (int i = 0; i < SIZES; i++) {
		size_t size = sizes[i]->layout->size;
		ok(maiko_supervisor_send(sup, sizes[i], content_of(size), 0));
		void *draft = maiko_event_new(sizes[i]);
		assert_non_null(draft);
		memcpy(draft, content, size);
		ok(maiko_supervisor_publish(sup, draft, 0));
	}
	test_finish(sup);
	for (int i = 0; i < SIZES; i++) /* from inside and outside, by copy and in place */
		for (uint32_t who = 0; who < 3; who++)
			assert_int_equal(test_heard_count(people[who], sizes[i]->layout->name), 4);
}

/* ---- drafts, and what is kept --------------------------------------------------------------------------- */

TEST_SIM(a_draft_that_cannot_be_published_stays_the_callers)
{
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, viewer, "viewer"));
	ok(maiko_start(sup));
	photo *draft = maiko_new(photo);
	assert_non_null(draft);
	assert_int_equal(draft->width, 0);
	assert_null(draft->pixels);
	draft->pixels = pixels_new();
	test_stop(sup);
	returns(maiko_publish(sup, draft), MAIKO_ESHUTDOWN);
	returns(maiko_publish(sup, draft), MAIKO_ESHUTDOWN);
	assert_int_equal(atomic_load(&freed), 0);
	maiko_buffer_unref(draft->pixels);
	assert_null(maiko_discard(draft));
	assert_null(maiko_discard(NULL));
	assert_int_equal(atomic_load(&freed), 1);
	test_release(sup);
}

TEST_SIM(a_published_draft_takes_references_of_its_own)
{
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, viewer, "one"));
	ok(maiko_add(sup, viewer, "two"));
	ok(maiko_start(sup));
	photo *draft = maiko_new(photo);
	assert_non_null(draft);
	maiko_buffer *pixels = pixels_new();
	draft->pixels = pixels;
	ok(maiko_publish(sup, draft));
	test_settle(sup);
	assert_int_equal(atomic_load(&freed), 0);
	maiko_buffer_unref(pixels);
	test_finish(sup);
	assert_int_equal(atomic_load(&freed), 1);
}

/* Keeps the last ten photos. */
typedef struct album {
	const photo *kept[10];
	uint32_t count;
} album;

static int album_on_photo(album *self, const photo *ev, maiko_ctx *ctx)
{
	uint32_t place = self->count % 10;
	if (self->kept[place] != NULL) {
		expect(self->kept[place]->width + 10 == ev->width &&
		       memcmp(maiko_buffer_data(self->kept[place]->pixels), "pixels", 6) == 0);
		expect(maiko_release(ctx, self->kept[place]) == 0);
		expect(maiko_release(ctx, self->kept[place]) == MAIKO_EINVAL);
	}
	expect(maiko_keep(ctx, &self->count) == MAIKO_EINVAL && maiko_keep(ctx, ev) == 0);
	self->kept[place] = ev;
	self->count++;
	return 0;
}
MAIKO_ACTOR(album, MAIKO_ON(photo, album_on_photo));

TEST_SIM(a_kept_event_lives_until_it_is_released)
{
	maiko_supervisor *sup = test_supervisor(workers);
	ok(maiko_add(sup, album, "one"));
	ok(maiko_add(sup, album, "two"));
	ok(maiko_start(sup));
	for (uint32_t i = 0; i < 95; i++) {
		maiko_buffer *pixels = pixels_new();
		ok(maiko_send(sup, photo, .width = i, .pixels = pixels));
		maiko_buffer_unref(pixels);
	}
	test_settle(sup);
	assert_true(atomic_load(&freed) <= 85);
	test_finish(sup); /* what is still kept goes with its keeper */
	assert_int_equal(atomic_load(&freed), 95);
}
