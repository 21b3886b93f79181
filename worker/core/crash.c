/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is logged when a child cannot go on, or says that it cannot. */
#include "crash.h"
#include "hvcall.h"
#include "log.h"
#include "machine.h"
#include "vp.h"

#include "abi/msr.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define CRASH_REGISTERS 5u
#define CRASH_TEXT_MAX	4096u
#define CRASH_LINES_MAX 100u

void crash_report_state(struct vp *vp)
{
	static const char names[HV_GPR_COUNT][4] = {
		"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
		"r8",  "r9",  "r10", "r11", "r12", "r13", "r14", "r15",
	};
	struct insn_cpu cpu;

	if (!vp_load(vp, &cpu))
		return;
	device_log(
		"vp", "%u: rip %#" PRIx64 " rflags %#" PRIx64 " cs %#x ss %#x",
		vp->index, cpu.rip, cpu.rflags, cpu.segments[INSN_CS].selector,
		cpu.segments[INSN_SS].selector);
	device_log("vp",
		   "%u: cr0 %#" PRIx64 " cr3 %#" PRIx64 " cr4 %#" PRIx64
		   " efer %#" PRIx64,
		   vp->index, cpu.cr0, cpu.cr3, cpu.cr4, cpu.efer);
	for (unsigned int i = 0; i < HV_GPR_COUNT; i += 4)
		device_log("vp",
			   "%u: %s %016" PRIx64 " %s %016" PRIx64
			   " %s %016" PRIx64 " %s %016" PRIx64,
			   vp->index, names[i], cpu.gprs[i], names[i + 1],
			   cpu.gprs[i + 1], names[i + 2], cpu.gprs[i + 2],
			   names[i + 3], cpu.gprs[i + 3]);
}

/* Without what Linux puts before each line: "<4>[   12.345678] ". */
static const char *line_text(const char *line)
{
	const char *end;

	if (line[0] == '<' && (end = strchr(line, '>')))
		line = end + 1;
	if (line[0] == '[' && (end = strstr(line, "] ")))
		line = end + 2;
	return line;
}

/* A child chose it, and programs read it as JSON: ASCII only. */
static void keep_cause(struct machine *machine, const char *text)
{
	char *cause = machine->crash_cause;
	size_t i = 0;

	loop_lock(&machine->loop);
	for (; i < MACHINE_CAUSE_SIZE - 1 && text[i]; i++)
		cause[i] = text[i] >= ' ' && text[i] <= '~' ? text[i] : '?';
	cause[i] = '\0';
	loop_unlock(&machine->loop);
}

/* The last lines that fit in; earlier ones tell less of the crash. */
static char *last_lines(char *text)
{
	char *at = text + strlen(text);
	unsigned int lines = 0;

	while (at > text && (at[-1] != '\n' || ++lines <= CRASH_LINES_MAX))
		at--;
	return at;
}

/* The tail of the guest's own log, each line as one of ours. */
static void report_text(struct machine *machine, uint64_t gpa, uint64_t size)
{
	static const char panic[] = "Kernel panic - not syncing";
	char text[CRASH_TEXT_MAX + 1];
	char *rest, *line;

	if (size > CRASH_TEXT_MAX)
		size = CRASH_TEXT_MAX;
	if (!memory_read(&machine->memory.view, gpa, text, size))
		return;
	text[size] = '\0';
	rest = last_lines(text);
	while ((line = strsep(&rest, "\n"))) {
		if (strstr(line, panic))
			keep_cause(machine, line_text(line));
		if (*line)
			log_text("crash", line);
	}
}

/* What there is to tell of a crash that comes without a text. */
static void report_numbers(struct machine *machine, uint32_t vp,
			   const struct hv_register_assoc *elements)
{
	char text[MACHINE_CAUSE_SIZE];

	snprintf(text, sizeof(text),
		 "vp %u reports a crash: %#" PRIx64 " %#" PRIx64 " %#" PRIx64
		 " %#" PRIx64 " %#" PRIx64,
		 vp, elements[0].value.u64, elements[1].value.u64,
		 elements[2].value.u64, elements[3].value.u64,
		 elements[4].value.u64);
	device_log("crash", "%s", text);
	if (!atomic_load(&machine->crash_told))
		keep_cause(machine, text);
}

void crash_report_message(struct vp *vp, unsigned long long control)
{
	struct hv_register_assoc elements[CRASH_REGISTERS] = {0};
	const struct hvcall_registers registers = {
		.vp = vp->index,
		.count = CRASH_REGISTERS,
		.elements = elements,
	};

	for (unsigned int i = 0; i < CRASH_REGISTERS; i++)
		elements[i].name = HV_REGISTER_GUEST_CRASH_P0 + i;
	if (hvcall_get_registers(vp->machine->partition.fd, &registers)) {
		device_log("crash", "vp %u reports a crash", vp->index);
		return;
	}
	if (!(control & HV_MSR_CRASH_MESSAGE)) {
		report_numbers(vp->machine, vp->index, elements);
		return;
	}
	device_log("crash",
		   "vp %u reports a crash, its last words:", vp->index);
	/* The text once: a child could write it for ever. */
	if (!atomic_exchange(&vp->machine->crash_told, true))
		report_text(vp->machine, elements[3].value.u64,
			    elements[4].value.u64);
}
