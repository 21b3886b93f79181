/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The root of everything a worker holds: one child. */
#pragma once

#include "worker/device.h"
#include "abi/control.h"
#include "config.h"
#include "console_loop.h"
#include "control.h"
#include "io.h"
#include "irq.h"
#include "loop.h"
#include "memory.h"
#include "partition.h"
#include "services.h"
#include "synic.h"

#include <pthread.h>
#include <stdatomic.h>

#define MACHINE_CAUSE_SIZE 256u

struct console_backend;
struct machine;
struct vp;

/* What a kind of machine is made of; machine/ has the tables. */
struct machine_type {
	const char *name;
	bool hide_hypervisor;
	/* Makes devices and loads the kernel. 0 or -errno, with a log line. */
	int (*build)(struct machine *machine);
	/* Lock held; NULL or false: it has no power button. */
	bool (*power_button)(struct machine *machine);
	/* Lock not held, no vp runs: flush and close what build() opened. */
	void (*destroy)(struct machine *machine);
};

#define MACHINE_COUNTERS_MAX 32u

struct machine_counter {
	const char *name;
	uint64_t value;
};

/* The child's networks, for the control socket; lock held. */
struct machine_network {
	/* False: there is none of that number. */
	bool (*set_link)(void *owner, unsigned int index, bool up);
	/* How many of MACHINE_COUNTERS_MAX it has filled in. */
	unsigned int (*count)(void *owner, unsigned int index,
			      struct machine_counter *counters);
	void *owner;
};

struct machine {
	struct machine_port port; /* first: devices know only this */
	const struct machine_type *type;
	struct config config;
	struct guest_memory memory;
	struct partition partition;
	struct loop loop;
	struct io_map io;		 /* loop.lock */
	struct irq irq;			 /* loop.lock */
	struct synic synic;		 /* loop.lock */
	struct control control;		 /* loop.lock */
	struct console_backend *console; /* loop.lock; NULL without serial */
	struct console_loop console_loop;
	struct input input;		/* loop.lock; set by build() */
	struct machine_network network; /* loop.lock; set by build() */
	struct services services;	/* loop.lock; set by build() */
	void *devices;			/* the type's own */

	struct vp *vps;
	unsigned int vp_count;
	atomic_bool halting; /* vps leave the hypervisor and look at these: */
	atomic_bool crash_told; /* the guest's own report is in the log */
	char crash_cause[MACHINE_CAUSE_SIZE]; /* loop.lock; "": none told */
	bool paused;			      /* loop.lock */
	bool ending;			      /* loop.lock */
	bool restart;		/* loop.lock: power-off means reset */
	pthread_cond_t changed; /* with loop.lock: paused, ending, vp.parked */

	enum control_exit exit; /* valid while ending */
};

/*
 * Everything up to the first instruction. 0 or -errno with a log line; the
 * exit code is then in machine->exit.
 */
int machine_create(struct machine *machine, const struct machine_type *type);
void machine_destroy(struct machine *machine);

/* Runs the child to its end; how it ended is in machine->exit. */
void machine_run(struct machine *machine);

/* Lock held. Pausing waits until no vp runs. */
void machine_pause(struct machine *machine);
void machine_resume(struct machine *machine);
/* Lock held: how the worker is to exit; the first to say so wins. */
void machine_end(struct machine *machine, enum control_exit exit);

/* Whom the child was asked by to end. */
enum machine_asked {
	MACHINE_ASKED_NOBODY,
	MACHINE_ASKED_SERVICE, /* of its own, which it has opened */
	MACHINE_ASKED_BUTTON,
};

/* Lock held: asks the child to end in order, for good or to start anew. */
enum machine_asked machine_ask_end(struct machine *machine, bool restart);
const char *machine_state(const struct machine *machine);
