#include <maiko/maiko.h>
#include <stdio.h>

typedef struct hello { char name[32]; } hello;

MAIKO_TOPIC(greetings);                       /* a named topic, default policies            */
MAIKO_EVENT(hello, greetings, name);          /* a plain struct becomes an event of a topic */

typedef struct greeter { unsigned greeted; } greeter;

static int greeter_on_hello(greeter *self, const hello *ev, maiko_ctx *ctx)
{
    printf("Hello, %s! (from %s)\n", ev->name, maiko_sender(ctx));
    self->greeted++;
    return 0;                                 /* < 0: an error, and on_error decides        */
}

MAIKO_ACTOR(greeter, MAIKO_ON(hello, greeter_on_hello));

int main(void)
{
    maiko_supervisor *sup = NULL;
    int rc = maiko_supervisor_new(&sup, NULL);
    if (rc == 0) rc = maiko_add(sup, greeter, "greeter");
    if (rc == 0) rc = maiko_start(sup);
    if (rc == 0) rc = maiko_send(sup, hello, .name = "World");
    if (rc == 0) rc = maiko_stop(sup, NULL);  /* handles what is queued, then stops         */
    maiko_supervisor_free(sup);
    return rc == 0 && fflush(stdout) == 0 ? 0 : 1;
}

/* Expected output:
 * Hello, World! (from outside)
 */
