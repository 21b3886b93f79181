/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is logged when a child cannot go on, or says that it cannot. */
#include "crash.h"
#include "hvcall.h"
#include "log.h"
#include "machine.h"
#include "vp.h"

#include "abi/msr.h"

#include <inttypes.h>
#include <string.h>

#define CRASH_REGISTERS 5u
#define CRASH_TEXT_MAX	4096u
#define CRASH_LINES_MAX 40u

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

/* The tail of the guest's own log, each line as one of ours. */
static void report_text(const struct machine *machine, uint64_t gpa,
			uint64_t size)
{
	char text[CRASH_TEXT_MAX + 1];
	unsigned int lines = 0;
	char *rest = text, *line;

	if (size > CRASH_TEXT_MAX)
		size = CRASH_TEXT_MAX;
	if (!memory_read(&machine->memory.view, gpa, text, size))
		return;
	text[size] = '\0';
	while ((line = strsep(&rest, "\n")) && lines++ < CRASH_LINES_MAX)
		if (*line)
			log_text("crash", line);
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
	device_log("crash",
		   "vp %u reports a crash: %#" PRIx64 " %#" PRIx64 " %#" PRIx64
		   " %#" PRIx64 " %#" PRIx64,
		   vp->index, elements[0].value.u64, elements[1].value.u64,
		   elements[2].value.u64, elements[3].value.u64,
		   elements[4].value.u64);
	/* The text once: a child could write it for ever. */
	if ((control & HV_MSR_CRASH_MESSAGE) &&
	    !atomic_exchange(&vp->machine->crash_told, true))
		report_text(vp->machine, elements[3].value.u64,
			    elements[4].value.u64);
}
