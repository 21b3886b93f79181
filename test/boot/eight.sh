#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Eight enlightened children with 2 processors each on 2 logical processors: none starves, also while
# the parent computes on both.
. "$(dirname "$0")/lib.sh"
cat >"$work/work.sh" <<'CHILD'
# Counts rounds of work on two processors from a common moment on, for a fixed time.
work() {
	rounds=0
	while [ ! -e /tmp/stop ]; do
		head -c 100000 /bin/busybox | sha256sum >/dev/null
		rounds=$((rounds + 1))
	done
	echo $rounds >/tmp/rounds.$1
}
echo "child is ready"
read -r go
work 1 & work 2 &
sleep 90
touch /tmp/stop
wait
echo "progress $(($(cat /tmp/rounds.1) + $(cat /tmp/rounds.2)))"
CHILD
# Programs started over and over at random places would make QEMU slow, by chance for one child more
# than for another (docs/platform.md): what is compared are the children's shares.
child_memory=160M child_output=console child_cmdline=norandmaps
names=
for i in 1 2 3 4 5 6 7 8; do
	child "c$i" enlightened 6.1-cloud "$work/work.sh"
	names+=" c$i"
done
parent_script --timeout 600 --memory 4G $(printf "$work/%s.conf " $names) <<'SCRIPT' ||
for i in 1 2 3 4 5 6 7 8; do
	start c$i
	mkfifo /tmp/in.$i
	(sleep 500 >/tmp/in.$i) &
	hvctl console c$i </tmp/in.$i >/tmp/out.$i 2>&1 &
done
for i in 1 2 3 4 5 6 7 8; do
	left=200
	while ! grep -q "child is ready" /tmp/out.$i; do
		sleep 1
		left=$((left - 1))
		[ $left -gt 0 ] || fail "c$i is not ready"
	done
done
for i in 1 2 3 4 5 6 7 8; do
	echo go >/tmp/in.$i
done
# The parent computes on both processors during the second half.
(sleep 45; for i in 1 2; do timeout 45 sh -c 'while :; do :; done' & done; wait) &
hvctl stats --json >/host/out/stats-running.json
for i in 1 2 3 4 5 6 7 8; do
	ended c$i 300
	[ "$(field c$i cause)" = powered-off ] || fail "c$i ended by $(field c$i cause)"
	echo "c$i $(grep -a -o 'progress [0-9]*' /tmp/out.$i)"
done
SCRIPT
	fail "./run: $?"
progress=$(sed -n 's/^c[1-8] progress \([0-9]*\).*/\1/p' "$work/run/parent.log" | sort -n)
[ "$(wc -w <<<"$progress")" = 8 ] || fail "not all eight told their progress"
least=$(head -n 1 <<<"$progress")
most=$(tail -n 1 <<<"$progress")
echo "progress from $least to $most"
[ "$least" -gt 0 ] && [ "$most" -le $((least * 2)) ] || fail "one child starves"
share=$(jq '[.[].hypervisor.mapped_2m_percent] | min' "$work/run/share/out/stats-running.json")
echo "smallest share of memory in 2 MiB pages: $share %"
jq -en "$share >= 95" >/dev/null || fail "less than 95 % is mapped by 2 MiB pages"
