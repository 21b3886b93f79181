#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Debian's kernels against the devices on VMBus: driver bound and its function used, or the reason why
# the kernel has no driver, out of the configuration that it was built with. Prints the table.
#
#   drivers.sh FLAVOUR...     the children's kernels
. "$(dirname "$0")/lib.sh"

evtest=$("$root/image/packages" unpack bookworm evtest)/usr/bin/evtest
daemon=$("$root/image/packages" unpack bookworm hyperv-daemons)/usr/sbin/hv_kvp_daemon
confs=() names=()
for flavour; do
	name=k${flavour//./-}
	truncate -s 16M "$work/$name.raw"
	child_memory=384M child_cmdline=child.net child_disk=$work/$name.raw
	child "$name" enlightened "$flavour" "$root/test/boot/drivers-work.sh" "$evtest" "$daemon"
	names+=("$name")
	confs+=("$work/$name.conf")
done

echo "names='${names[*]}'" >"$work/names"
parent_script --timeout $((60 + 150 * $#)) --put "$work/names" "${confs[@]}" <<'SCRIPT' || fail "./run: $?"
. /host/files/names
exercised() { echo "exercised: $1" >>"/host/out/$name"; }
# soon COMMAND...: tries it once a second, for half a minute.
soon() {
	local left=30
	until "$@"; do
		[ $left -gt 0 ] || { echo "$name: not in time: $*"; return 1; }
		sleep 1
		left=$((left - 1))
	done
}
beats() { [ "$(field $name heartbeat)" = ok ]; }
known() { [ "$(hvctl info $name --json | jq -r .kvp.state)" = known ]; }
for name in $names; do
	: >"/host/out/$name"
	start $name
	said $name "drivers: ready" 120
	soon beats && exercised heartbeat
	soon known && exercised kvp
	hvctl pause $name
	sleep 1
	hvctl resume $name
	said $name "exercised: timesync" 30
	hvctl pointer $name 12345 23456 left
	hvctl sendkey $name b f12 f12 f12 f12 f12 f12 f12 f12 f12 f12 f12 f12 f12 f12 f12 f12 f12 f12 f12 f12
	said $name "drivers: done" 60
	hvctl stop $name --timeout 30 && [ "$(field $name cause)" = powered-off ] && exercised shutdown
	hvctl kill $name 2>/dev/null
	cat /run/bulkhead/$name/worker.log
done
exit 0
SCRIPT

# NAME OPTION CLASS [NEEDS]: OPTION of the kernel's configuration builds the driver; where NEEDS is
# not set it does not come up.
devices='storvsc HYPERV_STORAGE ba6163d9-04a1-4d29-b605-72e2ffb1dc7f
netvsc HYPERV_NET f8615163-df3e-46c5-913f-f2d2f965ed0e
keyboard HYPERV_KEYBOARD f912ad6d-2b17-48ea-bd65-f927a61c7684
mouse HID_HYPERV_MOUSE cfa8b69e-5b4a-4cc0-b98b-8ba1a1f3f95a HID
shutdown HYPERV_UTILS 0e0b6031-5213-4934-818b-38d90ced39db
heartbeat HYPERV_UTILS 57164f39-9115-4e78-ab55-382f3bd5422d
timesync HYPERV_UTILS 9527e630-d0ae-497b-adce-e80ab0175caf
kvp HYPERV_UTILS a9a0f4e7-5a45-4d96-b827-8a841e8c03e6'

bad=0
{
	echo "| kernel | device | driver | function |"
	echo "|---|---|---|---|"
	for flavour; do
		name=k${flavour//./-}
		config=$("$root/image/kernel" config "$flavour")
		said=$(tr -d '\r' <"$work/$name.serial" | cat - "$work/run/share/out/$name")
		while read -r device option class needs; do
			driver=$(sed -n "s/^device: $class //p" <<<"$said")
			cell="not exercised"
			if grep -q "^exercised: $device\$" <<<"$said"; then
				cell=exercised
			elif ! grep -qE "^CONFIG_$option=[ym]" "$config"; then
				cell="no driver: $(grep -oE "CONFIG_($option${needs:+|$needs}) is not set" "$config" |
					tail -n 1)"
			fi
			echo "| $("$root/image/kernel" version "$flavour") | $device | ${driver:-not offered} | $cell |"
		done <<<"$devices"
	done
} | tee "$work/table.md"
! grep -E 'not exercised|not offered' "$work/table.md" || bad=1
# Where a driver is missing no other may have the device; where a function was used it is bound.
! grep -E '\| none \| exercised|\| [a-z_]+ \| no driver' "$work/table.md" | grep -v '| none | no driver' || bad=1
! grep -E 'no driver: \|' "$work/table.md" || bad=1
[ "$(grep -c '^| [67]' "$work/table.md")" = $((8 * $#)) ] || bad=1
[ $bad = 0 ] || { tail -n 40 "$work"/k*.serial; fail "see the table"; }
