#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The parent's module loads, runs a child, unloads, and does so again.
#
#   parent-module.sh PARENT_KERNEL
. "$(dirname "$0")/lib.sh"
child_processors=1
child guest enlightened 6.1-cloud
need "vmlinuz-$1" "parent-$1.cpio"
parent_script --timeout 300 --parent-kernel "$1" "$work/guest.conf" <<'SCRIPT' || fail "./run: $?"
for round in 1 2 3; do
	[ -c /dev/mshv ] || fail "no /dev/mshv in round $round"
	[ $round = 2 ] || { start guest; ended guest 100; }
	rmmod mshv || fail "cannot unload"
	[ ! -e /dev/mshv ] || fail "/dev/mshv is still there"
	modprobe mshv || fail "cannot load again"
	echo "round $round is good"
done
dmesg | grep -E 'BUG:|Oops:|WARNING: CPU' && fail "the kernel complains"
exit 0
SCRIPT
expect "$work/run/parent.log" 'round 3 is good'
