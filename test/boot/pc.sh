#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A child on machine "pc": sees no Hyper-V, boots to a shell on its UART, powers off through ACPI.
#
#   pc.sh FLAVOUR     the child's kernel, 6.1-cloud or 7.3-cloud
. "$(dirname "$0")/lib.sh"
flavour=$1

child guest pc "$flavour" "$root/test/boot/pc-work.sh"
machine --batch --timeout 240 "$work/guest.conf" || fail "./run: $?"
console=$work/guest.serial
cat "$console"
expect "$console" 'Linux version'
expect "$console" '^processors: 2'
expect "$console" 'work ended with status 0'
never "$console" 'Hyper-V|Hypervisor detected|hv_vmbus: '
never "$console" 'BUG:|Oops:|WARNING: CPU|Kernel panic|rcu.*stall'

# The shell: typed at through hvctl console, as a person would.
child_cmdline=shell child_output=console
child typed pc "$flavour"
sed -i 's/child\.end//' "$work/typed.conf"
parent_script --timeout 240 "$work/typed.conf" <<'SCRIPT' || fail "./run: $?"
start typed
(sleep 40; echo 'echo sum $((40 + 2))'; sleep 5; echo poweroff; sleep 60) |
	hvctl console typed >/host/out/typed.log 2>&1 &
ended typed 150
hvctl list
[ "$(field typed cause)" = powered-off ] || fail "ended by $(field typed cause)"
grep 'sum 42' /host/out/typed.log || fail "the shell did not answer"
SCRIPT
