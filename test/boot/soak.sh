#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Six children work for a long time on disk, network and timers; four stay, two come and go. What the
# hypervisor, the parent and the workers use stays flat, no child ever stands still, nobody complains.
#
#   soak.sh [SECONDS]     how long (3600)
. "$(dirname "$0")/lib.sh"
seconds=${1:-3600}
child_output=console child_processors=1
disk() { truncate -s 32M "$work/$1.raw"; echo "$work/$1.raw"; }

# Odd ones behind NAT, even ones on the bridge. Of those that come and go, one ends by itself.
confs=()
for i in 1 2 3 4 5 6; do
	name=stays$i child_memory=160M child_disk=$(disk "c$i")
	[ $i -le 4 ] || name=goes$i
	child_network='mode = nat' child_cmdline="norandmaps child.net pause=0.2"
	if [ $((i % 2)) = 0 ]; then
		child_network='mode = bridge'
		child_cmdline="norandmaps server=192.168.77.1 own=192.168.77.1$i pause=0.2"
	fi
	[ $i != 5 ] || child_cmdline+=" rounds=3"
	child $name enlightened 6.1-cloud "$root/test/boot/load-work.sh"
	confs+=("$work/$name.conf")
done
echo "seconds=$seconds" >"$work/words"
parent_script --timeout $((seconds + 500)) --put "$work/words" "${confs[@]}" <<'SCRIPT' || fail "./run: $?"
. /host/files/words
names="stays1 stays2 stays3 stays4"
mkdir -p /tmp/www /tmp/lives
head -c 1000000 /dev/urandom >/tmp/www/data
ip address add 192.168.77.1/24 dev br0
httpd -p 8080 -h /tmp/www
fail() {
	tail -n 15 /run/bulkhead/*/console.log /run/bulkhead/*/worker.log
	echo "FAILED: $*"
	exit 1
}
file_of() { grep -l "^name = \"$1\"" /host/children/*.conf; }
uptime() { cut -d. -f1 /proc/uptime; }
bad() { echo "$*" | tee -a /tmp/bad; exit 1; }
console() { cat "/run/bulkhead/$1/console.log.1" "/run/bulkhead/$1/console.log" 2>/dev/null; }

# complaints NAME: what is in a child's logs and should not be.
complaints() {
	console "$1" | grep -E 'wrong|complains|panic'
	grep -iE 'error|fail|cannot|wrong|assert|abort|sanitizer' "/run/bulkhead/$1/worker.log"
}

# ended_well NAME: after its end; its longest tick, in hundredths of a second, is added to /tmp/worst.
ended_well() {
	local worst
	[ -z "$(complaints "$1")" ] || bad "$1: $(complaints "$1")"
	worst=$(console "$1" | sed -n 's/^load[a-z ]*: .*worst \([0-9]*\).*/\1/p' | tail -n 1)
	[ -n "$worst" ] || bad "$1 did not tell its ticks: $(console "$1" | tail -n 3)"
	echo "$worst $1" >>/tmp/worst
}

# Comes, works three rounds and powers off, again and again until it is time.
ends_itself() {
	while [ "$(uptime)" -lt "$1" ]; do
		hvctl start "$(file_of goes5)" >/dev/null || bad "goes5 does not start"
		hvctl wait goes5 --timeout 240 >/dev/null
		[ "$(field goes5 cause)" = powered-off ] || bad "goes5: $(field goes5 text)"
		ended_well goes5
		echo >>/tmp/lives/goes5
	done
}

# Comes, and is killed in the middle of its work.
is_killed() {
	local left
	while [ "$(uptime)" -lt "$1" ]; do
		hvctl start "$(file_of goes6)" >/dev/null || bad "goes6 does not start"
		left=240
		until console goes6 | grep -q 'load runs'; do
			sleep 1
			left=$((left - 1))
			[ $left -gt 0 ] || bad "goes6 has no load: $(console goes6 | tail -n 3)"
		done
		sleep 3
		hvctl kill goes6 >/dev/null || bad "goes6 is not killed"
		ended_well goes6
		echo >>/tmp/lives/goes6
	done
}

# rounds KIND: of all that stay, by the last line of each that is there up to its end.
rounds() {
	local name sum=0
	for name in $names; do
		sum=$((sum + $(console $name | sed -n "s/^load.* $1 \([0-9]*\) .*worst.*/\1/p" | tail -n 1)))
	done
	echo $sum
}

# One line of the table, when only those that stay are there.
measure() {
	local name pid
	sync
	echo 3 >/proc/sys/vm/drop_caches
	sleep 3
	pool=$(hvctl stats --json stays1 | jq .stays1.hypervisor.pool_free)
	memory=$(awk '/^MemAvailable/ { sum += $2 } $1 == "count:" { sum += 4 * $2 }
		END { print sum }' /proc/meminfo /proc/zoneinfo)
	files=$(awk '{ print $1 }' /proc/sys/fs/file-nr)
	own=0 descriptors=0
	for pid in $(hvctl list --json | jq -r '.[] | select(.state == "running") | .worker.pid, .monitor.pid'); do
		own=$((own + $(awk '/^RssAnon/ { print $2 }' /proc/$pid/status)))
		descriptors=$((descriptors + $(ls /proc/$pid/fd | wc -l)))
	done
	processes=$(ls -d /proc/[0-9]* | wc -l)
	disk=$(rounds disk) network=$(rounds network)
	printf '%6s %10s %10s %10s %6s %6s %6s %8s %8s %6s\n' "$(($(uptime) - begin))" $pool $memory $own \
		$descriptors $files $processes $disk $network $(cat /tmp/lives/* | wc -l)
}

# minute END: until then the others come and go.
minute() {
	local first second
	ends_itself $1 & first=$!
	is_killed $1 & second=$!
	wait $first $second
	[ ! -e /tmp/bad ] || fail "$(cat /tmp/bad)"
	measure
	[ "$disk" -gt "$disk_last" ] && [ "$network" -gt "$network_last" ] || fail "work does not go on"
	disk_last=$disk network_last=$network
}

for name in $names; do start $name; done
for name in $names; do said $name 'load runs' 200; done
warm=3
[ "$seconds" -ge 600 ] || warm=1
begin=$(uptime) disk_last=0 network_last=0 count=0
printf '%6s %10s %10s %10s %6s %6s %6s %8s %8s %6s\n' s pool/pages parent/kB own/kB fds files procs disk network lives
while [ $(($(uptime) - begin)) -lt "$seconds" ]; do
	minute $(($(uptime) + 50))
	count=$((count + 1))
	# The first minutes fill caches that stay.
	[ $count -le $warm ] || continue
	pool_before=$pool memory_before=$memory own_before=$own descriptors_before=$descriptors
	files_before=$files processes_before=$processes
done
flat() { [ $(($2 - $3)) -le "$4" ] || fail "$1: from $3 to $2"; }
[ "$pool" != null ] || fail "hvctl stats does not tell the pool"
[ $count -gt $warm ] || fail "only $count measurements"
flat "pages of the pool in use" -$pool -$pool_before 0
flat "kB that the parent lost" -$memory -$memory_before 8192
flat "kB of the workers and monitors" $own $own_before 2048
flat "descriptors of the workers and monitors" $descriptors $descriptors_before 4
flat "open files" $files $files_before 64
flat processes $processes $processes_before 8
for name in $names; do echo stop | hvctl console $name >/dev/null 2>&1 & done
for name in $names; do
	ended $name 90
	[ "$(field $name cause)" = powered-off ] || fail "$name: $(field $name text)"
	console $name | grep 'load ended' || fail "$name did not end its work"
	ended_well $name
done
[ ! -e /tmp/bad ] || fail "$(cat /tmp/bad)"
for name in goes5 goes6; do
	echo "$name lived $(cat /tmp/lives/$name | wc -l) times"
	[ "$(cat /tmp/lives/$name | wc -l)" -ge $((seconds / 200 + 1)) ] || fail "$name came too seldom"
done
hvctl log | grep -E 'PANIC|assert|p[0-9]+ .*(error|fail)' && fail "the hypervisor complains"
dmesg | grep -E 'BUG:|Oops|WARNING:|Call Trace|[^n]stall|lockup|blocked for more|I/O error|mshv: .*(error|fail)' |
	grep -v 'module verification' && fail "the parent's kernel complains"
sort -n /tmp/worst | tail -n 5
worst=$(sort -n /tmp/worst | tail -n 1 | cut -d' ' -f1)
[ "$worst" -le 500 ] || fail "a child stood still for $worst hundredths of a second"
echo "$seconds s of work leave everything flat, the longest tick took $worst hundredths of a second"
exit 0
SCRIPT
expect "$work/run/parent.log" 'leave everything flat'
never "$work/run/hypervisor.log" 'PANIC'
grep -a 'leave everything flat' "$work/run/parent.log"
