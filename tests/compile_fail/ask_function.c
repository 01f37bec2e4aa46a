/* expect: MAIKO_ASK: it must be */
/* The function of a question gets answers of the type named. */
#include <maiko/maiko.h>

typedef struct question {
	unsigned n;
} question;
typedef struct answer {
	unsigned n;
} answer;
typedef struct other {
	unsigned n;
} other;
MAIKO_TOPIC(questions);
MAIKO_EVENT(question, questions, n);
MAIKO_EVENT(answer, maiko_private_topic, n);

typedef struct asker {
	unsigned n;
} asker;

#ifndef CONTROL
static int on_answer(asker *self, const other *reply, int status, maiko_ctx *ctx)
#else
static int on_answer(asker *self, const answer *reply, int status, maiko_ctx *ctx)
#endif
{
	(void)ctx;
	self->n += reply != NULL ? reply->n : 0;
	return status;
}

MAIKO_ASK(asker, question, answer, on_answer);
