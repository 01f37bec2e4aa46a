/*
 * actors.h - functions that add the actors of sysmon, one per file.
 *
 * An actor's state is private to its file, so there is a function for each actor and no
 * struct. All return the result of maiko_add. Text arguments must outlive the supervisor.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef SYSMON_ACTORS_H
#define SYSMON_ACTORS_H

#include <maiko/maiko.h>

typedef struct limit { double high, low; } limit; /* percent: raised above high, over below low */

typedef struct limits { limit cpu, memory, disk; } limits;

int console_add(maiko_supervisor *sup);
int journal_add(maiko_supervisor *sup, const char *path);
int alerter_add(maiko_supervisor *sup, const limits *allowed);
int rates_add(maiko_supervisor *sup);
int watch_add(maiko_supervisor *sup, maiko_group_id group, const char *dir);
int sources_add(maiko_supervisor *sup, maiko_group_id group, const char *proc_dir, uint64_t interval_ms);
int time_limit_add(maiko_supervisor *sup, uint64_t seconds);

#endif
