/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The hypervisor's own command line. */
#pragma once

#include "../lib/types.h"

struct boot_options {
	uint16_t log_port;  /* base of the debug UART; 0 for none */
	uint32_t lps;	    /* at most so many logical processors */
	uint64_t pool_size; /* bytes; 0 for the default */
};

/*
 * log=com1|com2|none, lps=N, pool=SIZE (with K, M or G). Anything else is
 * named in the log and has no effect.
 */
void options_parse(const char *command_line, struct boot_options *options);
