#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Workers are killed at random moments, from before their child's first instruction to the middle of
# disk and network work: each leaves nothing behind, and a child beside them notices nothing.
#
#   kills.sh [TIMES [SEED]]     how often (300); another seed, other moments (1)
. "$(dirname "$0")/lib.sh"
times=${1:-300} seed=${2:-1}
child_output=console child_processors=1
disk() { truncate -s 32M "$work/$1.raw"; echo "$work/$1.raw"; }

# Two victims behind NAT with a port of the parent each, one on the bridge.
child_memory=128M
confs=()
for i in 1 2 3; do
	child_disk=$(disk "v$i")
	if [ $i -le 2 ]; then
		child_network="forward = \"tcp:900$i:80\"" child_cmdline="norandmaps child.net"
	else
		child_network='mode = bridge'
		child_cmdline="norandmaps server=192.168.77.1 own=192.168.77.1$i"
	fi
	child "v$i" enlightened 6.1-cloud "$root/test/boot/load-work.sh"
	confs+=("$work/v$i.conf")
done
child_memory=192M child_disk=$(disk witness) child_processors=2 child_network='mode = bridge'
child_cmdline="norandmaps server=192.168.77.1 own=192.168.77.2 pause=0.5"
child witness enlightened 6.1-cloud "$root/test/boot/load-work.sh"
printf 'times=%s\nseed=%s\n' "$times" "$seed" >"$work/words"
parent_script --timeout $((times * 13 + 300)) --put "$work/words" "$work/witness.conf" "${confs[@]}" \
	<<'SCRIPT' || fail "./run: $?"
. /host/files/words
legs=1
[ "$times" -lt 60 ] || legs=5
each=$(((times + 3 * legs - 1) / (3 * legs)))
mkdir -p /tmp/www /tmp/count
head -c 1000000 /dev/urandom >/tmp/www/data
ip address add 192.168.77.1/24 dev br0
bridge_address=$(cat /sys/class/net/br0/address)
httpd -p 8080 -h /tmp/www

# random N: 0 to N - 1 in $number; each victim has a sequence of its own.
random() {
	state=$(((state * 1103515245 + 12345) % 2147483648))
	number=$((state / 65536 % $1))
}
tenths() { sleep "$(($1 / 10)).$(($1 % 10))"; }
fail() {
	tail -n 15 /run/bulkhead/*/console.log /run/bulkhead/*/worker.log
	echo "FAILED: $*"
	exit 1
}
file_of() { grep -l "^name = \"$1\"" /host/children/*.conf; }
pid_in() { jq -r .worker.pid "/run/bulkhead/$1/state.json" 2>/dev/null; }
bad() { echo "$*" | tee -a /tmp/bad; exit 1; }

# worker_up NAME: its pid in $pid, as soon as there is one.
worker_up() {
	local left=600
	pid=0
	while [ "${pid:-0}" = 0 ]; do
		pid=$(pid_in "$1")
		left=$((left - 1))
		[ $left -gt 0 ] || bad "$1: no worker"
	done
}

loaded() {
	local left=1200
	until grep -q 'load runs' "/run/bulkhead/$1/console.log" 2>/dev/null; do
		sleep 0.2
		left=$((left - 1))
		[ $left -gt 0 ] || bad "$1 has no load: $(tail -n 3 "/run/bulkhead/$1/console.log")"
	done
}

# gone NAME PID PORT: what a worker had is nobody's now.
gone() {
	local name=$1 pid=$2 port
	[ ! -e "/proc/$pid" ] || bad "$name: its worker is still there"
	[ "$(jq -r '.state + " " + .cause + " " + (.signal | tostring) + " " + (.worker.pid | tostring)' \
		"/run/bulkhead/$name/state.json")" = "ended worker-signal 9 0" ] ||
		bad "$name: $(cat "/run/bulkhead/$name/state.json")"
	grep -l "^$name " /sys/class/net/*/ifalias 2>/dev/null && bad "$name: its tap is still there"
	port=$(printf ':%04X ' "$3")
	grep -q "$port.* 0A " /proc/net/tcp && bad "$name: port $3 is still taken"
	ls "/run/bulkhead/$name" |
		grep -vxE '(state|config)\.json|(console|worker)\.log(\.1)?|control|lock' &&
		bad "$name: its folder has something else"
	grep -q "wrong" "/run/bulkhead/$name/console.log" &&
		bad "$name: $(grep wrong "/run/bulkhead/$name/console.log")"
	return 0
}

# one NAME NUMBER: from a start to a kill and what is left. Of eight kills four are in the first two
# seconds of a worker, two while the child boots, two while it works.
one() {
	local name=$1 starter when
	hvctl start "$(file_of "$name")" >/tmp/start.$name 2>&1 &
	starter=$!
	worker_up "$name"
	random 8
	case $number in
	[0-3]) when=start; random 20 ;;
	[45]) when=boot; random 100 ;;
	*) when=load; loaded "$name"; random 40 ;;
	esac
	tenths $number
	kill -9 "$pid" || bad "$name: nobody to kill: $(cat /tmp/start.$name)"
	echo >>/tmp/count/$when
	wait $starter
	hvctl wait "$name" --timeout 60 >/dev/null
	[ $? != 124 ] || bad "$name has not ended"
	gone "$name" "$pid" "900$2"
}

victim() {
	local i=0
	while [ $i -lt "$each" ]; do
		one "v$1" "$1"
		i=$((i + 1))
	done
	echo $state >/tmp/state.$1
}

# What must not grow, when only the witness runs: free pages of the hypervisor's pool, kB that the
# parent has, open files, of the witness's worker and monitor kB of their own and descriptors, and
# all that there is of processes and taps.
measure() {
	local processes
	sync
	echo 3 >/proc/sys/vm/drop_caches
	sleep 3
	pool=$(hvctl stats --json witness | jq .witness.hypervisor.pool_free)
	memory=$(awk '/^MemAvailable/ { sum += $2 } $1 == "count:" { sum += 4 * $2 }
		END { print sum }' /proc/meminfo /proc/zoneinfo)
	files=$(awk '{ print $1 }' /proc/sys/fs/file-nr)
	processes="$(field witness worker.pid) $(field witness monitor.pid)"
	own=0 descriptors=0
	for pid in $processes; do
		own=$((own + $(awk '/^RssAnon/ { print $2 }' /proc/$pid/status)))
		descriptors=$((descriptors + $(ls /proc/$pid/fd | wc -l)))
	done
	monitors=$(ps | grep -c '[h]vctl-monitor\|[h]vctl start')
	workers=$(ps | grep -c '[b]ulkhead-worker')
	taps=$(ls -d /sys/class/net/bulkhead* | wc -l)
	echo "$1: pool $pool pages free, parent $memory kB available, $files files, witness $own kB" \
		"$descriptors descriptors, $monitors monitors, $workers workers, $taps taps"
}

start witness
said witness 'load runs' 200
for i in 1 2 3; do echo $((seed * 100 + i)) >/tmp/state.$i; done
# The first kills fill caches that stay.
leg() {
	local pids= i
	for i in 1 2 3; do
		state=$(cat /tmp/state.$i)
		victim $i &
		pids="$pids $!"
	done
	wait $pids
	[ ! -e /tmp/bad ] || fail "$(cat /tmp/bad)"
	measure "after $(cat /tmp/count/* | wc -l) kills"
}
wanted=$each
each=1
leg
pool_before=$pool memory_before=$memory files_before=$files own_before=$own
descriptors_before=$descriptors
rm /tmp/count/*
each=$wanted
while [ $legs -gt 0 ]; do
	leg
	legs=$((legs - 1))
	hvctl list | grep witness
done
flat() { [ $(($2 - $3)) -le "$4" ] || fail "$1: from $3 to $2"; }
[ "$pool" != null ] || fail "hvctl stats does not tell the pool"
flat "pages of the pool in use" -$pool -$pool_before 0
flat "kB that the parent lost" -$memory -$memory_before 8192
flat "open files" $files $files_before 64
flat "kB of the witness's processes" $own $own_before 1024
flat "descriptors of the witness's processes" $descriptors $descriptors_before 4
flat monitors $monitors 1 0
flat workers $workers 1 0
flat taps $taps 1 0
[ "$(cat /sys/class/net/br0/address)" = "$bridge_address" ] || fail "the bridge has another address now"
for when in start boot load; do
	echo "killed in $when: $(cat /tmp/count/$when 2>/dev/null | wc -l)"
done
killed=$(cat /tmp/count/* | wc -l)
[ "$killed" -ge "$times" ] || fail "only $killed kills"
[ "$(cat /tmp/count/load | wc -l)" -ge $((times / 8)) ] || fail "too few kills under load"
# The names are free, and nothing is locked.
for i in 1 2; do start v$i; hvctl kill v$i; done
echo stop | hvctl console witness >/dev/null 2>&1 &
ended witness 60
console=/run/bulkhead/witness/console.log
grep -h 'load ended\|wrong\|complains' $console
grep -q 'wrong\|complains' $console && fail "the witness suffered"
set -- $(sed -n 's/^load ended: disk \([0-9]*\) network \([0-9]*\) worst \([0-9]*\).*/\1 \2 \3/p' $console)
[ "${1:-0}" -ge "$times" ] && [ "$2" -ge "$times" ] || fail "the witness hardly worked"
[ "$3" -le 500 ] || fail "the witness stood still for $3 hundredths of a second"
dmesg | grep -E 'BUG:|Oops|WARNING:|[^n]stall|lockup|blocked for more' && fail "the parent's kernel complains"
echo "$killed kills leave nothing behind, the witness's longest tick took $3 hundredths of a second"
exit 0
SCRIPT
expect "$work/run/parent.log" 'kills leave nothing behind'
never "$work/run/hypervisor.log" 'PANIC'
grep -a 'kills leave nothing behind' "$work/run/parent.log"
