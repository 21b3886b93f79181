# SPDX-License-Identifier: GPL-2.0-or-later
# disk.json as a table for people. The figures in brackets were measured before, on the same machine with
# QEMU 10.0 (the better of microvm with virtio-mmio and pc with virtio-pci) and Xen 4.17 PVH.
def jobs: [
	{key: "rand1", text: "4 KiB random read, depth 1", aim: 35000, bare: 11400, kvm: 62500, xen: 101000},
	{key: "rand32", text: "4 KiB random read, depth 32", aim: 20000, bare: 11400, kvm: 62500, xen: 30300},
	{key: "seq", text: "1 MiB sequential read", aim: 340000, bare: 301000, kvm: 399000, xen: 844000}
];
def show: if . == null then "–" else tostring end;
def verdict($aim): if . == null then "not measured" elif . <= $aim then "met" else "MISSED" end;

. as $all
| "Instructions per request, all of them: child, hypervisor, parent, worker. In brackets: measured earlier (docs/platform.md).",
"",
"| job | Bulkhead | aim | | KVM + QEMU | bare | Xen |",
"|---|---|---|---|---|---|---|",
(jobs[] | . as $job | $all.bulkhead.jobs[.key].instructions as $ours
	| "| \(.text) | \($ours | show) | \(.aim) | \($ours | verdict($job.aim)) | \(
		$all.kvm.jobs[.key].instructions | show) (\(.kvm)) | \($all.bare.jobs[.key].instructions | show) (\(.bare)) | (\(.xen)) |"),
"",
"Where they are executed, Bulkhead:",
"",
"| job | child | hypervisor | parent's kernel | worker | entries of the child | of the parent |",
"|---|---|---|---|---|---|---|",
(jobs[] | . as $job | $all.bulkhead.jobs[.key] | select(.)
	| "| \($job.text) | \(.other_kernel + .other_user) | \(.hypervisor) | \(.first_kernel) | \(.first_user) | \(.entries_other) | \(.entries_first) |"),
"",
"and KVM:",
"",
"| job | child | KVM and Linux | QEMU | entries of the child |",
"|---|---|---|---|---|",
(jobs[] | . as $job | $all.kvm.jobs[.key] | select(.)
	| "| \($job.text) | \(.first_kernel + .first_user) | \(.host_kernel) | \(.host_user) | \(.entries_first) |"),
"",
"Exits of the child in the long run of each job, by kind, with fio's start:",
"",
(jobs[] | . as $job | $all.bulkhead.long_run_exits[.key] | select(.)
	| "- \($job.text): " + (to_entries | map(select(.value != 0)) | sort_by(-.value) | map("\(.key) \(.value)") | join(", "))),
"",
(["bulkhead", "kvm", "bare"][] | . as $name | $all[$name] | select(.)
	| "- \($name): \(.date), commit \(.commit), \(.qemu); \(.runs) runs (\(.failed) failed), the last two apart by at most \(.apart_percent) %.")
