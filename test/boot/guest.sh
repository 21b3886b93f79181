#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Tiny guests that check what a child is promised: each hypercall, MSR, CPUID leaf and intercept,
# interrupts and timers, memory and processor state (test/guest/tests); on both machines.
. "$(dirname "$0")/lib.sh"
child_memory=16M child_processors=2 guest checks enlightened checks
child_memory=16M child_processors=2 guest pc-checks pc checks

parent_script --timeout 300 "$work/checks.conf" "$work/pc-checks.conf" <<'SCRIPT' || fail "./run: $?"
for name in checks pc-checks; do
	start $name
	ended $name 120
	echo "$name: $(field $name cause): $(field $name text)"
	[ "$(field $name cause)" = powered-off ] || fail "$name ended otherwise"
done
SCRIPT

# table FILE LEAST: all that the guest has said; so many checks must be good, and none bad.
table() {
	local good
	tr -d '\r' <"$1"
	never "$1" '^FAILED'
	good=$(tr -d '\r' <"$1" | sed -n 's/^checks: \([0-9]*\) ok, 0 failed.*/\1/p')
	[ "${good:-0}" -ge "$2" ] || fail "$(basename "$1"): only ${good:-none} of at least $2"
}
table "$work/checks.serial" 200
table "$work/pc-checks.serial" 120
never "$work/run/hypervisor.log" 'PANIC'
