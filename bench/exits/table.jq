# SPDX-License-Identifier: GPL-2.0-or-later
# exits.json as a table for people.
def texts: {
	cpuid: "CPUID",
	msr_read: "MSR read (APIC base)",
	hypercall_null: "hypercall, refused",
	apic_by_memory: "local APIC register in memory (a nested fault)",
	first_touch: "first touch of a page of RAM (a nested fault where mapped late)",
	interrupt_to_self: "interrupt to itself: send, take, EOI",
	halt_and_wake: "the same with HLT between",
	timer_wake: "timer: arm, HLT, wake, EOI",
	ipi_round_trip: "IPI to a halted processor and one back",
	unmapped_read: "read where nothing is (user space answers)",
	signal_and_answer: "signal to user space and its interrupt back",
	uart_character: "one character to the 16550"
};
# Through user space work is left over for later: the mean has it, the median not.
def by_mean: ["unmapped_read", "signal_and_answer", "uart_character", "timer_wake"];
def figure($name): if . == null then null elif (by_mean | index($name)) then .mean else .median end;
def show: if . == null then "–" else round | tostring end;
def split: if . == null then "–" else .mean_of | "\(.hypervisor | round) / \(.kernel | round) / \(.user | round)" end;
def split_kvm: if . == null then "–" else .mean_of | "\(.kernel | round) / \(.user | round)" end;
def verdict($aim; $strict): if . == null then "not measured"
	elif . < $aim or (($strict | not) and . == $aim) then "met" else "MISSED" end;

. as $all
| (.kvm.operations // {}) as $kvm | (.bulkhead.operations // {}) as $ours
| (.bare.operations // {}) as $bare | (.eventfd.operations // {}) as $eventfd
| def rival($name): if $name == "signal_and_answer" then $eventfd[$name] else $kvm[$name] end;
"Instructions per round trip, the empty measurement taken off. Median; of what goes through user space, and",
"of timers, the mean, which has the work that is done later. \"of that\": means, hypervisor / parent's kernel / worker, and",
"KVM's kernel / QEMU; the guest's own are the rest.",
"",
"| operation | Bulkhead | of that | KVM + QEMU | of that | bare |",
"|---|---|---|---|---|---|",
(texts | keys_unsorted[] | . as $name | select($ours[$name] or $kvm[$name] or $bare[$name])
	| "| \(texts[$name]) | \($ours[$name] | figure($name) | show) | \($ours[$name] | split) | \(
		rival($name) | figure($name) | show) | \(rival($name) | split_kvm) | \($bare[$name] | figure($name) | show) |"),
"",
"The signal is a SCSI TEST UNIT READY on VMBus to the worker; beside it KVM's ioeventfd and irqfd with a",
"monitor that does nothing else (`kvm_signal.c`), not QEMU.",
"",
"| aim | measured | |",
"|---|---|---|",
(["cpuid", "msr_read", "hypercall_null"][] | . as $name | ($ours[$name] | figure($name)) as $value
	| "| \(texts[$name]): at most 250 | \($value | show) | \($value | verdict(250; false)) |"),
(($ours.timer_wake | figure("timer_wake")) as $value
	| "| timer wake from HLT: at most 8,000 | \($value | show) | \($value | verdict(8000; false)) |"),
(["uart_character", "signal_and_answer"][] | . as $name | ($ours[$name] | figure($name)) as $value
	| (rival($name) | figure($name)) as $other
	| "| \(texts[$name]): fewer than KVM's \($other | show) | \($value | show) | \(
		if $other == null then "not compared" else ($value | verdict($other; true)) end) |"),
"",
(["bulkhead", "kvm", "eventfd", "bare"][] | . as $name | $all[$name] | select(.)
	| "- \($name): \(.date), commit \(.commit), \(.qemu); \(.runs) runs (\(.failed) failed), the last two apart by at most \(.apart_percent) %.")
