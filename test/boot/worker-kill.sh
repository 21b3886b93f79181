#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A worker killed in the middle of disk work costs its child only; flushed data is in the file.
. "$(dirname "$0")/lib.sh"
cat >"$work/victim.sh" <<'CHILD'
# Writes numbered blocks, each flushed before it is named on the console.
i=0
while :; do
	i=$((i + 1))
	printf 'block %08d' $i | dd of=/dev/sda bs=4096 seek=$i conv=sync,fsync,notrunc 2>/dev/null
	echo "flushed $i"
done
CHILD
cat >"$work/other.sh" <<'CHILD'
echo "other works"
head -c 20000000 /dev/urandom >/tmp/data
for i in $(seq 1 25); do sha256sum /tmp/data >>/tmp/sums; sleep 1; done
[ "$(sort -u /tmp/sums | wc -l)" = 1 ] && echo "other is good"
CHILD
truncate -s 64M "$work/victim.raw"
child_disk=$work/victim.raw
child victim enlightened 6.1-cloud "$work/victim.sh"
child_disk=
child other enlightened 6.1-cloud "$work/other.sh"
parent_script --timeout 300 "$work/victim.conf" "$work/other.conf" <<'SCRIPT' || fail "./run: $?"
start victim other
said victim "flushed 20" 150
said other "other works" 100
kill -9 "$(worker_pid victim)" || fail "no worker to kill"
ended victim 15
hvctl list
cause=$(field victim cause)
[ "$cause" = worker-signal ] || fail "hvctl list says \"$cause\""
ended other 150
[ "$(field other cause)" = powered-off ] || fail "the other ended by $(field other cause)"
start victim || fail "the name and its memory are not free again"
sleep 2
hvctl kill victim
exit 0
SCRIPT
expect "$work/other.serial" 'other is good'
# Only what was named before the kill must be there; the start afterwards may have written again.
last=$(grep -a -o 'flushed [0-9]*' "$work/victim.serial" | awk '{ print $2 }' | sort -n | tail -n 1)
[ "$last" -ge 20 ] || fail "only $last blocks were flushed"
for i in $(seq 1 "$last"); do
	found=$(dd if="$work/victim.raw" bs=4096 skip="$i" count=1 2>/dev/null | head -c 14)
	[ "$found" = "$(printf 'block %08d' "$i")" ] || fail "flushed block $i holds \"$found\""
done
echo "$last flushed blocks are in the file"
