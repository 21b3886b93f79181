#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Hostile children: each ends or gets errors; a second child's work and the parent go on.
. "$(dirname "$0")/lib.sh"
child_memory=16M child_processors=1
gentle="ports msrs hypercalls messages overlays memory"
deadly="triple wild"
confs=()
for action in $gentle $deadly; do
	guest "$action" enlightened "$action"
	confs+=("$work/$action.conf")
done
guest pc-ports pc ports
guest pc-memory pc memory
confs+=("$work/pc-ports.conf" "$work/pc-memory.conf")

cat >"$work/witness.sh" <<'CHILD'
# Works as long as the others attack: data on its disk and in memory must stay what it is.
echo "witness works"
head -c 4000000 /dev/urandom >/tmp/data
dd if=/tmp/data of=/dev/sda bs=64k conv=fsync 2>/dev/null
sum=$(sha256sum </tmp/data)
rounds=0
read -r stop </dev/console &
while kill -0 $! 2>/dev/null; do
	echo 3 >/proc/sys/vm/drop_caches
	[ "$(head -c 4000000 /dev/sda | sha256sum)" = "$sum" ] || { echo "witness: other data"; exit 1; }
	rounds=$((rounds + 1))
done
echo "witness made $rounds good rounds"
CHILD
truncate -s 16M "$work/witness.raw"
child_memory=256M child_processors=2 child_disk=$work/witness.raw child_output=console
child witness enlightened 6.1-cloud "$work/witness.sh"

"${CC:-gcc}" -O2 -static -Wall -Wextra -I"$root" -o "$work/sparse" "$root/test/boot/sparse.c"
parent_script --timeout 800 --put "$work/sparse" "$work/witness.conf" "${confs[@]}" <<'SCRIPT' || fail "./run: $?"
start witness
said witness "witness works" 100
for action in ports msrs hypercalls messages overlays memory pc-ports pc-memory; do
	start $action
	ended $action 200
	echo "$action: $(field $action cause): $(field $action text)"
	said $action "guest: ${action#pc-} done" 1
	[ "$(field $action cause)" = powered-off ] || fail "$action ended otherwise"
done
for action in triple wild; do
	start $action
	ended $action 30
	[ "$(field $action cause)" = crashed ] || fail "$action: $(field $action text)"
done
/host/files/sparse || fail "sparse mappings"
hvctl log | grep 'PANIC' && fail "the hypervisor asserts"
echo stop | hvctl console witness >/dev/null 2>&1 &
ended witness 60
grep -h 'witness' /run/bulkhead/witness/console.log
grep -q 'witness made [1-9][0-9]* good rounds' /run/bulkhead/witness/console.log || fail "the witness suffered"
dmesg | grep -E 'BUG:|Oops:|WARNING: CPU' && fail "the parent's kernel complains"
echo "nobody else noticed"
SCRIPT
expect "$work/run/parent.log" 'nobody else noticed'
never "$work/run/hypervisor.log" 'PANIC'
