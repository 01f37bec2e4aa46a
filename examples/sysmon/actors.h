/*
 * actors.h - the actors of sysmon, seen from main: each file adds its own.
 *
 * An actor's state is nobody's business but its own file's, so there is one function
 * for each and no struct. All return what maiko_add says. Text that they are given must
 * outlive the supervisor.
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
int watch_add(maiko_supervisor *sup, const char *dir);
int sources_add(maiko_supervisor *sup, const char *proc_dir, uint64_t interval_ms);
int time_limit_add(maiko_supervisor *sup, uint64_t seconds);

#endif
