/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The worker's log lines: "NAME DEVICE: text" on standard error. */
#pragma once

/* Lines of one kind within one period; device_log() counts the rest. */
#define LOG_BURST	   10u
#define LOG_PERIOD_SECONDS 10

/* The child's name; kept, not copied. */
void log_open(const char *name);

/* One line whatever its number: for what happens once and says much. */
void log_text(const char *device, const char *text);
