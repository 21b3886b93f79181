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
child_memory=384M child_disk=$work/disk.raw
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

parent_script --timeout $((times * 40 + 200)) --put "$work/times" "$work/cycle.conf" \
	"$work/keeper.conf" <<'SCRIPT' || fail "./run: $?"
. /host/files/times
# What must not grow: the worker's memory and files, the hypervisor's pages for it and in all.
measure() {
	pid=$(worker_pid cycle)
	rss=$(awk '/^VmRSS/ { print $2 }' "/proc/$pid/status")
	open=$(ls "/proc/$pid/fd" | wc -l)
	used=$(hvctl stats --json cycle | jq .cycle.hypervisor.pool_used)
	free=$(hvctl stats --json keeper | jq .keeper.hypervisor.pool_free)
	echo "$1: worker $rss kB, $open files; hypervisor $used pages for it, $free free"
}
compare() {
	[ $((open - $2)) -le 0 ] || fail "$1: $((open - $2)) files stay open"
	[ $((rss - $3)) -le 2048 ] || fail "$1: the worker has grown by $((rss - $3)) kB"
	[ $((used - $4)) -le 2 ] || fail "$1: the hypervisor keeps $((used - $4)) pages more for it"
}
start keeper
start cycle
said cycle "^booted 2" 120
measure "booted 2"
open1=$open rss1=$rss used1=$used free1=$free
said cycle "^booted $times" $((times * 15))
measure "booted $times"
[ "$(field cycle resets)" = "$times" ] || fail "$(field cycle resets) resets instead of $times"
compare "reboots" $open1 $rss1 $used1
[ "$free" -ge $((free1 - 2)) ] || fail "the hypervisor has lost $((free1 - free)) pages"
said cycle "^reloaded 2" 100
measure "reloaded 2"
open1=$open rss1=$rss used1=$used
said cycle "^reloaded $times" $((times * 10))
measure "reloaded $times"
compare "drivers" $open1 $rss1 $used1
said cycle "^replaced 2" 100
measure "replaced 2"
open1=$open rss1=$rss used1=$used
said cycle "^replaced $times" $((times * 15))
measure "replaced $times"
compare "kexec" $open1 $rss1 $used1
ended cycle 60
[ "$(field cycle cause)" = powered-off ] || fail "it ended by $(field cycle cause)"
hvctl kill keeper
exit 0
SCRIPT
grep -a -E '^(booted|reloaded|replaced) ' "$work/cycle.serial" | tr -d '\r' | sed 's/ .*//' | sort | uniq -c
expect "$work/cycle.serial" '^all done'
never "$work/cycle.serial" 'FAILED|BUG:|Oops:|WARNING: CPU'
