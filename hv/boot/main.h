/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What entry.S and the C of boot know of each other. */
#pragma once

#include <stdint.h>

/* The boot processor's block and stack (x86/processor.h). */
extern uint8_t boot_stack[];

/* EAX and EBX as the boot loader left them. Does not return. */
void boot_main(uint32_t magic, uint32_t information) __attribute__((noreturn));
