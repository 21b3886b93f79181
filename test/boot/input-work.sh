# The child's part of input.sh: evtest on keyboard and pointer, what they saw as short lines.
#
# evtest writes when 4 KiB are full, or when it ends: so the parent ends with many presses of f12.
echo 0 >/proc/sys/kernel/ctrl-alt-del

# event_of NAME: the event device of the input device whose name has this in it.
event_of() {
	awk -v name="$1" 'BEGIN { RS = "" } index($0, name) && match($0, /event[0-9]+/) \
		{ print "/dev/input/" substr($0, RSTART, RLENGTH); exit }' /proc/bus/input/devices
}

watch() {
	/files/evtest --grab "$2" >"/tmp/$1" 2>&1 &
	eval "$1=$!"
}

left=60
until [ -n "$(event_of keyboard)" ] && { [ -n "$(event_of Mouse)" ] || ! modprobe -q hid_hyperv; }; do
	left=$((left - 1))
	[ $left -gt 0 ] || { cat /proc/bus/input/devices; exit 1; }
	sleep 1
done
for driver in /sys/bus/vmbus/devices/*/driver; do
	echo "driver: $(basename "$(readlink "$driver")")"
done
watch keys "$(event_of keyboard)"
mouse=$(event_of Mouse)
[ -z "$mouse" ] || watch pointer "$mouse"
sleep 2
echo "input: ready, pointer ${mouse:-none}"
until grep -q 'KEY_F12), value 1' /tmp/keys; do sleep 1; done
# Keys and pointer come by two ways: what is still queued for the pointer is waited for.
size=-1
until [ "$size" = "$(cat /tmp/keys /tmp/pointer 2>/dev/null | wc -c)" ]; do
	size=$(cat /tmp/keys /tmp/pointer 2>/dev/null | wc -c)
	sleep 5
done
kill $keys ${pointer:-}
wait

# Names and values; the repetition of a key held down (2) is Linux's own.
awk '/^Event: time.*EV_KEY/ && $NF != 2 { gsub(/[(),]/, ""); print $(NF - 2), $NF }
	/SYN_DROPPED/ { print "LOST" }' /tmp/keys >/tmp/keys.short
awk '/^Event: time.*(EV_KEY|ABS_[XY]|REL_WHEEL\))/ { gsub(/[(),]/, ""); print $(NF - 2), $NF }
	/SYN_DROPPED/ { print "LOST" }' /tmp/pointer >/tmp/pointer.short 2>/dev/null

# part FILE FIRST LAST: what is between two marks, on one line.
part() { awk -v first="$2" -v last="$3" '$0 == last { exit } on { print } $0 == first { on = 1 }' "$1"; }
echo START >/tmp/all && cat /tmp/keys.short >>/tmp/all
echo "keys: $(part /tmp/all START "KEY_F5 1" | tr '\n' ',')"
echo "text: $(part /tmp/all "KEY_F5 0" "KEY_F6 1" | tr '\n' ',')"
part /tmp/all "KEY_F6 0" "KEY_F7 1" >/tmp/burst
echo "burst: $(wc -l </tmp/burst) $(sha256sum </tmp/burst | cut -c1-16)"
if [ -n "$mouse" ]; then
	echo START >/tmp/all && cat /tmp/pointer.short >>/tmp/all
	echo "pointer: $(part /tmp/all START "BTN_MIDDLE 1" | tr '\n' ',')"
	awk 'on { print } $0 == "BTN_MIDDLE 0" { on = 1 }' /tmp/pointer.short >/tmp/burst
	echo "pointer burst: $(wc -l </tmp/burst) $(sha256sum </tmp/burst | cut -c1-16)"
fi
grep -h LOST /tmp/*.short

# The drivers come and go; then the one of the keyboard is gone for good.
for i in $(seq 1 20); do
	rmmod hyperv_keyboard && modprobe hyperv_keyboard || echo "reload $i failed"
	[ -z "$mouse" ] || { rmmod hid_hyperv && modprobe hid_hyperv || echo "reload $i failed"; }
done
left=30
until [ -n "$(event_of keyboard)" ]; do
	left=$((left - 1))
	[ $left -gt 0 ] || break
	sleep 1
done
watch keys "$(event_of keyboard)"
sleep 2
echo "input: again"
until grep -q 'KEY_F12), value 1' /tmp/keys; do sleep 1; done
kill $keys
wait
echo "after 20 reloads: $(awk '/^Event: time.*EV_KEY/ && $NF == 1 { gsub(/[(),]/, ""); print $(NF - 2) }' /tmp/keys |
	grep -v KEY_F12 | tr '\n' ',')"
rmmod hyperv_keyboard
echo "input: gone"
sleep 15
dmesg | grep -iE 'hid|keyboard|vmbus' | tail -n 20
