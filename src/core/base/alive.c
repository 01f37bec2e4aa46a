/*
 * alive.c - see alive.h.
 */
#include "base/alive.h"

#include <sys/mman.h>
#include <unistd.h>

enum { PAGE = 4096, NO_ADVICE = -1 };

/* An emulator may ignore all advice and still return 0; an invalid advice, which must fail, detects that. */
static bool is_wiped_on_fork(void *page)
{
#ifdef MADV_WIPEONFORK
	return madvise(page, PAGE, MADV_WIPEONFORK) == 0 && madvise(page, PAGE, NO_ADVICE) != 0;
#else
	(void)page;
	return false;
#endif
}

mk_alive *mk_alive_new(void)
{
	void *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (page == MAP_FAILED)
		return NULL;
	mk_alive *alive = page;
	alive->pid = getpid();
	alive->state = is_wiped_on_fork(page) ? MK_ALIVE : MK_ALIVE_ASK;
	return alive;
}

void mk_alive_free(mk_alive *alive)
{
	if (alive != NULL)
		munmap(alive, PAGE);
}

bool mk_alive_is_forked(const mk_alive *alive) { return alive->state == MK_ALIVE_WIPED || alive->pid != getpid(); }
