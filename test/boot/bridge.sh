#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Two children on a bridge of the parent: TCP and UDP both ways, MTU 1500 and 9000, with and without
# offloads, link down and up, traffic with disk load beside it; no byte wrong, no fault counted.
#
#   bridge.sh FLAVOUR SECONDS     the children's kernel; how long the last traffic goes on
. "$(dirname "$0")/lib.sh"
flavour=$1 seconds=$2

tool iperf3 /usr/bin/iperf3
iperf=$tool
tool ethtool /sbin/ethtool
ethtool=$tool
for side in left right; do
	truncate -s 64M "$work/$side.raw"
	child_memory=256M child_processors=1 child_disk=$work/$side.raw
	child_cmdline="side=$side seconds=$seconds"
	child_network='mode = bridge; mtu = 9000'
	child $side enlightened "$flavour" "$root/test/boot/bridge-work.sh" "$iperf" "$ethtool"
done
parent_script --timeout $((seconds + 500)) "$work/left.conf" "$work/right.conf" <<SCRIPT || fail "./run: $?"
seconds=$seconds
$(cat <<'PARENT'
# Who talks to the bridge itself must not lose it when children come and go.
address=$(cat /sys/class/net/br0/address)
same_address() { [ "$(cat /sys/class/net/br0/address)" = "$address" ] || fail "the bridge's address $1"; }
start right left
same_address "changed with its first children"
said left 'ready for link down' 390
hvctl link left down
said left 'ready for link up' 70
hvctl link left up
said left 'right is reached again' 70
said left 'ready to be counted' $((seconds + 90))
hvctl stats --json >/host/out/networks.json
jq -c '.[].networks["0"]' /host/out/networks.json
jq -e 'length == 2 and all(.[].networks["0"]; .in_errors == 0 and .out_errors == 0 and
	.in_frames > 1000 and .link_up == 1)' \
	/host/out/networks.json >/dev/null || fail "errors are counted"
cat /proc/net/dev
echo counted | hvctl console left >/dev/null
ended left 60
ended right 60
same_address "changed when they ended"
dmesg | grep -E 'BUG:|Oops:|WARNING: CPU' && fail "the parent's kernel complains"
exit 0
PARENT
)
SCRIPT
for side in left right; do
	console=$work/$side.serial
	cat "$console"
	expect "$console" '^driver hv_netvsc'
	expect "$console" '^no fault counted'
	expect "$console" '^disk: [1-9][0-9]* rounds right'
	expect "$console" 'work ended with status 0'
	never "$console" '(BUG:|Oops:|WARNING: CPU|wrong data)'
done
console=$work/left.serial
for mtu in 1500 9000; do
	expect "$console" "^mtu $mtu: the same bytes both ways"
	expect "$console" "^mtu $mtu, offloads off: the same bytes both ways"
done
expect "$console" 'rx-checksumming: off tx-checksumming: off tcp-segmentation-offload: off'
expect "$console" '^offloads help'
expect "$console" '^carrier is 0'
expect "$console" '^carrier is 1'
expect "$console" '^after all: the same bytes both ways'
never "$console" 'reached without a link'
never "$work/run/hypervisor.log" 'PANIC'
