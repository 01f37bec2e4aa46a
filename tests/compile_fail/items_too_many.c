/* expect: counter has more than 32 items */
/* An actor type has at most 32 items. */
#include <maiko/maiko.h>

typedef struct counter {
	unsigned n;
} counter;
MAIKO_TOPIC(plain);

#define DEFINE(n_)                                                                                                     \
	MAIKO_SIGNAL(signal_##n_, plain);                                                                              \
	static int on_##n_(counter *self, const signal_##n_ *ev, maiko_ctx *ctx)                                       \
	{                                                                                                              \
		(void)ev;                                                                                              \
		(void)ctx;                                                                                             \
		self->n += n_;                                                                                         \
		return 0;                                                                                              \
	}
#define ON(n_) MAIKO_ON(signal_##n_, on_##n_)

DEFINE(1)
DEFINE(2)
DEFINE(3)
DEFINE(4)
DEFINE(5)
DEFINE(6)
DEFINE(7)
DEFINE(8)
DEFINE(9)
DEFINE(10)
DEFINE(11)
DEFINE(12)
DEFINE(13)
DEFINE(14)
DEFINE(15)
DEFINE(16)
DEFINE(17)
DEFINE(18)
DEFINE(19)
DEFINE(20)
DEFINE(21)
DEFINE(22)
DEFINE(23)
DEFINE(24)
DEFINE(25)
DEFINE(26)
DEFINE(27)
DEFINE(28)
DEFINE(29)
DEFINE(30)
DEFINE(31)
DEFINE(32)
#ifndef CONTROL
DEFINE(33)
#define LAST , ON(33)
#else
#define LAST
#endif

MAIKO_ACTOR(counter, ON(1), ON(2), ON(3), ON(4), ON(5), ON(6), ON(7), ON(8), ON(9), ON(10), ON(11), ON(12), ON(13),
	    ON(14), ON(15), ON(16), ON(17), ON(18), ON(19), ON(20), ON(21), ON(22), ON(23), ON(24), ON(25), ON(26),
	    ON(27), ON(28), ON(29), ON(30), ON(31), ON(32) LAST);
