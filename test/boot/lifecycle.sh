#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Children come and go many times: nothing of the hypervisor's pool, of the parent's memory or file
# descriptors goes with them.
#
#   lifecycle.sh tiny|linux TIMES
. "$(dirname "$0")/lib.sh"
kind=$1 times=$2
child_output=console
if [ "$kind" = tiny ]; then
	child_memory=16M child_processors=1
	guest tiny enlightened nothing
else
	child tiny enlightened 6.1-cloud
fi
child_memory=16M child_processors=1
guest keeper enlightened idle
echo "times=$times" >"$work/times"
parent_script --timeout $((times * 2 + 200)) --put "$work/times" "$work/keeper.conf" "$work/tiny.conf" <<'SCRIPT' || fail "./run: $?"
. /host/files/times
once() {
	start tiny >/dev/null
	hvctl wait tiny --timeout 120 >/dev/null || fail "round $1: $(field tiny text)"
}
# What must not grow: pages of the hypervisor's pool in use, kB of the parent, open files.
measure() {
	sync
	echo 3 >/proc/sys/vm/drop_caches
	sleep 1
	pool=$(hvctl stats --json keeper | jq .keeper.hypervisor.pool_free)
	# What lies on the processors' own lists is free as well.
	memory=$(awk '/^MemAvailable/ { sum += $2 } $1 == "count:" { sum += 4 * $2 }
		END { print sum }' /proc/meminfo /proc/zoneinfo)
	files=$(awk '{ print $1 }' /proc/sys/fs/file-nr)
	echo "$1: pool $pool free, parent $memory kB available, $files files"
}
# A child that only lives: what it is told of the hypervisor's pool is the whole's.
start keeper
# The first rounds fill caches that stay.
for i in 1 2 3; do once $i; done
measure before
pool_before=$pool memory_before=$memory files_before=$files
i=0
while [ $i -lt $times ]; do
	i=$((i + 1))
	once $i
done
measure after
[ "$pool" != null ] || fail "hvctl stats does not tell the pool"
[ "$pool" -ge "$pool_before" ] || fail "the pool lost $((pool_before - pool)) bytes"
[ $((memory_before - memory)) -le 4096 ] || fail "the parent lost $((memory_before - memory)) kB"
[ $((files - files_before)) -le 64 ] || fail "$((files - files_before)) files stay open"
hvctl kill keeper
echo "$times rounds leave nothing behind"
SCRIPT
expect "$work/run/parent.log" "^$times rounds leave nothing behind"
