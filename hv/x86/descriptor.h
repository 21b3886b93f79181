/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The segments of the hypervisor: one of code, one of data, no task. */
#pragma once

#define DESCRIPTOR_CODE 0x08
#define DESCRIPTOR_DATA 0x10

#ifndef __ASSEMBLER__
/* Loads table and segment registers, FS and GS empty: every processor. */
void descriptor_load(void);
#endif
