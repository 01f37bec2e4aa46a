/*
 * schema.c - see schema.h. The layout of a schema is that of the C struct with these members in this order.
 *
 * A schema may come from another machine, and from someone hostile: depth and number of fields are checked before
 * anything is built of them.
 */
#include "registry/schema.h"

#include "base/error.h"
#include "event/layout.h"
#include "registry/registry.h"

typedef struct mk_piece {
	struct mk_piece *next;
	_Alignas(16) unsigned char memory[];
} mk_piece;

/* A description that is being built: all its memory. */
typedef struct building {
	mk_piece *pieces;
	uint32_t fields;
} building;

static void *take(building *b, size_t size)
{
	mk_piece *piece = mk_calloc_aligned(sizeof *piece + size, 16);
	if (piece == NULL)
		return NULL;
	piece->next = b->pieces;
	b->pieces = piece;
	return piece->memory;
}

static void free_pieces(mk_piece *pieces)
{
	while (pieces != NULL) {
		mk_piece *next = pieces->next;
		mk_free_aligned(pieces);
		pieces = next;
	}
}

static int copy_name(building *b, const char *what, const char *name, const char **ret_name)
{
	if (!mk_name_valid(name))
		return mk_name_fail(what, name);
	char *copy = take(b, strlen(name) + 1);
	if (copy == NULL)
		return MAIKO_ENOMEM;
	memcpy(copy, name, strlen(name) + 1);
	*ret_name = copy;
	return 0;
}

static int build(building *b, const maiko_schema *schema, unsigned depth, maiko_layout **ret_layout);

/* Sets size and kind of a field that is no array, or of an element; *ret_align: its alignment in a struct. */
static int set_kind(building *b, const maiko_schema *schema, const maiko_schema_field *from, unsigned depth,
		    maiko_field *f, uint32_t *ret_align)
{
	maiko_layout *nested;
	int rc;
	f->kind = from->kind;
	f->size = from->width;
	*ret_align = 1;
	switch (from->kind) {
	case MAIKO_KIND_TEXT:
	case MAIKO_KIND_BYTES:
		if (from->width == 0 || from->width > MAIKO_EVENT_SIZE_MAX)
			break;
		return 0;
	case MAIKO_KIND_INT:
	case MAIKO_KIND_UINT:
	case MAIKO_KIND_ENUM:
		if (from->width != 1 && from->width != 2 && from->width != 4 && from->width != 8)
			break;
		*ret_align = from->width == 8 ? (uint32_t) _Alignof(uint64_t) : from->width;
		return 0;
	case MAIKO_KIND_BOOL:
		f->size = sizeof(bool);
		return 0;
	case MAIKO_KIND_FLOAT:
		f->size = sizeof(float);
		*ret_align = _Alignof(float);
		return 0;
	case MAIKO_KIND_DOUBLE:
		f->size = sizeof(double);
		*ret_align = _Alignof(double);
		return 0;
	case MAIKO_KIND_BUFFER:
		f->size = sizeof(maiko_buffer *);
		*ret_align = _Alignof(maiko_buffer *);
		return 0;
	case MAIKO_KIND_STRUCT:
		if (from->nested == NULL)
			break;
		if ((rc = build(b, from->nested, depth + 1, &nested)) != 0)
			return rc;
		f->nested = nested;
		f->size = nested->size;
		*ret_align = nested->align;
		return 0;
	case MAIKO_KIND_NONE:
		break;
	}
	return mk_fail(MAIKO_EINVAL, "field '%s.%s' has kind %d and a width of %u bytes, which no field has",
		       schema->name, from->name, (int)from->kind, from->width);
}

/* Makes an array of it. Whether such elements may be in one, and whether their count is there, maiko_layout_check
 * says: also for who described a struct by hand. */
static int set_elements(const maiko_schema *schema, const maiko_schema_field *from, maiko_field *f)
{
	f->elements = from->elements;
	if (f->elements == 0)
		return 0;
	uint64_t size = (uint64_t)f->size * mk_field_elements(f);
	if (size > MAIKO_EVENT_SIZE_MAX)
		return mk_fail(
			MAIKO_E2BIG, "'%s' has %u elements in '%s', %llu bytes; at most MAIKO_EVENT_SIZE_MAX, %u",
			schema->name, mk_field_elements(f), from->name, (unsigned long long)size, MAIKO_EVENT_SIZE_MAX);
	f->size = (uint32_t)size;
	return 0;
}

static int add_field(building *b, const maiko_schema *schema, uint32_t i, unsigned depth, maiko_layout *layout,
		     maiko_field *f)
{
	uint32_t align;
	if (++b->fields > MAIKO_FIELDS_TOTAL_MAX)
		return mk_fail(MAIKO_E2BIG, "an event has more fields than MAIKO_FIELDS_TOTAL_MAX, %d: see '%s'",
			       MAIKO_FIELDS_TOTAL_MAX, layout->name);
	int rc = copy_name(b, "a field", schema->fields[i].name, &f->name);
	if (rc == 0)
		rc = MK_RESERVED("maiko_event_from: a field of a schema", &schema->fields[i]);
	if (rc == 0)
		rc = set_kind(b, schema, &schema->fields[i], depth, f, &align);
	if (rc == 0)
		rc = set_elements(schema, &schema->fields[i], f);
	if (rc != 0)
		return rc;
	f->offset = (layout->size + align - 1) & ~(align - 1);
	layout->size = f->offset + f->size;
	if (layout->align < align)
		layout->align = align;
	if (layout->size > MAIKO_EVENT_SIZE_MAX)
		return mk_fail(MAIKO_E2BIG, "'%s' has %u bytes with '%s'; at most MAIKO_EVENT_SIZE_MAX, %u",
			       layout->name, layout->size, f->name, MAIKO_EVENT_SIZE_MAX);
	return 0;
}

static int build(building *b, const maiko_schema *schema, unsigned depth, maiko_layout **ret_layout)
{
	if (depth > MAIKO_NESTING_MAX)
		return mk_fail(MAIKO_E2BIG, "a schema is nested deeper than MAIKO_NESTING_MAX, %d", MAIKO_NESTING_MAX);
	if (schema->count > MAIKO_FIELDS_MAX)
		return mk_fail(MAIKO_E2BIG, "a schema has %u fields; at most MAIKO_FIELDS_MAX, %d", schema->count,
			       MAIKO_FIELDS_MAX);
	int rc = MK_RESERVED("maiko_event_from: a schema", schema);
	if (rc != 0)
		return rc;
	if (schema->fields == NULL && schema->count != 0)
		return mk_fail(MAIKO_EINVAL, "a schema has %u fields, but its list of fields is NULL", schema->count);
	maiko_layout *layout = take(b, sizeof *layout);
	maiko_field *fields = layout == NULL ? NULL : take(b, (schema->count + 1) * sizeof *fields);
	if (fields == NULL)
		return MAIKO_ENOMEM;
	*layout = (maiko_layout){.align = 1, .fields = fields, .format = MAIKO_FORMAT};
	rc = copy_name(b, "a struct or event", schema->name, &layout->name);
	for (uint32_t i = 0; rc == 0 && i < schema->count; i++)
		rc = add_field(b, schema, i, depth, layout, &fields[i]);
	if (layout->size == 0) /* as of MAIKO_SIGNAL */
		layout->size = 1;
	layout->size = (layout->size + layout->align - 1) & ~(layout->align - 1);
	*ret_layout = layout;
	return rc;
}

/* 0: the description that is known under that name, or NULL. MAIKO_ETYPE: its layout is another. */
static int find(mk_sup *sup, const maiko_layout *layout, const maiko_event_type **ret_type)
{
	*ret_type = maiko_event_named(sup, layout->name);
	if (*ret_type == NULL || maiko_layout_digest((*ret_type)->layout) == maiko_layout_digest(layout))
		return 0;
	return mk_fail(MAIKO_ETYPE, "event '%s' has another layout here than in its schema", layout->name);
}

/* Makes it known, unless another thread was first. */
static int add(mk_sup *sup, building *b, const maiko_layout *layout, const char *topic,
	       const maiko_event_type **ret_type)
{
	const mk_type *type;
	maiko_event_type *made = take(b, sizeof *made);
	uint64_t *slot = made == NULL ? NULL : take(b, sizeof *slot);
	if (slot == NULL)
		return MAIKO_ENOMEM;
	*made = (maiko_event_type){.layout = layout, .slot = slot, .format = MAIKO_FORMAT};
	int rc = maiko_topic_named(sup, topic, &made->topic);
	if (rc == 0)
		rc = mk_registry_type(sup, made, &type);
	if (rc == MAIKO_ETYPE || rc == MAIKO_EINVAL) /* another thread was first, maybe with other padding or topic */
		return find(sup, layout, ret_type) == 0 && *ret_type != NULL ? 0 : rc;
	if (rc != 0)
		return rc;
	*ret_type = type->desc;
	if (type->desc != made)
		return 0;
	mk_piece *last = b->pieces;
	while (last->next != NULL)
		last = last->next;
	mk_lock(sup);
	last->next = sup->schemas;
	sup->schemas = b->pieces;
	mk_unlock(sup);
	b->pieces = NULL;
	return 0;
}

int maiko_event_from(maiko_supervisor *sup, const maiko_schema *schema, const char *topic,
		     const maiko_event_type **ret_type)
{
	building b = {.pieces = NULL};
	maiko_layout *layout;
	if (sup == NULL || schema == NULL || topic == NULL || ret_type == NULL)
		return MK_NULL(sup, schema, topic, ret_type);
	if (mk_forked(sup))
		return mk_fail_forked();
	const maiko_event_type *type = NULL;
	int rc = build(&b, schema, 0, &layout);
	if (rc == 0)
		rc = maiko_layout_check(layout);
	if (rc == 0)
		rc = find(sup, layout, &type);
	if (rc == 0 && type == NULL)
		rc = add(sup, &b, layout, topic, &type);
	free_pieces(b.pieces);
	if (rc == 0)
		*ret_type = type;
	return rc;
}

void mk_schemas_fini(mk_sup *sup) { free_pieces(sup->schemas); }
