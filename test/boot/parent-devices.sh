#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The parent uses its own stock drivers for disk (virtio, AHCI), network and serial, and powers off.
#
#   parent-devices.sh BOOT PROCESSORS [PARENT_ARGS]
. "$(dirname "$0")/lib.sh"
boot=$1 processors=$2 extra=${3:-}

parent_script --timeout 150 --boot "$boot" --smp "$processors" --parent-args "$extra" <<'SCRIPT' ||
. /host/run
echo "processors $(nproc)"
for disk in /dev/vda /dev/sda; do
	head -c 4000000 /dev/urandom >/tmp/data
	dd if=/tmp/data of=$disk bs=64k conv=fsync 2>/dev/null || fail "$disk: cannot write"
	echo 3 >/proc/sys/vm/drop_caches
	head -c 4000000 $disk | cmp - /tmp/data || fail "$disk: read back other data"
	echo "$disk is good"
done
for device in /sys/block/vda /sys/block/sda /sys/class/net/eth0; do
	echo "$device: $(basename "$(readlink $device/device/driver)")"
done
grep -q ahci /proc/interrupts || fail "no AHCI interrupt line"
ip link set eth0 up
ip addr add 10.0.2.15/24 dev eth0
ping -c 3 -W 5 10.0.2.2 || fail "the network does not answer"
grep -E 'ahci|virtio|ttyS|acpi' /proc/interrupts
grep -q 'acpi' /proc/interrupts || fail "no SCI"
cat /proc/cmdline
dmesg | grep -E 'BUG:|Oops:|WARNING: CPU|nobody cared|soft lockup|rcu.*stall' && fail "the kernel complains"
echo "parent devices are good"
SCRIPT
	fail "./run: $?"
expect "$work/run/parent.log" "processors $processors\$"
expect "$work/run/parent.log" 'parent devices are good'
case $extra in
*nomsi*) expect "$work/run/parent.log" 'IO-APIC.*-fasteoi +(virtio|ahci)' ;;
esac
