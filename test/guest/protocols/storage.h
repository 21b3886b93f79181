/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests to the SCSI controller, right until something is changed. */
#pragma once

#include "protocols.h"

#include "abi/vmbus/storage.h"

struct storage_request {
	struct storvsp_packet packet;
	size_t packet_size;
	uint16_t type; /* VMBUS_PACKET_* */
	/* Of a GPA-direct packet. */
	struct {
		uint32_t reserved;
		uint32_t range_count;
		uint32_t byte_count;
		uint32_t byte_offset;
		uint64_t page;
	} pages;
};

/* A read of the first sector, which is full of the letter S. */
struct storage_request storage_read(void);
/* An operation of setting up. */
struct storage_request storage_operation(uint32_t operation);

void storage_put(const struct storage_request *request, uint64_t transaction);
/* Waits for the answer to one of them. */
bool storage_answer(uint64_t transaction, struct storvsp_packet *answer);
bool storage_ask(const struct storage_request *request,
		 struct storvsp_packet *answer);
bool storage_set_up(void);
