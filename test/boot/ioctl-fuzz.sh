#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Random calls of /dev/mshv by two threads: a child beside them works on, the parent's kernel and the
# hypervisor have nothing to say, every ioctl does what it should afterwards, and nothing is held
# that would keep the module from being taken out.
#
#   ioctl-fuzz.sh [FIRST [COUNT [STEPS]]]     seeds
. "$(dirname "$0")/lib.sh"
first=${1:-1} count=${2:-6} steps=${3:-4000}
make -s -C "$root/test/parent"
programs=$root/build/test/parent
witness

parent_script --timeout $((200 + 100 * count)) --put "$programs/ioctl_fuzz" --put "$programs/mshv_ioctl" \
	"$work/witness.conf" <<SCRIPT || fail "./run: $?"
start witness
said witness "witness works" 100
while sleep 0.2; do sed -n 's/^MemAvailable: *//p' /proc/meminfo; done >/tmp/available &
for seed in \$(seq $first $((first + count - 1))); do
	timeout 100 /host/files/ioctl_fuzz \$seed $steps || fail "seed \$seed: \$?"
	echo "memory available: \$(tail -n 1 /tmp/available), at least \$(sort -n /tmp/available | head -n 1)"
done
/host/files/mshv_ioctl 3 | grep -v '^PASS' && fail "an ioctl does not do what it did"
witness_good
rmmod mshv || fail "something still holds the module"
echo "nothing is left"
SCRIPT
expect "$work/run/parent.log" 'nothing is left'
never "$work/run/hypervisor.log" 'PANIC'
