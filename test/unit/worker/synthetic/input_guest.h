/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The child's side of keyboard and mouse. */
#pragma once

#include "../vmbus/guest.h"

/* Connects; the offer of the one device that is on the server. */
struct vmbus_offer_channel input_guest_offer(struct guest *guest);

/* An in-band packet that wants a completion if its transaction is not 0. */
bool input_guest_send(struct guest_channel *channel, uint64_t transaction,
		      const void *payload, size_t size);
/* The next packet has to be in-band; its payload, padding included. */
size_t input_guest_expect(struct guest_channel *channel, void *payload,
			  size_t capacity);
void input_guest_expect_completion(struct guest_channel *channel,
				   uint64_t transaction);
void input_guest_expect_none(struct guest_channel *channel);
