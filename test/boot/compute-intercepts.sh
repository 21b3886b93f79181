#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Invariant I2: while a child computes, the count of its intercepts sent to the parent stays.
. "$(dirname "$0")/lib.sh"
child guest enlightened 6.1-cloud "$root/test/boot/compute-work.sh"
parent_script --timeout 240 "$work/guest.conf" <<'SCRIPT' || fail "./run: $?"
intercepts() {
	hvctl stats --json guest >/tmp/stats || fail "hvctl stats"
	jq .guest.hypervisor.parent_intercepts /tmp/stats
}
start guest
said guest "compute begins" 100
sleep 3
before=$(intercepts)
sleep 24
after=$(intercepts)
echo "intercepts sent to the parent: $before before, $after after"
[ "${before:-null}" != null ] && [ "$before" = "$after" ] || { cat /tmp/stats; fail "the count grew"; }
ended guest 100
hvctl stats guest 2>/dev/null
exit 0
SCRIPT
cat "$work/guest.serial"
expect "$work/guest.serial" 'compute ended'
for job in a b; do
	rounds=$(sed -n "s/^$job \([0-9]*\).*/\1/p" "$work/guest.serial")
	[ "${rounds:-0}" -ge 20 ] || fail "job $job made only ${rounds:-0} rounds: it did not compute"
done
