/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Watching the consoles of several children at once, through their logs. */
#pragma once

#include <stdbool.h>

/*
 * Prints what the named children print (count 0: all that run, or start
 * meanwhile) until none of them runs any more. An exit status.
 */
int follow(char *const *names, int count, bool prefix);
