/* expect: maiko_call: &got must be a answer */
/* The answer goes to a struct of its type. */
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

int call(maiko_supervisor *sup);
int call(maiko_supervisor *sup)
{
#ifndef CONTROL
	other got;
#else
	answer got;
#endif
	return maiko_call(sup, 100, answer, &got, question, .n = 1);
}
