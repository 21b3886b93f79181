/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The system calls that a running worker may make. */
#pragma once

#include <stdbool.h>

/*
 * From here on, for all threads and for good; needs no_new_privs. With
 * sockets also those that libslirp makes. 0 or -errno.
 */
int confine_calls(bool sockets);
