/* testing_race - two withdrawals that check first and take later: a seed that makes them fail. */
#include <maiko/testing.h>

#include <stdio.h>

MAIKO_TOPIC(questions);
MAIKO_TOPIC(answers);
MAIKO_TOPIC(withdrawals);

typedef struct question {
	uint32_t teller;
} question;
typedef struct balance {
	uint32_t teller;
	int64_t amount;
} balance;
typedef struct withdrawal {
	int64_t amount;
} withdrawal;
MAIKO_EVENT(question, questions, teller);
MAIKO_EVENT(balance, answers, teller, amount);
MAIKO_EVENT(withdrawal, withdrawals, amount);

typedef struct account {
	int64_t amount;
} account;

static int account_on_question(account *self, const question *ev, maiko_ctx *ctx)
{
	return maiko_send(ctx, balance, .teller = ev->teller, .amount = self->amount);
}

static int account_on_withdrawal(account *self, const withdrawal *ev, maiko_ctx *ctx)
{
	self->amount -= ev->amount;
	if (self->amount < 0) maiko_sim_fail(maiko_sim_of(maiko_supervisor_of(ctx)), "the account is overdrawn");
	return 0;
}
MAIKO_ACTOR(account, MAIKO_ON(question, account_on_question), MAIKO_ON(withdrawal, account_on_withdrawal));

/* Asks for the balance, then withdraws. In between another teller may withdraw. */
typedef struct teller {
	uint32_t number;
} teller;

static int teller_on_balance(teller *self, const balance *ev, maiko_ctx *ctx)
{
	if (ev->teller != self->number || ev->amount < 100) return 0;
	return maiko_send(ctx, withdrawal, .amount = 100);
}
MAIKO_ACTOR(teller, MAIKO_ON(balance, teller_on_balance));

/* One run of one schedule. In most of them the tellers act one after the other. */
static int two_tellers(maiko_sim *sim, void *arg)
{
	maiko_supervisor *sup = maiko_sim_supervisor(sim);
	(void)arg;
	int rc = maiko_add(sup, account, "account", .init = &(account){.amount = 100});
	rc |= maiko_add(sup, teller, "teller 1", .init = &(teller){1});
	rc |= maiko_add(sup, teller, "teller 2", .init = &(teller){2});
	rc |= maiko_start(sup);
	rc |= maiko_send(sup, question, .teller = 1);
	for (int i = 0; i < 12; i++) /* most of what the first does */
		maiko_sim_step(sim);
	rc |= maiko_send(sup, question, .teller = 2);
	return rc != 0 ? rc : maiko_sim_finish(sim);
}

int main(void)
{
	maiko_explore_result result;
	int rc = maiko_explore(&(maiko_explore_options){.scenario = two_tellers, .count = 10000, .jobs = 1}, &result);
	if (rc != MAIKO_EBROKEN) return 1;
	printf("%s\n", result.text);
	printf("after at most 3 unusual choices: %s\n", result.choice_count <= 3 ? "yes" : "no");
	maiko_explore_print(&result, stderr); /* the seed, the schedule, the chain of events */
	maiko_explore_result_fini(&result);
	return fflush(stdout) == 0 ? 0 : 1;
}

/* Expected output:
 * the account is overdrawn
 * after at most 3 unusual choices: yes
 */
