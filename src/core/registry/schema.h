/*
 * schema.h - event types described at run time, from a schema that arrived (maiko_event_from). The supervisor owns
 * them.
 */
#ifndef MK_SCHEMA_H
#define MK_SCHEMA_H

#include "runtime/runtime.h"

/* After the registry, which refers to them. */
void mk_schemas_fini(mk_sup *sup);

#endif
