/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is said to the network adapter, in NVSP and in RNDIS. */
#pragma once

#include "protocols.h"

#include "abi/vmbus/network.h"

#define NETWORK_PAGES	26u
#define NETWORK_SECTION 6144u /* of the send buffer */

extern uint8_t network_send_buffer[NETWORK_PAGES * HV_PAGE_SIZE];

/* An NVSP message, and the adapter's answer to it. */
bool network_ask(const struct nvsp_message *message,
		 struct nvsp_message *answer);
/* One to which the channel is closed. */
bool network_tell(const struct nvsp_message *message);

/* Sends what lies at the send buffer's begin; the status of the answer. */
uint32_t network_send(uint32_t size);
/* Any send; the status of the answer. */
uint32_t network_send_as(uint32_t section, uint32_t size);
/* A send of pages that the packet names. */
uint32_t network_send_page(uint64_t page, uint32_t size);

/* The adapter's next RNDIS message of its own, which is acknowledged. */
bool network_receive(void *message, size_t capacity);
/* The same, left unacknowledged: its transaction. */
uint64_t network_receive_only(void);
void network_acknowledge(uint64_t transaction);

bool network_set_up(void);
bool network_works(void);
void network_closed(void);
