/* expect: maiko_ask: on_answer is not of a question */
/* A question is asked with the event that it was declared for. */
#include <maiko/maiko.h>

typedef struct question {
	unsigned n;
} question;
typedef struct answer {
	unsigned n;
} answer;
MAIKO_TOPIC(questions);
MAIKO_EVENT(question, questions, n);
MAIKO_EVENT(answer, maiko_private_topic, n);

typedef struct asker {
	unsigned n;
} asker;

static int on_answer(asker *self, const answer *reply, int status, maiko_ctx *ctx)
{
	(void)ctx;
	self->n += reply != NULL ? reply->n : 0;
	return status;
}
MAIKO_ASK(asker, question, answer, on_answer);

int ask(maiko_ctx *ctx);
int ask(maiko_ctx *ctx)
{
#ifndef CONTROL
	return maiko_ask(ctx, on_answer, 100, answer, .n = 1);
#else
	return maiko_ask(ctx, on_answer, 100, question, .n = 1);
#endif
}
