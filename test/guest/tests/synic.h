/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Message slots and synthetic timers of whichever processor asks. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "abi/synic.h"

/* Pages and SynIC on, and one SINT set. */
void synic_on(uint32_t sint, uint64_t value);
/* All off, and all slots empty. */
void synic_off(void);

struct hv_message *synic_slot(uint32_t sint);
/* Empties the slot; whether a message waited, which EOM has asked for. */
bool synic_release(uint32_t sint);
/* Waits for a timer's message, with interrupts as they are. */
bool synic_wait(uint32_t sint);
/* A message at once, by a timer that is due long since. */
void synic_send(uint32_t timer, uint32_t sint);
