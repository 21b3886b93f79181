/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * All that device code knows of the world: memory spans, interrupt lines,
 * timers, back ends. No operating system in here, and none in the device
 * rooms (vmbus, synthetic, emulated): core and backend implement it.
 *
 * Every call into a device, and every callback out of it, is made with the
 * machine's one lock held, so device code needs no locks of its own and must
 * not wait for anything. Device state is plain structures that can be
 * written out: no state on stacks, none in hidden callbacks.
 */
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- Guest memory ---- */

struct memory_range {
	uint64_t gpa;
	uint64_t size;
	uint8_t *base; /* where the worker sees it */
};

#define MEMORY_RANGES_MAX 4

/* The child's RAM; ranges are sorted and do not touch. */
struct memory {
	unsigned int count;
	struct memory_range ranges[MEMORY_RANGES_MAX];
};

/* A run of bytes in the worker's own view. */
struct span {
	void *base;
	size_t size;
};

/*
 * Copy to, or from, the bytes at offset behind a list of spans; returns how
 * many there were, at most size.
 */
static inline uint64_t spans_copy(const struct span *spans, unsigned int count,
				  uint64_t offset, uint8_t *from_or_to,
				  uint64_t size, bool write)
{
	uint64_t moved = 0;

	for (; count && moved < size; spans++, count--) {
		if (offset >= spans->size) {
			offset -= spans->size;
			continue;
		}

		uint8_t *const at = (uint8_t *)spans->base + offset;
		uint64_t chunk = spans->size - offset;

		if (chunk > size - moved)
			chunk = size - moved;
		if (write)
			__builtin_memcpy(at, from_or_to + moved, chunk);
		else
			__builtin_memcpy(from_or_to + moved, at, chunk);
		moved += chunk;
		offset = 0;
	}
	return moved;
}

static inline uint64_t spans_write(const struct span *spans, unsigned int count,
				   uint64_t offset, const void *from,
				   uint64_t size)
{
	return spans_copy(spans, count, offset, (uint8_t *)(uintptr_t)from,
			  size, true);
}

static inline uint64_t spans_read(const struct span *spans, unsigned int count,
				  uint64_t offset, void *to, uint64_t size)
{
	return spans_copy(spans, count, offset, (uint8_t *)to, size, false);
}

/*
 * The worker's view of [gpa, gpa + size); NULL unless all of it is in one
 * range of RAM. The child can write it at any time: copy before checking.
 */
void *memory_at(const struct memory *memory, uint64_t gpa, uint64_t size);

/* Copy out of and into the child; false, and nothing done, outside RAM. */
bool memory_read(const struct memory *memory, uint64_t gpa, void *to,
		 uint64_t size);
bool memory_write(const struct memory *memory, uint64_t gpa, const void *from,
		  uint64_t size);

/* ---- Interrupt lines ---- */

/* One wire. set() may be called with the level it already has. */
struct irq_line {
	void (*set)(struct irq_line *line, bool level);
	void *owner; /* whom the wire ends in */
	unsigned int number;
};

static inline void irq_set(struct irq_line *line, bool level)
{
	if (line && line->set)
		line->set(line, level);
}

/* ---- Time ---- */

struct clock;

/* A one-shot timer inside a device; clock and expired are set once. */
struct device_timer {
	struct clock *clock;
	void (*expired)(void *owner);
	void *owner;
	uint64_t deadline_ns; /* valid while armed */
	bool armed;
	struct device_timer *next; /* the clock's list */
};

/* Nanoseconds since the machine's start; stands still while it is paused. */
struct clock {
	uint64_t (*now_ns)(struct clock *clock);
	/* Wall time, seconds since 1970, for the RTC and time services. */
	int64_t (*wall_seconds)(struct clock *clock);
	void (*arm)(struct device_timer *timer, uint64_t deadline_ns);
	void (*disarm)(struct device_timer *timer);
	/* Wall time in nanoseconds since 1970; goes on while paused. */
	int64_t (*wall_ns)(struct clock *clock);
};

/* ---- Ports and memory-mapped registers ---- */

/* size is 1, 2, 4 or 8; offset is relative to the range. */
struct io_operations {
	uint64_t (*read)(void *device, uint64_t offset, unsigned int size);
	void (*write)(void *device, uint64_t offset, unsigned int size,
		      uint64_t value);
};

enum io_space {
	IO_PORT,
	IO_MEMORY
};

struct io_range {
	enum io_space space;
	uint64_t base;
	uint64_t size;
	const struct io_operations *operations;
	void *device;
	const char *name;
};

/* ---- Block ---- */

enum block_operation {
	BLOCK_READ,
	BLOCK_WRITE,
	BLOCK_FLUSH,
	BLOCK_DISCARD,	    /* spans empty; length counts */
	BLOCK_WRITE_ZEROES, /* likewise */
};

#define BLOCK_SPANS_MAX 520 /* 2 MiB of 4 KiB pages, and odd ends */

/*
 * One request. The submitter owns it until done() is called, exactly once,
 * with the machine's lock held; error is 0 or a positive errno-like value of
 * enum block_error. Spans are the child's own memory.
 */
enum block_error {
	BLOCK_OK = 0,
	BLOCK_EIO,
	BLOCK_ENOSPC,
	BLOCK_EREADONLY,
	BLOCK_EUNSUPPORTED,
};

struct block_request {
	enum block_operation operation;
	bool fua;	 /* BLOCK_WRITE: on stable storage before done() */
	uint64_t offset; /* bytes */
	uint64_t length; /* bytes */
	const struct span *spans;
	unsigned int span_count;
	void (*done)(struct block_request *request, enum block_error error);
	void *owner;
};

struct block_device {
	uint64_t size;	       /* bytes, multiple of logical_size */
	uint32_t logical_size; /* 512 or 4096 */
	uint32_t physical_size;
	bool readonly;
	bool discards;
	char identity[64]; /* stable name, printable */
	void (*submit)(struct block_device *device,
		       struct block_request *request);
	/*
	 * Optional. Between plug(true) and plug(false), which nest, requests
	 * may be held back to start together; done() may be called from
	 * within plug(false), never from within submit().
	 */
	void (*plug)(struct block_device *device, bool on);
	void *owner;
};

/* ---- SCSI ---- */

#define SCSI_CDB_SIZE	 16
#define SCSI_SENSE_SIZE	 18 /* fixed format */
#define SCSI_EXTENTS_MAX 16

/*
 * One command. The submitter owns it until done() is called, exactly once
 * and possibly from within execute(). Spans are the child's own memory; the
 * target may shorten the list to what the command moves.
 */
struct scsi_request {
	uint8_t cdb[SCSI_CDB_SIZE]; /* zeroes after cdb_length */
	uint8_t cdb_length;
	struct span *spans;
	unsigned int span_count;
	uint64_t length; /* of the spans, bytes */
	void (*done)(struct scsi_request *request);
	void *owner;

	/* The outcome, valid at done(). */
	uint8_t status; /* SAM: 0 good, 2 check condition */
	uint8_t sense_length;
	uint8_t sense[SCSI_SENSE_SIZE];
	uint64_t transferred; /* bytes moved to or from the spans */

	/* The target's own. */
	void *target;
	struct block_request block;
	struct scsi_extent {
		uint64_t offset;
		uint64_t length;
	} extents[SCSI_EXTENTS_MAX];
	unsigned int extent_count;
	unsigned int extent_next;
};

/* One logical unit. */
struct scsi_device {
	void (*execute)(struct scsi_device *device,
			struct scsi_request *request);
	/* Optional, as of a block device. */
	void (*plug)(struct scsi_device *device, bool on);
	void *owner;
};

/* ---- Characters ---- */

/* Where a device's characters go. write() takes all of it, never waits. */
struct console {
	void (*write)(struct console *console, const uint8_t *data,
		      size_t size);
	void *owner;
};

/* ---- Network ---- */

#define NETWORK_MAC_SIZE 6
#define NETWORK_MTU_MIN	 1280u
#define NETWORK_MTU_MAX	 9000u

enum network_segmentation {
	NETWORK_WHOLE,	  /* the frame is as it goes on the wire */
	NETWORK_TCP_IPV4, /* many segments in one, IPv4 or */
	NETWORK_TCP_IPV6,
};

/* What a frame still needs before it is on a wire, or what is known of it. */
struct network_offload {
	/*
	 * The sum of all from checksum_start belongs into the two bytes at
	 * checksum_start + checksum_offset, where the pseudo header's is.
	 */
	bool checksum_missing;
	bool checksum_verified; /* TCP's or UDP's: nobody need look again */
	uint16_t checksum_start;
	uint16_t checksum_offset;
	enum network_segmentation segmentation;
	uint16_t segment_size; /* bytes of TCP payload in each segment */
	uint16_t header_size;  /* Ethernet to TCP, repeated in each segment */
};

/* An Ethernet frame without FCS, a VLAN tag in its place if it has one. */
struct network_frame {
	const struct span *spans;
	unsigned int span_count;
	uint32_t size; /* bytes of all spans */
	struct network_offload offload;
};

/* A wire between one network device and one back end. */
struct network_link {
	/* Set by the back end before a device is connected. */
	uint32_t mtu;	/* 1280 to NETWORK_MTU_MAX */
	bool checksums; /* send() takes frames that miss their sum */
	bool segments;	/* and frames to be cut; receive() may get some */
	/* Takes the frame's bytes before it returns, or drops them. */
	void (*send)(struct network_link *link,
		     const struct network_frame *frame);
	/* The device has room again after receive() said false. */
	void (*resume)(struct network_link *link);
	void *owner;

	/* Set by the device; NULL as long as there is none. */
	/* False: no room now, keep the frame (or drop it) until resume(). */
	bool (*receive)(void *device, const struct network_frame *frame);
	void (*carrier)(void *device, bool up);
	void *device;
};

/* ---- Human input ---- */

enum input_result {
	INPUT_TAKEN,
	INPUT_FULL,   /* no room now; the same again in a while */
	INPUT_ABSENT, /* nobody in the child drives the device (yet) */
};

/* A key goes down or up, by scan code set 1. */
struct input_key {
	uint8_t code; /* 1 to 0x7f */
	bool e0;      /* prefixes */
	bool e1;
	bool release;
};

#define INPUT_POINTER_MAX 32767u

#define INPUT_BUTTON_LEFT   0x1u
#define INPUT_BUTTON_RIGHT  0x2u
#define INPUT_BUTTON_MIDDLE 0x4u
#define INPUT_BUTTONS	    0x7u

/* All of a pointer: where it is and what is held down. */
struct input_pointer {
	uint16_t x; /* 0 left to INPUT_POINTER_MAX right */
	uint16_t y; /* 0 top to INPUT_POINTER_MAX bottom */
	uint8_t buttons;
	int8_t wheel; /* steps turned, away from the user above 0 */
};

/*
 * Where a person's input goes; what has no device is NULL. Events that were
 * taken reach the child in order, none left out, as long as its driver
 * stays; devices hold a limited number of them.
 */
struct input {
	enum input_result (*key)(void *keyboard, const struct input_key *key);
	void *keyboard;
	enum input_result (*point)(void *pointer,
				   const struct input_pointer *at);
	void *pointer;
};

/* ---- SynIC, as VMBus needs it ---- */

#define SYNIC_MESSAGE_SIZE 240

struct synic_port {
	/*
	 * Posts a message of type 1 to SINT sint of vp. False: the slot is
	 * taken; synic_port.ready is called when it is worth trying again.
	 */
	bool (*post_message)(struct synic_port *port, uint32_t vp,
			     uint32_t sint, const void *payload, size_t size);
	/* Sets event flag of SINT sint on vp; interrupts on 0 -> 1. */
	void (*signal_event)(struct synic_port *port, uint32_t vp,
			     uint32_t sint, uint32_t flag);
	/*
	 * From on (or off), a guest's SignalEvent to connection calls
	 * signalled(). False: no room.
	 */
	bool (*listen)(struct synic_port *port, uint32_t connection, bool on);
	void *owner;

	/* Set by the VMBus server. */
	void (*ready)(void *server);
	void (*message)(void *server, uint32_t connection, const void *payload,
			size_t size);
	void (*signalled)(void *server, uint32_t connection);
	void *server;
};

/* ---- What a device may ask of its machine ---- */

enum machine_event {
	MACHINE_POWER_OFF, /* the child asked for it, e.g. ACPI S5 */
	MACHINE_RESET,
	MACHINE_BROKEN, /* the child cannot go on, e.g. triple fault */
};

struct machine_port {
	void (*event)(struct machine_port *port, enum machine_event event,
		      const char *why);
	void *owner;
};

/*
 * One log line, "NAME DEVICE: text". Lines that a child can provoke at will
 * are limited: at most LOG_BURST of one kind, then a count.
 */
void device_log(const char *device, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Zeroed memory for device state; never NULL (the worker ends instead). */
void *device_allocate(size_t size);
void device_free(void *memory);
