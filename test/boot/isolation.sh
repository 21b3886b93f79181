#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The parent cannot reach the hypervisor's memory by any physical address, and the log says that DMA
# is not held back where no IOMMU is.
. "$(dirname "$0")/lib.sh"
mkdir -p "$work"
gcc -O2 -static -Wall -Wextra -o "$work/reach" "$root/test/boot/reach.c"
parent_script --timeout 150 --put "$work/reach" <<'SCRIPT' || fail "./run: $?"
hvctl log >/tmp/log || fail "hvctl log"
# "boot: image: 352 KiB at 200000", "boot: page pool: 32768 KiB at 7de00000"
sed -n 's/^boot: \(image\|page pool\): \([0-9]*\) KiB at \([0-9a-f]*\).*/\2 \3/p' /tmp/log >/tmp/ranges
[ "$(wc -l </tmp/ranges)" = 2 ] || { head -n 40 /tmp/log; fail "the log does not say where the hypervisor is"; }
while read -r kib first; do
	/host/files/reach 0x$first $((0x$first + kib * 1024)) || fail "memory of the hypervisor was reached"
done </tmp/ranges
hvctl list || fail "the hypervisor does not answer afterwards"
SCRIPT
expect "$work/run/hypervisor.log" 'DMA: unprotected'
expect "$work/run/parent.log" 'nothing of the hypervisor was reached'
