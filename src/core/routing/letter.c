/*
 * letter.c - see letter.h.
 */
#include "routing/letter.h"

#include "base/error.h"
#include "event/enclosed.h"

int mk_letters_check(uint64_t dead_letters)
{
	const uint64_t all = 2 * (uint64_t)MAIKO_LETTER_LOST - 1;
	return (dead_letters & ~all) == 0 || dead_letters == MAIKO_NO_LETTERS
		       ? 0
		       : mk_fail(MAIKO_EINVAL,
				 "maiko_supervisor_new: .dead_letters is %#llx; it is a set of maiko_letter_reason, or "
				 "MAIKO_NO_LETTERS alone",
				 (unsigned long long)dead_letters);
}

static maiko_letter_reason reason_of(size_t outcome)
{
	switch ((maiko_outcome)(outcome / sizeof(mk_counter))) {
	case MAIKO_DROPPED:
		return MAIKO_LETTER_DROPPED;
	case MAIKO_DISCARDED:
		return MAIKO_LETTER_DISCARDED;
	case MAIKO_DEAD:
		return MAIKO_LETTER_DEAD;
	case MAIKO_EXPIRED:
		return MAIKO_LETTER_EXPIRED;
	case MAIKO_LOST:
		return MAIKO_LETTER_LOST;
	default:
		return 0;
	}
}

/* Whether a letter is to be written. Of the library's own events there are no letters, least of all of letters. */
static bool is_wanted(mk_worker *w, const mk_event *e, maiko_letter_reason reason)
{
	uint64_t letters = w->sup->options.dead_letters;
	return ((letters == 0 ? MAIKO_LETTERS : letters) & reason) != 0 && !w->discarding &&
	       !mk_topic_is_reserved(e->topic->index) && mk_news_wanted(w, MK_LETTERS_TOPIC);
}

/* `a` NULL: no subscriber. Precondition: is_wanted. */
static void write_letter(mk_worker *w, const mk_actor *a, const mk_event *e, maiko_dead_letter *letter)
{
	maiko_envelope envelope;
	letter->content = mk_enclose(e);
	if (letter->content == NULL) {
		mk_count_add(&w->untold, 1);
		return;
	}
	mk_envelope_fill(&envelope, e);
	mk_name_copy(letter->event, envelope.type->layout->name);
	mk_name_copy(letter->topic, envelope.topic->name);
	mk_name_copy(letter->sender, envelope.sender);
	letter->id = envelope.id;
	letter->parent = envelope.parent;
	letter->correlation = envelope.correlation;
	letter->timestamp_ns = envelope.timestamp_ns;
	letter->origin_timestamp_ns = envelope.origin_timestamp_ns;
	letter->actor = a == NULL ? 0 : a->self->id;
	mk_name_copy(letter->name, a == NULL ? "" : a->self->name);
	letter->worker = w->index + 1;
	mk_news_add(w, MK_TYPE_DEAD_LETTER, letter, e);
	maiko_buffer_unref(letter->content);
}

void mk_letter_of_outcome(mk_worker *w, const mk_actor *a, const mk_event *e, size_t outcome)
{
	maiko_dead_letter letter = {.reason = reason_of(outcome)};
	if (!is_wanted(w, e, letter.reason))
		return;
	if (letter.reason == MAIKO_LETTER_DEAD && a != NULL && a->extra != NULL)
		letter.error = a->extra->error;
	write_letter(w, a, e, &letter);
}

void mk_letter_set_aside(mk_worker *w, const mk_actor *a, const mk_event *e, int error, uint32_t attempts)
{
	maiko_dead_letter letter = {.reason = MAIKO_LETTER_SET_ASIDE, .error = error, .attempts = attempts};
	if (is_wanted(w, e, letter.reason))
		write_letter(w, a, e, &letter);
}

void mk_letter_unrouted(mk_worker *w, const mk_event *e)
{
	maiko_dead_letter letter = {.reason = MAIKO_LETTER_UNROUTED};
	if (is_wanted(w, e, letter.reason))
		write_letter(w, NULL, e, &letter);
}

void mk_letter_not_sent(mk_worker *w, const mk_event *e)
{
	maiko_dead_letter letter = {.reason = MAIKO_LETTER_DROPPED};
	if (is_wanted(w, e, letter.reason))
		write_letter(w, NULL, e, &letter);
}
