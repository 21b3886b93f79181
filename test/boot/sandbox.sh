#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What a worker that was taken over could do, tried in the parent by a program that confines itself as
# workers do; and workers of running children, looked at from outside: one with NAT, one without.
. "$(dirname "$0")/lib.sh"
gcc -std=gnu11 -O2 -static -Wall -Wextra -I"$root" -o "$work/escape" "$root"/test/boot/escape.c \
	"$root"/test/unit/worker/core/escape.c "$root"/worker/core/{confine,confine_calls,log}.c -lpthread
cat >"$work/work.sh" <<'CHILD'
echo "ready"
read -r stop </dev/console
CHILD
child_output=console child_processors=1
child_network='mode = none' child none enlightened 6.1-cloud "$work/work.sh"
child_network='mode = nat' child nat enlightened 6.1-cloud "$work/work.sh"
parent_script --timeout 260 --put "$work/escape" "$work/none.conf" "$work/nat.conf" <<'SCRIPT' ||
echo "nameserver 10.0.2.3" >/etc/resolv.conf
/host/files/escape || fail "escape"

# is PID FILE REGEXP: a line of /proc/PID/FILE.
is() { grep -E "$3" /proc/$1/$2 || { cat /proc/$1/$2; fail "$1: $2: no line matches $3"; }; }
# own PID SPACE yes|no: the worker has a namespace of its own, or the parent's.
own() {
	local same=yes
	[ "$(readlink /proc/$1/ns/$2)" = "$(readlink /proc/self/ns/$2)" ] || same=no
	[ $same != "$3" ] || fail "$1: namespace $2: own is not $3"
}
# confined NAME NETWORK FILES: its worker holds nothing more than it needs.
confined() {
	local pid
	pid=$(worker_pid $1)
	echo "worker of $1: $pid"
	is $pid status '^Uid:[[:space:]](1879[0-9]*)[[:space:]]\1[[:space:]]\1'
	is $pid status '^Groups:[[:space:]]*$'
	is $pid status '^Cap(Inh|Prm|Eff):[[:space:]]0000000000000000'
	is $pid status '^CapBnd:[[:space:]]0000000000000000'
	is $pid status '^NoNewPrivs:[[:space:]]1'
	is $pid status '^Seccomp:[[:space:]]2'
	is $pid status '^NSpid:[[:space:]][0-9]+[[:space:]]1$'
	is $pid limits '^Max core file size *0 '
	own $pid mnt yes; own $pid pid yes; own $pid ipc yes; own $pid uts yes; own $pid net $2
	[ "$(ls -A /proc/$pid/root | tr '\n' ' ')" = "$3" ] || { ls -lA /proc/$pid/root; fail "$1 sees files"; }
	for task in /proc/$pid/task/*; do
		grep -q '^Seccomp:[[:space:]]2' $task/status || fail "$task is not confined"
	done
	ls -l /proc/$pid/fd | grep -E '/dev/mshv$' && fail "$1 still has the device open"
	return 0
}
start none nat
said none ready 100
said nat ready 100
confined none yes ""
confined nat no "etc "
hvctl stats none >/dev/null || fail "stats of a confined worker"
for name in none nat; do
	hvctl pause $name && hvctl resume $name || fail "pause $name"
	echo stop | hvctl console $name >/dev/null 2>&1 &
	ended $name 60
	[ "$(field $name cause)" = powered-off ] || fail "$name ended by $(field $name cause)"
done
SCRIPT
	fail "./run: $?"
expect "$work/run/parent.log" 'no way out of [0-9]+ tried'
never "$work/run/parent.log" 'audit.*SECCOMP.*bulkhead-worker'
