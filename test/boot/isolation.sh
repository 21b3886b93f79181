#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The parent cannot reach the hypervisor's memory by any physical address, and the log says that DMA
# is not held back where no IOMMU is.
. "$(dirname "$0")/lib.sh"
mkdir -p "$work"
gcc -O2 -static -Wall -Wextra -o "$work/reach" "$root/test/boot/reach.c"
parent_script --timeout 150 --put "$work/reach" <<'SCRIPT' || fail "./run: $?"
hvctl log >/tmp/log || fail "hvctl log"
sed -n 's/.*hypervisor memory \(0x[0-9a-f]*\)-\(0x[0-9a-f]*\).*/\1 \2/p' /tmp/log >/tmp/ranges
[ -s /tmp/ranges ] || { head -n 40 /tmp/log; fail "the log does not say where the hypervisor is"; }
while read -r first last; do
	/host/files/reach $first $last || fail "memory of the hypervisor was reached"
done </tmp/ranges
hvctl list || fail "the hypervisor does not answer afterwards"
SCRIPT
expect "$work/run/hypervisor.log" 'DMA: unprotected'
expect "$work/run/parent.log" 'nothing of the hypervisor was reached'
