/*
 * print.c - writes an event's content as JSON (RFC 8259), from its layout alone.
 *
 * The writer keeps counting when the text is full, so that only the end has to check
 * for truncation. The text is always terminated.
 */
#include "base/error.h"
#include "event/enclosed.h"
#include "event/layout.h"

#include <maiko/event.h>
#include <maiko/send.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

typedef struct writer {
	char *text;
	size_t size, used;
} writer;

static void put(writer *w, char c)
{
	if (w->used + 1 < w->size)
		w->text[w->used] = c;
	w->used++;
}

__attribute__((format(printf, 2, 3))) static void putf(writer *w, const char *format, ...)
{
	char small[64];
	va_list args;
	va_start(args, format);
	int n = vsnprintf(small, sizeof small, format, args);
	va_end(args);
	for (int i = 0; i < n && i < (int)sizeof small - 1; i++)
		put(w, small[i]);
}

/* The length of the UTF-8 character at s (RFC 3629), 0 if it is not one. */
static size_t utf8_length(const unsigned char *s, size_t left)
{
	size_t n = s[0] < 0x80                   ? 1
		   : s[0] >= 0xc2 && s[0] < 0xe0 ? 2
		   : (s[0] & 0xf0) == 0xe0       ? 3
		   : s[0] >= 0xf0 && s[0] < 0xf5 ? 4
						 : 0;
	if (n == 0 || n > left)
		return 0;
	for (size_t i = 1; i < n; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	bool overlong = (s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xf0 && s[1] < 0x90);
	bool outside = (s[0] == 0xed && s[1] >= 0xa0) || (s[0] == 0xf4 && s[1] >= 0x90);
	return overlong || outside ? 0 : n;
}

static void put_text(writer *w, const char *text, size_t size)
{
	const unsigned char *s = (const unsigned char *)text;
	put(w, '"');
	for (size_t i = 0; i < size && s[i] != '\0';) {
		size_t n = utf8_length(s + i, size - i);
		if (n == 0) {
			putf(w, "\\ufffd");
			i++;
		} else if (s[i] == '"' || s[i] == '\\') {
			put(w, '\\');
			put(w, (char)s[i++]);
		} else if (s[i] < ' ') {
			putf(w, "\\u%04x", s[i++]);
		} else {
			while (n-- > 0)
				put(w, (char)s[i++]);
		}
	}
	put(w, '"');
}

static void put_hex(writer *w, const unsigned char *bytes, size_t size)
{
	put(w, '"');
	for (size_t i = 0; i < size; i++)
		putf(w, "%02x", bytes[i]);
	put(w, '"');
}

/* printf(3) writes the locale's decimal point, of one or more bytes; JSON needs '.'. */
static void put_number(writer *w, double value, int digits)
{
	char text[64];
	bool point = false;
	if (!isfinite(value)) {
		putf(w, "null");
		return;
	}
	int n = snprintf(text, sizeof text, "%.*g", digits, value);
	for (int i = 0; i < n && i < (int)sizeof text - 1; i++)
		if (strchr("0123456789+-e", text[i]) != NULL) {
			put(w, text[i]);
		} else if (!point) {
			put(w, '.');
			point = true;
		}
}

static void put_struct(writer *w, const maiko_layout *layout, const char *value);

/* A field that is no array, or one element. */
static void put_one(writer *w, const maiko_field *f, const char *at)
{
	const maiko_buffer *buffer;
	float single;
	double number;
	switch (f->kind) {
	case MAIKO_KIND_TEXT:
		put_text(w, at, f->size);
		break;
	case MAIKO_KIND_BYTES:
		put_hex(w, (const unsigned char *)at, f->size);
		break;
	case MAIKO_KIND_BOOL:
		putf(w, *at != 0 ? "true" : "false");
		break;
	case MAIKO_KIND_INT:
	case MAIKO_KIND_ENUM:
		putf(w, "%lld", (long long)mk_signed_at(at, f->size));
		break;
	case MAIKO_KIND_UINT:
		putf(w, "%llu", (unsigned long long)mk_unsigned_at(at, f->size));
		break;
	case MAIKO_KIND_FLOAT:
		memcpy(&single, at, sizeof single);
		put_number(w, (double)single, 9);
		break;
	case MAIKO_KIND_DOUBLE:
		memcpy(&number, at, sizeof number);
		put_number(w, number, 17);
		break;
	case MAIKO_KIND_STRUCT:
		put_struct(w, f->nested, at);
		break;
	case MAIKO_KIND_BUFFER:
		memcpy(&buffer, at, sizeof buffer);
		if (buffer == NULL)
			putf(w, "null");
		else if (mk_enclosed(buffer).type != NULL)
			put_struct(w, mk_enclosed(buffer).type->layout, mk_enclosed(buffer).data);
		else
			put_hex(w, maiko_buffer_data(buffer), maiko_buffer_size(buffer));
		break;
	case MAIKO_KIND_NONE:
		putf(w, "null");
		break;
	}
}

static void put_array(writer *w, const maiko_field *f, const char *value)
{
	maiko_field one = mk_field_one(f);
	put(w, '[');
	for (uint32_t i = 0, used = mk_field_used(f, value); i < used; i++) {
		if (i != 0)
			put(w, ',');
		put_one(w, &one, value + f->offset + (size_t)i * one.size);
	}
	put(w, ']');
}

static void put_struct(writer *w, const maiko_layout *layout, const char *value)
{
	put(w, '{');
	for (const maiko_field *f = layout->fields; f->name != NULL; f++) {
		if (f != layout->fields)
			put(w, ',');
		put_text(w, f->name, MAIKO_NAME_MAX);
		put(w, ':');
		if (f->elements != 0)
			put_array(w, f, value);
		else
			put_one(w, f, value + f->offset);
	}
	put(w, '}');
}

int maiko_layout_print(const maiko_layout *layout, const void *value, char *text, size_t size)
{
	if (layout == NULL || value == NULL || text == NULL)
		return MK_NULL(layout, value, text);
	if (size == 0)
		return mk_fail(MAIKO_EINVAL, "maiko_layout_print: size is 0; there must be room for an end");
	int rc = mk_check_format("maiko_layout_print: the layout", layout->format);
	if (rc != 0)
		return rc;
	writer w = {text, size, 0};
	put_struct(&w, layout, value);
	text[w.used < size ? w.used : size - 1] = '\0';
	if (w.used < size)
		return 0;
	return mk_fail(MAIKO_ETRUNC, "maiko_layout_print: '%s' takes %zu bytes; size is %zu", layout->name, w.used + 1,
		       size);
}

int maiko_texts_fill_(const char *event, void *value, const maiko_text_ *texts)
{
	for (const maiko_text_ *t = texts; t != NULL; t = t->next) {
		if (t->text == NULL)
			return mk_fail(MAIKO_EINVAL, "event '%s': the text for .%s is NULL", event, t->field);
		size_t length = strlen(t->text);
		if (length >= t->size)
			return mk_fail(MAIKO_ETRUNC,
				       "event '%s': the text for .%s has %zu bytes; with its end it must fit in %zu",
				       event, t->field, length, t->size);
		memcpy((char *)value + t->offset, t->text, length + 1);
	}
	return 0;
}

int maiko_text_fail_(const char *event, const char *field) { return mk_text_fail(event, field); }

void maiko_text_fills_its_array_(void) {}

int maiko_text_copy(char *dst, size_t size, const char *src)
{
	if (dst == NULL || src == NULL)
		return MK_NULL(dst, src);
	if (size == 0)
		return mk_fail(MAIKO_EINVAL, "maiko_text_copy: size is 0; there must be room for an end");
	size_t n = 0;
	while (n < size && src[n] != '\0')
		n++;
	if (n < size) {
		memmove(dst, src, n + 1);
		return 0;
	}
	for (n = size - 1; n > 0 && ((unsigned char)src[n] & 0xc0) == 0x80;)
		n--; /* back to the start of the character that does not fit */
	memmove(dst, src, n);
	dst[n] = '\0';
	return mk_fail(MAIKO_ETRUNC, "a text was cut: it has more than the %zu bytes that there is room for", size - 1);
}
