#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Children that run random programs of ports, memory-mapped registers, MSRs and hypercalls: each gets
# through its program, and a child beside them, the parent and the hypervisor do not notice.
#
#   fuzz.sh [FIRST [COUNT]]     seeds; every second one on the other machine
. "$(dirname "$0")/lib.sh"
first=${1:-1} count=${2:-8}
confs=()
for ((seed = first; seed < first + count; seed++)); do
	machine=enlightened
	[ $((seed % 2)) = 1 ] || machine=pc
	child_memory=16M child_processors=1 guest "fuzz-$seed" $machine "fuzz seed=$seed"
	confs+=("$work/fuzz-$seed.conf")
done
witness

parent_script --timeout $((100 + 100 * count)) "$work/witness.conf" "${confs[@]}" <<SCRIPT || fail "./run: $?"
start witness
said witness "witness works" 100
for seed in \$(seq $first $((first + count - 1))); do
	start fuzz-\$seed
	ended fuzz-\$seed 200
	echo "seed \$seed: \$(field fuzz-\$seed cause): \$(field fuzz-\$seed text)"
	said fuzz-\$seed "guest: fuzz done" 1
	[ "\$(field fuzz-\$seed cause)" = powered-off ] || fail "seed \$seed ended otherwise"
done
witness_good
echo "nobody else noticed"
SCRIPT
expect "$work/run/parent.log" 'nobody else noticed'
never "$work/run/hypervisor.log" 'PANIC'
