/* SPDX-License-Identifier: MIT */
/* The contract between hvctl, the monitor of a child and its worker. */
#pragma once

/*
 * Starting a worker
 *
 *   bulkhead-worker --config FILE.json --control SOCKET [--console-fd N]
 *
 * FILE.json is the checked description of the child, every path absolute:
 *
 *   { "name": "web", "memory": 536870912, "processors": 2,
 *     "machine": "enlightened" | "pc",
 *     "kernel": "/...", "initrd": "/...", "cmdline": "...",
 *     "disks": [ { "file": "/...", "readonly": false }, ... ],
 *     "networks": [ { "mode": "nat", "mac": "02:00:00:00:00:01", "mtu": 1500,
 *                     "forwards": [ { "protocol": "tcp" | "udp",
 *                                     "address": "0.0.0.0", "port": 8080,
 *                                     "child_port": 80 }, ... ] },
 *                   { "mode": "bridge", "bridge": "br0",
 *                     "mac": ..., "mtu": ... }, ... ],
 *     "serial": { "output": "console" | "/path/of/a/file" } }
 *
 * memory counts bytes. initrd, cmdline, disks, networks (all of them, and
 * the forwards of one) and serial may be absent;
 * without serial the child has no UART. Descriptor N of --console-fd gets
 * every byte the child's console writes and gives what it reads; without
 * it a console keeps its last bytes for whoever attaches.
 *
 * SOCKET is made by the worker (Unix, stream, mode 0600) before the child
 * runs its first instruction, and is removed when the worker ends.
 *
 * Conversation
 *
 * One JSON object a line, ended by '\n', at most CONTROL_LINE_MAX bytes (an
 * answer: CONTROL_ANSWER_MAX). Requests are answered in order, each with one
 * line:
 *
 *   { "verb": "status" }  ->  { "ok": true, ... }
 *                         or  { "ok": false, "error": "text for a person" }
 *
 *   verb     answer beside "ok"
 *   status   "name", "state": CONTROL_STATE_*, "machine", "processors",
 *            "memory" (bytes), "uptime_ns", "pid", "partition" (id, or 0);
 *            of children with such services "heartbeat": "ok" | "lost" |
 *            "none", and "shutdown": "none" (not served) | "idle" | "asked"
 *            | "accepted" | "refused"; "crash": the cause that the child's
 *            kernel told, if it has told any
 *   info     "state", "heartbeat", "shutdown", "crash" as of status, and
 *            "kvp": { "state": "none" | "no-daemon" | "asking" | "known",
 *            "items": { KEY: TEXT, ... } as the child's daemon names them,
 *            "adapters": [ { "mac", "dhcp", "addresses", "masks",
 *            "gateways", "name_servers" }, ... ] } (lists separated by ";",
 *            all but the MAC absent while unknown)
 *   stop     asks the child to power off; answers at once with "by":
 *            CONTROL_BY_*, the worker ends when the child did
 *   restart  the same, but the worker ends with CONTROL_EXIT_RESET
 *   reset    ends the worker at once, CONTROL_EXIT_RESET
 *   kill     ends the worker at once, CONTROL_EXIT_KILLED
 *   pause    returns when no processor runs; the child's clocks stand still
 *   resume   the child is told what time it is
 *   stats    "intercepts": { "io_port", "memory", "msr", "cpuid",
 *            "hypercall", "halt", "eoi", "other" } (those that reached this
 *            worker), "hypervisor": { ... } (counters of the partition as
 *            the hypervisor keeps them; absent when it offers none),
 *            "networks": { "0": { ... }, ... } (by their place; absent when
 *            there are none)
 *   keys     "events": list of scan codes, set 1: 0x01 to 0x7f, with 0x80 for
 *            a release, with 0xe000 or 0xe100 for the prefix that comes
 *            before. Answer "taken": as many as the child's keyboard had
 *            room for; the others are to be sent again after a moment
 *   pointer  "events": list of [x, y, buttons, wheel], each all there is to
 *            say: place, 0 to 32767 from the left and the top; what is held
 *            down, 1 left 2 right 4 middle; steps of the wheel, -127 to 127,
 *            away from the user above 0. Answer "taken", as of keys
 *   link     "state": "up" | "down", "index": of the network, 0 when absent
 *   console  after its answer the connection is a raw byte stream: first
 *            what the console still remembers, then what the child writes;
 *            bytes sent go to the child. Ends when either side closes.
 *
 * Several clients may be connected; all of those attached to the console
 * see its output.
 */
#define CONTROL_LINE_MAX   4096
#define CONTROL_ANSWER_MAX 65536

#define CONTROL_BY_SERVICE "service" /* the child's shutdown service */
#define CONTROL_BY_BUTTON  "button"  /* its power button */

#define CONTROL_STATE_STARTING "starting"
#define CONTROL_STATE_RUNNING  "running"
#define CONTROL_STATE_PAUSED   "paused"
#define CONTROL_STATE_ENDING   "ending"

/*
 * How a worker ends. The monitor starts it again after CONTROL_EXIT_RESET
 * and records the others; a signal means that the worker itself crashed.
 */
enum control_exit {
	CONTROL_EXIT_POWER_OFF = 0, /* the child powered itself off */
	CONTROL_EXIT_RESET = 64,    /* the child asked for a reset */
	CONTROL_EXIT_CRASH = 65,    /* the child cannot go on: triple fault */
	CONTROL_EXIT_KILLED = 66,   /* somebody said kill */
	CONTROL_EXIT_CONFIG = 67,   /* description, kernel or a file is bad */
	CONTROL_EXIT_ERROR = 70,    /* the worker or its host failed */
};
