/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What count.c uses of QEMU's plugin interface, version 1 (QEMU 7.2), since
 * distributions package no header for it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PLUGIN_API 1

/* Types that are QEMU's own business. */
struct plugin_tb;
struct plugin_insn;
struct plugin_info;

typedef void (*plugin_translated)(uint64_t id, struct plugin_tb *tb);
typedef void (*plugin_executed)(unsigned int vcpu, void *data);
typedef void (*plugin_accessed)(unsigned int vcpu, uint32_t info,
				uint64_t address, void *data);
typedef void (*plugin_ended)(uint64_t id, void *data);

enum plugin_registers {
	PLUGIN_NO_REGISTERS,
};

/* 1 and 2 are reads and writes, but QEMU 7.2 takes one for the other. */
enum plugin_access {
	PLUGIN_READS_AND_WRITES = 3,
};

enum plugin_operation {
	PLUGIN_ADD_U64,
};

size_t qemu_plugin_tb_n_insns(const struct plugin_tb *tb);
struct plugin_insn *qemu_plugin_tb_get_insn(const struct plugin_tb *tb,
					    size_t index);
uint64_t qemu_plugin_insn_vaddr(const struct plugin_insn *insn);
const void *qemu_plugin_insn_data(const struct plugin_insn *insn);
size_t qemu_plugin_insn_size(const struct plugin_insn *insn);
void qemu_plugin_register_vcpu_tb_trans_cb(uint64_t id,
					   plugin_translated callback);
void qemu_plugin_register_vcpu_insn_exec_cb(struct plugin_insn *insn,
					    plugin_executed callback,
					    enum plugin_registers registers,
					    void *data);
void qemu_plugin_register_vcpu_insn_exec_inline(struct plugin_insn *insn,
						enum plugin_operation operation,
						void *counter, uint64_t value);
void qemu_plugin_register_vcpu_mem_cb(struct plugin_insn *insn,
				      plugin_accessed callback,
				      enum plugin_registers registers,
				      enum plugin_access access, void *data);
void qemu_plugin_register_atexit_cb(uint64_t id, plugin_ended callback,
				    void *data);
