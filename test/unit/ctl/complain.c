/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Stands in for the one thing that hvctl's parts want of its main.c. */
#include "ctl/verb.h"

void verb_complain(const char *format, ...)
{
	(void)format;
}
