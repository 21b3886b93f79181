/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The end of a logical processor: what it was doing, for whoever reads it. */
#pragma once

#include "interrupt.h"

/* An exception inside the hypervisor. */
void panic_exception(const struct interrupt_frame *frame)
	__attribute__((noreturn));
