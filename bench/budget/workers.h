/*
 * workers.h - operations of growth.c that need the core's own headers.
 */
#ifndef BUDGET_WORKERS_H
#define BUDGET_WORKERS_H

#include "growth.h"

extern const growth_operation growth_workers[]; /* ends with a NULL */

#endif
