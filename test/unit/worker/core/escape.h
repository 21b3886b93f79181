/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a worker that was taken over would try, once it is confined. */
#pragma once

#include <stdbool.h>

enum escape_result {
	ESCAPE_REFUSED,
	ESCAPE_KILLED, /* by the kernel, for having tried */
	ESCAPE_OUT,    /* it got what it wanted */
	ESCAPE_FAILED, /* confine() did, or the try could not be made */
};

struct escape {
	const char *name;
	bool (*attempt)(void); /* true: it got what it wanted */
	enum escape_result expected;
	bool with_sockets; /* tried with a NAT network as well */
};

extern const struct escape escapes[];
extern const unsigned int escape_count;

/* In a process of its own, which confines itself first. */
enum escape_result escape_try(const struct escape *escape, bool sockets);

/* Of a process that can be looked at from outside; ended by SIGKILL. */
int escape_confined_process(bool sockets);

/* Whether what a worker has to do can still be done. */
bool escape_work_is_possible(bool sockets);
