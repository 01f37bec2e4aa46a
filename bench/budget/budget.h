/*
 * budget.h - what the files of the budget program share.
 */
#ifndef BUDGET_H
#define BUDGET_H

/* Counts an operation; after the last ends the process. Returns 0. */
int budget_handled_one(void);

/* cross.c: returns only on failure, with the error. */
int budget_run_cross(void);

#endif
