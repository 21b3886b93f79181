#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A child is rebooted, its Hyper-V drivers are unloaded and loaded, its kernel is replaced by kexec,
# many times each: its devices come back each time, nothing stays in the worker or the hypervisor.
#
#   reload.sh FLAVOUR [TIMES]     the child's kernel; 20
. "$(dirname "$0")/lib.sh"
flavour=$1 times=${2:-20}
gcc -O2 -Wall -Wextra -Werror -static -o "$work/replace" "$root/test/boot/replace.c"
echo "times=$times" >"$work/times"
child_memory=256M child_disk=$work/disk.raw child_cmdline=norandmaps
child cycle enlightened "$flavour" "$root/test/boot/reload-work.sh" "$work/replace" "$work/times"
child_memory=16M child_processors=1 child_disk=
guest keeper enlightened idle

# What the child loads its kernel from, and two copies of something to compare.
mkdir -p "$work/tree"
cp "$image/vmlinuz-$flavour" "$work/tree/vmlinuz"
cp "$work/cycle.cpio" "$work/tree/initrd"
head -c 1000000 /dev/urandom >"$work/tree/copy1"
cp "$work/tree/copy1" "$work/tree/copy2"
truncate -s 64M "$work/disk.raw"
/sbin/mke2fs -q -F -t ext4 -d "$work/tree" "$work/disk.raw"

parent_script --timeout $((times * 60 + 200)) --put "$work/times" "$work/cycle.conf" \
	"$work/keeper.conf" <<'SCRIPT' || fail "./run: $?"
. /host/files/times
serial=$(sed -n 's/^\toutput = "\(.*\)"$/\1/p' "$(grep -l '^name = "cycle"' /host/children/*.conf)")
# heard TEXT SECONDS: as said, for what is waited for often; the child's failure ends it.
heard() {
	local left=$(($2 * 4))
	until grep -q "^$1" "$serial" 2>/dev/null; do
		! grep -q '^FAILED' "$serial" || fail "$(sed -n '/^FAILED/,$p' "$serial")"
		[ $left -gt 0 ] || fail "cycle did not say \"$1\" within $2 s"
		sleep 0.25
		left=$((left - 1))
	done
}
# What must not grow: the worker's memory, without the child's, and files; the hypervisor's pages
# for the child and in all.
measure() {
	local pid
	pid=$(worker_pid cycle)
	memory=$(awk '/^RssAnon/ { print $2 }' "/proc/$pid/status")
	open=$(ls "/proc/$pid/fd" | wc -l)
	used=$(hvctl stats --json cycle | jq .cycle.hypervisor.pool_used)
	free=$(hvctl stats --json keeper | jq .keeper.hypervisor.pool_free)
	echo "$1, $(cut -d. -f1 /proc/uptime) s: worker $memory kB, $open files; hypervisor $used pages, $free free"
	[ "$used" -gt 0 ] && [ "$free" -gt 0 ] && [ "$memory" -gt 0 ] || fail "$1: nothing is measured"
}
# rounds WHAT SECONDS FIRST: all of them, each at most so long. The child waits for its key.
rounds() {
	local i=$3 left
	while [ $i -le $times ]; do
		heard "$1 $i" $2
		left=50
		until [ "$(field cycle heartbeat)" = ok ]; do
			[ $left -gt 0 ] || fail "$1 $i: heartbeat $(field cycle heartbeat)"
			sleep 0.2
			left=$((left - 1))
		done
		if [ $i = 2 ]; then
			measure "$1 $i"
			memory_before=$memory open_before=$open used_before=$used free_before=$free
		fi
		[ $i != $times ] || measure "$1 $i"
		hvctl sendkey cycle b || fail "$1 $i: sendkey: $?"
		hvctl pointer cycle $((4096 + i)) 1 || fail "$1 $i: pointer: $?"
		i=$((i + 1))
	done
	[ "$open" = "$open_before" ] || fail "$1: $((open - open_before)) files stay open"
	# A step of 264 kB is seen once in a worker's life, early, and none after it.
	[ $((memory - memory_before)) -le 512 ] ||
		fail "$1: the worker has grown by $((memory - memory_before)) kB"
	[ $((used - used_before)) -le 2 ] ||
		fail "$1: the hypervisor keeps $((used - used_before)) pages more for it"
	[ $((free_before - free)) -le 2 ] ||
		fail "$1: the hypervisor has lost $((free_before - free)) pages"
}
# A worker whose memory is gathered in a huge page has not grown.
echo never >/sys/kernel/mm/transparent_hugepage/enabled
start keeper
start cycle
rounds booted 60 0
[ "$(field cycle resets)" = "$times" ] || fail "$(field cycle resets) resets instead of $times"
rounds reloaded 30 1
rounds replaced 60 1
heard "all done" 30
grep -v 'nobody at port' /run/bulkhead/cycle/worker.log | sort | uniq -c
hvctl stop cycle --timeout 60 || fail "it does not stop: $?"
[ "$(field cycle cause)" = powered-off ] || fail "it ended by $(field cycle cause)"
[ "$(field cycle resets)" = "$times" ] || fail "it was reset while it should not"
hvctl kill keeper
exit 0
SCRIPT
for what in booted reloaded replaced; do
	echo "$what: $(tr -d '\r' <"$work/cycle.serial" | grep -ac "^$what [1-9]") times"
done
expect "$work/cycle.serial" '^all done'
never "$work/cycle.serial" 'FAILED|BUG:|Oops:|WARNING: CPU'
