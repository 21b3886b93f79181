#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# An enlightened child on a Debian root disk: Hyper-V's drivers at work, data intact.
#
#   enlightened.sh FLAVOUR     the child's kernel, 6.1-cloud or 7.3-cloud
. "$(dirname "$0")/lib.sh"
flavour=$1

disk=$(disk_copy root)
child_memory=512M child_cmdline="root=/dev/sda rw" child_disk=$disk
child guest enlightened "$flavour" "$root/test/boot/enlightened-work.sh"
machine --batch --timeout 420 "$work/guest.conf" || fail "./run: $?"

console=$work/guest.serial
cat "$console"
expect "$console" 'Hypervisor detected: Microsoft Hyper-V'
expect "$console" 'Vmbus version:5\.3'
expect "$console" 'storvsc'
expect "$console" '^clock source: (hyperv_clocksource_tsc_page|tsc)'
expect "$console" '^processors: 2'
expect "$console" '^fio write verified'
expect "$console" '^fio randwrite verified'
expect "$console" 'work ended with status 0'

disk_clean "$disk"
disk_file "$disk" /root/dmesg-end >"$work/dmesg"
expect "$work/dmesg" 'Linux version'
never "$work/dmesg" '[Cc]locksource.*unstable|BUG:|Oops:|WARNING: CPU|I/O error|rcu.*stall'
for name in random write.0.0; do
	inside=$(disk_file "$disk" /root/sums | awk -v name="$name" '$2 == name { print $1 }')
	outside=$(disk_file "$disk" "/root/$name" | sha256sum | cut -d' ' -f1)
	[ "$inside" = "$outside" ] || fail "$name: sha256 inside \"$inside\", outside \"$outside\""
done
