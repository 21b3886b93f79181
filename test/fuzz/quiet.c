/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The log of a device that is fuzzed: formatted, so as to read what is given
 * to it, and thrown away. */
#include "worker/device.h"

#include <stdio.h>

void device_log(const char *device, const char *format, ...)
{
	char line[256];
	va_list arguments;

	(void)device;
	va_start(arguments, format);
	vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
}
