/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where the linker put the parts of the image (bulkhead.ld). */
#pragma once

#include <stdint.h>

extern uint8_t image_start[]; /* at the image's virtual place */
extern uint8_t image_text[];
extern uint8_t image_rodata[];
extern uint8_t image_data[];
extern uint8_t image_end[];
