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

witness
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
witness_good
echo "nobody else noticed"
SCRIPT
expect "$work/run/parent.log" 'nobody else noticed'
never "$work/run/hypervisor.log" 'PANIC'
