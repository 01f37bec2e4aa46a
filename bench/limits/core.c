/*
 * core.c - the actors of one core; see limits.h.
 */
#include "limits.h"

void core_init(core *c, uint32_t topics, uint32_t subscribers)
{
	*c = (core){.topics = bench_lines(topics, sizeof(topic))};
	c->ready_tail = &c->ready;
	for (uint32_t i = 0; i < topics; i++)
		c->topics[i].subscribers = bench_lines(subscribers, sizeof(actor *));
}

actor *core_subscribe(core *c, uint32_t to_topic, uint32_t to, void (*handle)(core *, actor *, event *))
{
	topic *t = &c->topics[to_topic];
	actor *a = bench_lines(1, sizeof *a);
	a->handle = handle;
	a->to = to;
	t->subscribers[t->count++] = a;
	return a;
}

void core_run(core *c)
{
	while (c->ready != NULL) {
		actor *a = c->ready;
		c->ready = a->next_ready;
		if (c->ready == NULL)
			c->ready_tail = &c->ready;
		a->ready = false;
		while (a->head != a->tail) {
			event *e = a->box[a->head++ % BOX_SIZE];
			a->handle(c, a, e);
			if (--e->references == 0)
				core_free(c, e);
		}
	}
}
