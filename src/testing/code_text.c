/*
 * code_text.c - see code_text.h.
 */
#include "code_text.h"

#include <maiko/error.h>
#include <maiko/next.h>

#include <string.h>

static const char *const outcomes[] = {"handled", "ignored",  "dropped",   "at a stop", "dead", "no memory",
				       "expired", "filtered", "set aside", "passed on", "lost"};

/* The public function of each kind; a readable descriptor with or without a timeout is one kind. */
static const char *const answers[] = {
	[MAIKO_NEXT_NEVER] = "maiko_never",
	[MAIKO_NEXT_AGAIN] = "maiko_again",
	[MAIKO_NEXT_AFTER] = "maiko_after_ms",
	[MAIKO_NEXT_EVENTS] = "maiko_after_events",
	[MAIKO_NEXT_READABLE] = "maiko_when_readable",
	[MAIKO_NEXT_WRITABLE] = "maiko_when_writable",
	[MAIKO_NEXT_SENDABLE] = "maiko_when_sendable",
	[MAIKO_NEXT_FAILED] = "maiko_failed",
	[MAIKO_NEXT_ANY] = "maiko_when_any",
};

static const char *text_of(const char *const *texts, size_t count, int64_t code)
{
	return code >= 0 && (uint64_t)code < count ? texts[code] : NULL;
}

static const char *error_text(int64_t code)
{
	const char *name = code < 0 && code >= INT32_MIN ? maiko_err_name((int)code) : "UNKNOWN";
	return strcmp(name, "UNKNOWN") == 0 ? NULL : name;
}

const char *mt_code_text(maiko_observation_kind kind, int64_t code)
{
	switch (kind) {
	case MAIKO_OBSERVED_HANDLED:
		return code == 1 ? "ignored" : error_text(code);
	case MAIKO_OBSERVED_STOPPED:
	case MAIKO_OBSERVED_FAILED:
	case MAIKO_OBSERVED_ERROR:
		return error_text(code);
	case MAIKO_OBSERVED_OVERFLOWED:
	case MAIKO_OBSERVED_DISCARDED:
		return text_of(outcomes, sizeof outcomes / sizeof outcomes[0], code);
	case MAIKO_OBSERVED_TICK_LEFT:
		return text_of(answers, sizeof answers / sizeof answers[0], code & 0xff);
	default:
		return NULL;
	}
}
