# The child's part of drivers.sh: which driver has which device, and each function used once.
for device in /sys/bus/vmbus/devices/*; do
	[ -e "$device/driver" ] && driver=$(basename "$(readlink "$device/driver")") || driver=none
	echo "device: $(tr -d '{}' <"$device/class_id") $driver"
done

head -c 1000000 /dev/urandom >/tmp/data
dd if=/tmp/data of=/dev/sda bs=64k conv=fsync 2>/dev/null
echo 3 >/proc/sys/vm/drop_caches
head -c 1000000 /dev/sda | cmp - /tmp/data && echo "exercised: storvsc"

gateway=$(ip route | awk '$1 == "default" { print $3 }')
ping -c 3 -W 5 "${gateway:-none}" >/tmp/ping 2>&1 && echo "exercised: netvsc" || cat /tmp/ping

mkdir -p /var/lib/hyperv
/files/hv_kvp_daemon || echo "no KVP daemon: $?"

# event_of NAME: the event device of the input device whose name has this in it.
event_of() {
	awk -v name="$1" 'BEGIN { RS = "" } index($0, name) && match($0, /event[0-9]+/) \
		{ print "/dev/input/" substr($0, RSTART, RLENGTH); exit }' /proc/bus/input/devices
}
for name in keyboard Mouse; do
	device=$(event_of $name)
	[ -z "$device" ] || /files/evtest --grab "$device" >/tmp/$name 2>&1 &
done
sleep 2
date -s '2001-01-01 00:00:00' >/dev/null
echo "drivers: ready"
until [ "$(date +%Y)" -gt 2020 ]; do sleep 0.2; done
echo "exercised: timesync"
echo "clock: $(date +%s)"
until grep -q 'KEY_F12), value 1' /tmp/keyboard; do sleep 0.5; done
killall evtest
sleep 1
grep -q 'KEY_B), value 1' /tmp/keyboard && echo "exercised: keyboard"
grep -q '(ABS_X), value 12345' /tmp/Mouse 2>/dev/null && grep -q '(BTN_LEFT), value 1' /tmp/Mouse &&
	echo "exercised: mouse"
echo "drivers: done"
sleep 1000
