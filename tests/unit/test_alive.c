/*
 * test_alive.c - a forked child is told from its parent, by a page that the kernel wipes, and
 * where nothing is wiped, by asking for the process.
 *
 * SPDX-License-Identifier: MIT
 */
#include "support.h"

#include "base/alive.h"

#include <sys/wait.h>
#include <unistd.h>

/* What a child of this process finds; and that this process still finds what it did. */
static bool is_forked_in_a_child(const mk_alive *alive)
{
	int status = 0;
	assert_false(mk_is_forked(alive));
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		_exit(mk_is_forked(alive) ? 1 : 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_false(mk_is_forked(alive));
	return WEXITSTATUS(status) == 1;
}

static void a_child_is_told_from_its_parent(void **state)
{
	(void)state;
	mk_alive *alive = mk_alive_new();
	assert_non_null(alive);
	assert_true(is_forked_in_a_child(alive));
	mk_alive_free(alive);
	mk_alive_free(NULL);
}

static void a_page_that_is_not_wiped_is_not_relied_on(void **state)
{
	(void)state;
	mk_alive kept = {.state = MK_ALIVE_ASK, .pid = getpid()};
	assert_true(is_forked_in_a_child(&kept));
	kept.state = MK_ALIVE; /* or else this would be told, too */
	assert_false(is_forked_in_a_child(&kept));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_child_is_told_from_its_parent),
		cmocka_unit_test(a_page_that_is_not_wiped_is_not_relied_on),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
