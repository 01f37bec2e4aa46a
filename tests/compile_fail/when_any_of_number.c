/* expect: maiko_when_any: 50 must be a maiko_next */
/* maiko_when_any takes results of a tick, not numbers. */
#include <maiko/maiko.h>

maiko_next waits(int fd);
maiko_next waits(int fd)
{
#ifndef CONTROL
	return maiko_when_any(maiko_when_readable(fd), 50);
#else
	return maiko_when_any(maiko_when_readable(fd), maiko_after_ms(50));
#endif
}
