#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Integration services with a packaged kernel: heartbeat, clean shutdown and restart, the time after
# a pause, what a daemon in the child tells, and the last words of one that panics.
#
#   integration.sh FLAVOUR [PAUSE]     the children's kernel; seconds to stand still (60)
. "$(dirname "$0")/lib.sh"
flavour=$1 pause=${2:-60}
daemon=$("$root/image/packages" unpack bookworm hyperv-daemons)/usr/sbin/hv_kvp_daemon
disk=$(disk_copy root)
# norandmaps: QEMU keeps what it translated by address, and a page whose code has run at thousands of
# addresses takes it a second to overwrite: the next worker would wait minutes for clean memory.
child_memory=384M child_cmdline="root=/dev/sda rw child.net norandmaps" child_disk=$disk
child web enlightened "$flavour" "$root/test/boot/integration-work.sh" "$daemon"
child_memory=192M child_cmdline="" child_disk=

cat >"$work/panic.sh" <<'CHILD'
echo "before the panic"
sleep 4
echo c >/proc/sysrq-trigger
CHILD
child panic enlightened "$flavour" "$work/panic.sh"

# Without the driver there is nobody to ask.
cat >"$work/deaf.sh" <<'CHILD'
rmmod hv_utils && echo "deaf now"
sleep 1000
CHILD
child deaf enlightened "$flavour" "$work/deaf.sh"

echo "pause=$pause" >"$work/pause"
parent_script --timeout $((500 + pause)) --put "$work/pause" "$work/web.conf" "$work/panic.conf" \
	"$work/deaf.conf" <<'SCRIPT' || fail "./run: $?"
. /host/files/pause
serial() { sed -n 's/^\toutput = "\(.*\)"$/\1/p' "$(grep -l "^name = \"$1\"" /host/children/*.conf)"; }
# until SECONDS COMMAND...: tries it once a second.
until_true() {
	local left=$1
	shift
	until "$@"; do
		[ $left -gt 0 ] || fail "not in time: $*"
		sleep 1
		left=$((left - 1))
	done
}
heartbeat_is() { [ "$(field "$1" heartbeat)" = "$2" ]; }
# This shell's date knows whole seconds only: when one begins, what uptime is then tells the rest.
second=$(date +%s)
while [ "$(date +%s)" = "$second" ]; do :; done
second=$((second + 1))
since=$(cut -d' ' -f1 /proc/uptime)
# The child's clock beside ours, in milliseconds, when its next line comes.
clock_gap() {
	local file=$1 before line
	before=$(grep -c '^tick ' "$file")
	while [ "$(grep -c '^tick ' "$file")" = "$before" ]; do :; done
	line=$(grep '^tick ' "$file" | tail -n 1 | tr -d '\r')
	awk -v child="${line#tick }" -v second="$second" -v since="$since" '{
		gap = second - child + $1 - since
		printf "%d\n", (gap < 0 ? -gap : gap) * 1000
	}' /proc/uptime
}

start web
until_true 120 heartbeat_is web ok
hvctl list
said web "ticking" 100
file=$(serial web)

gap=$(clock_gap "$file")
[ "$gap" -lt 1000 ] || fail "at boot the child's clock is $gap ms off"
kvp_state() { hvctl info web --json | jq -r .kvp.state; }
[ "$(kvp_state)" = no-daemon ] || fail "there is no daemon yet, but its state is $(kvp_state)"
hvctl info web | grep "runs no KVP daemon" || fail "hvctl info does not tell that there is no daemon"

hvctl pause web || fail "pause: $?"
[ "$(field web state)" = paused ] || fail "paused, but the list says $(field web state)"
sleep 1
lines=$(wc -l <"$file")
sleep "$pause"
[ "$(wc -l <"$file")" = "$lines" ] || fail "it runs while it is paused"
hvctl stop web --timeout 3 && fail "a paused child can be stopped"
hvctl resume web || fail "resume: $?"
gap=$(clock_gap "$file")
# The first line may have been under way when it was paused.
[ "$gap" -lt 1000 ] || gap=$(clock_gap "$file")
[ "$gap" -lt 1000 ] || fail "after the pause the child's clock is $gap ms off"
echo "clock gap after $pause s: $gap ms"
[ "$(field web state)" = running ] || fail "resumed, but the list says $(field web state)"
heartbeat_is web ok || fail "the heartbeat is $(field web heartbeat) after the pause"

known() { [ "$(kvp_state)" = known ]; }
until_true 120 known
hvctl info web
hvctl info web | grep -E '^system +Debian GNU/Linux 12' || fail "hvctl info does not tell the system"
hvctl info web | grep -E '^IPv4 +10\.' || fail "hvctl info does not tell the address"
hvctl info web | grep -E '^adapter .*10\.' || fail "hvctl info does not tell the adapter's address"
hvctl info web | grep -E '^kernel +[67]\.' || fail "hvctl info does not tell the kernel"

hvctl restart web --timeout 60 || fail "restart: $?"
[ "$(field web resets)" = 1 ] || fail "restarted, but $(field web resets) resets"
again() { [ "$(grep -c ^ticking "$file")" = 2 ]; }
until_true 120 again
until_true 20 heartbeat_is web ok
before=$(cut -d. -f1 /proc/uptime)
hvctl stop web --timeout 30 || fail "stop: $?"
echo "stopped in $(($(cut -d. -f1 /proc/uptime) - before)) s"
[ "$(field web cause)" = powered-off ] || fail "stopped, but it is $(field web cause)"

start panic
said panic "before the panic" 100
panicked() { [ "$(field panic crash)" != null ]; }
until_true 60 panicked
hvctl list
hvctl stop panic --timeout 5 2>&1 | tee /tmp/said
grep "its kernel has panicked" /tmp/said || fail "hvctl stop does not say that it has panicked"
hvctl kill panic || fail "kill: $?"
hvctl info panic | tee /host/out/panic.info
hvctl log panic >/host/out/panic.log

start deaf
said deaf "deaf now" 100
heartbeat_is deaf - || fail "the heartbeat of a child without the driver is $(field deaf heartbeat)"
hvctl stop deaf --timeout 5 2>&1 | tee /tmp/said
grep "its power button" /tmp/said || fail "hvctl stop does not say whom it asked"
hvctl restart deaf --force --timeout 3 || fail "restart --force: $?"
said deaf "deaf now" 100
hvctl stop deaf --force --timeout 2 || fail "stop --force: $?"
exit 0
SCRIPT
disk_clean "$disk"
expect "$work/run/share/out/panic.info" 'Kernel panic - not syncing: sysrq triggered crash'
expect "$work/run/share/out/panic.info" 'sysrq_handle_crash'
expect "$work/run/share/out/panic.log" 'crash: .*Kernel panic - not syncing'
never "$work/web.serial" 'soft lockup|rcu.*stall|Kernel panic|BUG:|Oops:'
