#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# No SignalEvent stops a virtual processor: one child runs fio on its disk, another iperf3 through its
# network, both ways; their signals are counted in thousands, the calls that reach the parent are none.
#
#   signals.sh FLAVOUR     the children's kernel
. "$(dirname "$0")/lib.sh"
flavour=$1

tool iperf3 /usr/bin/iperf3
bundle traffic "$tool"
child_cmdline=child.net child_memory=256M
child net enlightened "$flavour" "$root/test/boot/signals-net.sh" "$tool"
tool_libraries=
child_disk=$(disk_copy root) child_cmdline="root=/dev/sda rw" child_memory=384M
child disk enlightened "$flavour" "$root/test/boot/signals-disk.sh"

parent_script --timeout 500 --put "$work/traffic.tar" "$work/disk.conf" "$work/net.conf" <<'SCRIPT' || fail "./run: $?"
tar -C / -xf /host/files/traffic.tar || fail "no room for iperf3"
iperf3 -s -D
start disk net
said disk '^ready' 200
said net '^ready' 200
hvctl stats --json >/tmp/before.json
for name in disk net; do
	echo go | hvctl console $name >/dev/null &
done
said disk '^done' 200
said net '^done' 200
hvctl stats --json >/tmp/after.json
# What has grown, in one object per child.
jq -n --slurpfile before /tmp/before.json --slurpfile after /tmp/after.json '
	def grown(a; b): b | with_entries(.value -= (a[.key] // 0));
	$after[0] | with_entries(.key as $name | .value = {
		signals: (.value.hypervisor.signals - $before[0][$name].hypervisor.signals),
		parent_intercepts: (.value.hypervisor.parent_intercepts -
			$before[0][$name].hypervisor.parent_intercepts),
		intercepts: grown($before[0][$name].intercepts; .value.intercepts),
		exits: grown($before[0][$name].hypervisor.exits; .value.hypervisor.exits)
	})' >/host/out/grown.json || fail "no figures"
jq -c 'to_entries[]' /host/out/grown.json
for name in disk net; do
	echo end | hvctl console $name >/dev/null &
	ended $name 60
	[ "$(field $name cause)" = powered-off ] || fail "$name ended by $(field $name cause)"
done
exit 0
SCRIPT

for name in disk net; do
	cat "$work/$name.serial"
	expect "$work/$name.serial" 'work ended with status 0'
done
grown=$work/run/share/out/grown.json
echo "what grew between ready and done:"
jq -c 'to_entries[]' "$grown"
# The console's registers may stop a processor, nothing else may.
jq -e 'length == 2 and all(.[]; .signals >= 2000 and .exits.hypercall >= .signals and
	.intercepts.hypercall == 0 and
	(.intercepts | del(.io_port) | all(.[]; . == 0)) and
	.parent_intercepts == .intercepts.io_port and
	.parent_intercepts * 10 < .signals)' "$grown" >/dev/null ||
	fail "a processor was stopped by something else than its console, or there was no traffic"
jq -r 'to_entries[] | "\(.key): \(.value.signals) signals, \(.value.intercepts.hypercall) of them stopped a processor; \(.value.parent_intercepts) stops by the console"' "$grown"
