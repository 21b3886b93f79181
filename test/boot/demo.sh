#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The demonstration in batch: one child of each kind boots, says what it found, powers itself off.
#
#   demo.sh [SUITE]     under the QEMU of this suite instead of the installed one
. "$(dirname "$0")/lib.sh"
[ $# = 0 ] || qemu=$("$root/image/qemu" "$1")

machine --batch --timeout 180 >"$work/output" 2>&1 || { cat "$work/output"; fail "./run --batch: $?"; }
cat "$work/output"
expect "$work/output" '^enlightened +. .*Hypervisor detected: Microsoft Hyper-V'
expect "$work/output" '^enlightened +. Debian 12'
expect "$work/output" '^pc +. Linux .* with 2 processors'
never "$work/output" '^pc +. .*Hyper-V'
never "$work/output" '(BUG:|Oops:|Kernel panic|WARNING: CPU)'
expect "$work/run/hypervisor.log" 'DMA: unprotected'
never "$work/run/hypervisor.log" 'PANIC'
