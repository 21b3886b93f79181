/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Synthetic network adapter, served to the child's netvsc driver over VMBus:
 * NVSP carries buffers and packets, RNDIS inside of it frames and settings.
 */
#pragma once

#include "worker/device.h"
#include "worker/vmbus/vmbus.h"

struct netvsp;

struct netvsp_options {
	const char *name; /* for the log; must outlive the adapter */
	struct vmbus_server *server;
	const struct memory *memory;
	struct vmbus_guid instance; /* unique in the child, stable */
	uint8_t mac[NETWORK_MAC_SIZE];
	struct network_link *link; /* outlives the adapter; up at first */
};

/* Connects itself to the link. NULL: the server has no channel left. */
struct netvsp *netvsp_create(const struct netvsp_options *options);

/* After vmbus_server_reset() and idle(). The link has no device any more. */
void netvsp_destroy(struct netvsp *netvsp);

/* The child's network is another one now: it should ask for an address. */
void netvsp_network_changed(struct netvsp *netvsp);

/* Since creation. "In" is what the child receives. */
struct netvsp_statistics {
	uint64_t in_frames;
	uint64_t in_bytes;
	uint64_t in_multicast; /* of the frames, broadcasts not among them */
	uint64_t in_broadcast;
	uint64_t in_filtered;  /* the child did not ask for them */
	uint64_t in_discarded; /* it has no driver, or they are too long */
	uint64_t in_errors;    /* headers do not fit what was said of them */
	uint64_t in_no_room;   /* times that the link was told to wait */
	uint64_t in_segmented; /* frames that were cut here, and */
	uint64_t in_checksums; /* those whose checksum was made here */
	uint64_t out_frames;
	uint64_t out_bytes;
	uint64_t out_multicast;
	uint64_t out_broadcast;
	uint64_t out_discarded; /* the link was down */
	uint64_t out_errors;	/* not valid */
	uint64_t out_segmented;
	uint64_t out_checksums;
	uint64_t control_messages;
};

struct netvsp_statistics netvsp_statistics_read(const struct netvsp *netvsp);

/* For the log and tools: what was agreed on with the child. */
struct netvsp_state {
	uint32_t nvsp_version; /* 0: no driver */
	uint32_t mtu;	       /* the child's, bytes of IP */
	uint32_t packet_filter;
	uint32_t receive_sections;
	uint32_t receive_sections_in_use;
	uint32_t send_sections;
	uint8_t mac[NETWORK_MAC_SIZE]; /* the child may choose one */
	bool link_up;
};

struct netvsp_state netvsp_state_read(const struct netvsp *netvsp);
