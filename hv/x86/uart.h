/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The debug UART: a 16550 that the log is written to, nothing read. */
#pragma once

#include "../lib/types.h"

/* Programs 115200 8N1 without interrupts; false if nothing answers there. */
bool uart_start(uint16_t port);

/* A print_sink; a line feed gets its carriage return. */
void uart_write(char c);
