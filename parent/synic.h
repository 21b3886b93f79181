/* SPDX-License-Identifier: GPL-2.0-only */
/* This kernel's side of the synthetic interrupt controller, and its kernel
 * hook. */
#pragma once

int synic_init(void);
void synic_exit(void);

/* kernel_hyperv.c: 0 or -errno; the handler runs in interrupt context */
bool kernel_hyperv_present(void);
bool kernel_hyperv_handler_shared(void);
void kernel_hyperv_attach(void (*handler)(void));
void kernel_hyperv_detach(void);
