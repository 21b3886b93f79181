# Work of two children on one bridge. "right" obeys; "left" says what is to be done, and tells.
# The kernel's command line names the side and how long traffic is to go on.
for word in $(cat /proc/cmdline); do
	case $word in
	side=*) side=${word#side=} ;;
	seconds=*) seconds=${word#seconds=} ;;
	esac
done
export LD_LIBRARY_PATH=/usr/lib
left=192.168.77.1 right=192.168.77.2
ip link set lo up
i=0
while [ ! -e /sys/class/net/eth0 ] && [ $i -lt 300 ]; do sleep 0.1; i=$((i + 1)); done
eval "own=\$$side"
ip address add $own/24 dev eth0
ip link set eth0 up
echo "driver $(basename "$(readlink /sys/class/net/eth0/device/driver)")"

# Writes to the disk, reads back and compares, again and again, until /tmp/enough is there.
disk_load() {
	local round=0 sum
	head -c 8000000 /dev/urandom >/tmp/pattern
	sum=$(sha256sum </tmp/pattern)
	while [ ! -e /tmp/enough ]; do
		dd if=/tmp/pattern of=/dev/sda bs=64k seek=$((round % 4 * 128)) conv=fsync 2>/dev/null
		echo 3 >/proc/sys/vm/drop_caches
		[ "$(dd if=/dev/sda bs=64k skip=$((round % 4 * 128)) count=123 2>/dev/null |
			head -c 8000000 | sha256sum)" = "$sum" ] || { echo "disk: wrong data"; return; }
		round=$((round + 1))
	done
	echo "disk: $round rounds right"
}

# Every counter that tells of a fault; none may grow.
faults() {
	cat /sys/class/net/eth0/statistics/*errors /sys/class/net/eth0/statistics/collisions | tr '\n' ' '
	# A receiver too slow is no fault: RcvbufErrors are among UDP's InErrors.
	awk '/^Tcp:/ { if (n++) print "tcp", $14, $16 } /^Udp:/ { if (m++) print "udp", $4 - $6, $8 }
		/^Ip:/ { if (k++) print "ip", $5 }' /proc/net/snmp | tr '\n' ' '
	/files/ethtool -S eth0 | grep -E 'no_memory|too_big|errors' | tr -d '\n'
}

mkdir -p /tmp/www
head -c 3000000 /dev/urandom >/tmp/www/data
httpd -p 80 -h /tmp/www
if [ "$side" = right ]; then
	before=$(faults)
	/files/iperf3 -s -D
	nc -ll -p 7 -e /bin/sh &
	echo "right is ready"
	while [ ! -e /tmp/disk ]; do sleep 0.5; done
	disk_load
	after=$(faults)
	[ "$before" = "$after" ] && echo "no fault counted" || echo "faults: $before, then $after"
	echo "right ends"
	exit 0
fi

# on_right COMMAND: runs it there; its output.
on_right() { printf '%s\nexit\n' "$1" | nc -w 10 $right 7; }

reach() {
	local i=0
	until ping -c 1 -W 1 -s $1 $right >/dev/null; do
		i=$((i + 1))
		[ $i -lt 60 ] || { echo "right is not reached with $1 bytes"; exit 1; }
	done
}

sent() { cat /sys/class/net/eth0/statistics/tx_$1; }

# offloads on|off: on both sides.
offloads() {
	local set="/files/ethtool -K eth0 rx $1 tx $1 tso $1 gso $1 gro $1 >/dev/null 2>&1"
	on_right "$set" >/dev/null
	eval "$set"
	reach 56
	/files/ethtool -k eth0 | grep -E '^(rx-checksumming|tx-checksumming|tcp-segmentation-offload): ' | xargs echo
}

# measure NAME OPTION...: one run of iperf3, what it found as one line. The mean size of what was sent
# goes to $mean, the rate that came is added to $rate, in units of 100 kbit/s.
measure() {
	local name=$1 packets bytes
	shift
	packets=$(sent packets) bytes=$(sent bytes)
	if ! /files/iperf3 -f m -c $right "$@" >/tmp/iperf 2>&1; then
		cat /tmp/iperf
		echo "iperf $name failed"
		exit 1
	fi
	mean=$((($(sent bytes) - bytes) / ($(sent packets) - packets)))
	echo "iperf $name:" $(grep -E 'sender|receiver' /tmp/iperf |
		awk '{ for (i = 1; i <= NF; i++) if ($i ~ /bits\/sec/) printf "%s %s ", $(i - 1), $i }
			$0 ~ /%/ { printf "%s %s ", $(NF - 2), $(NF - 1) } { printf "%s, ", $NF }') \
		"$mean bytes in a packet sent"
	rate=$((rate + $(awk '/receiver/ { for (i = 2; i <= NF; i++) if ($i ~ /bits\/sec/) sum += $(i - 1) }
		END { print int(sum * 10) }' /tmp/iperf)))
}

# compare NAME: the same bytes on both sides, both ways.
compare() {
	local there got
	there=$(on_right 'sha256sum </tmp/www/data' | cut -d' ' -f1)
	got=$(wget -q -O - http://$right/data | sha256sum | cut -d' ' -f1)
	[ "$there" = "$got" ] || { echo "$1: got $got, not $there"; exit 1; }
	got=$(on_right "wget -q -O - http://$left/data | sha256sum" | cut -d' ' -f1)
	there=$(sha256sum </tmp/www/data | cut -d' ' -f1)
	[ "$there" = "$got" ] || { echo "$1: right has $got, not $there"; exit 1; }
	echo "$1: the same bytes both ways"
}

reach 56
i=0
until [ "$(on_right 'echo yes' 2>/dev/null)" = yes ] && /files/iperf3 -c $right -n 1 >/dev/null 2>&1; do
	i=$((i + 1))
	[ $i -lt 60 ] || { echo "right does not answer"; exit 1; }
	sleep 1
done
before=$(faults)
with=0 without=0
for mtu in 1500 9000; do
	on_right "ip link set eth0 mtu $mtu" >/dev/null
	ip link set eth0 mtu $mtu
	reach $((mtu - 28))
	[ "$(cat /sys/class/net/eth0/mtu)" = $mtu ] || { echo "mtu is not $mtu"; exit 1; }
	rate=0
	measure "tcp $mtu out" -t 5
	# The least that TCP puts in a large frame is two segments.
	[ $mean -gt $((mtu * 3 / 2)) ] || { echo "no large frames are sent"; exit 1; }
	measure "tcp $mtu in" -t 5 -R
	with=$((with + rate))
	measure "udp $mtu out" -t 5 -u -b 8M
	measure "udp $mtu in" -t 5 -u -b 8M -R
	compare "mtu $mtu"
	offloads off
	rate=0
	measure "tcp $mtu plain out" -t 5
	[ $mean -le $((mtu + 14)) ] || { echo "large frames are sent"; exit 1; }
	measure "tcp $mtu plain in" -t 5 -R
	without=$((without + rate))
	compare "mtu $mtu, offloads off"
	offloads on
done
[ $with -gt $without ] || { echo "offloads are in the way: $with with them, $without without"; exit 1; }
echo "offloads help: $((with / 40)) Mbit/s with them, $((without / 40)) without"

echo "ready for link down"
i=0
while [ "$(cat /sys/class/net/eth0/carrier)" = 1 ] && [ $i -lt 600 ]; do sleep 0.1; i=$((i + 1)); done
echo "carrier is $(cat /sys/class/net/eth0/carrier)"
ping -c 1 -W 1 $right >/dev/null && echo "right is reached without a link"
echo "ready for link up"
i=0
while [ "$(cat /sys/class/net/eth0/carrier)" = 0 ] && [ $i -lt 600 ]; do sleep 0.1; i=$((i + 1)); done
echo "carrier is $(cat /sys/class/net/eth0/carrier)"
reach 56
echo "right is reached again"

on_right 'touch /tmp/disk' >/dev/null
disk_load &
measure "both ways with disks" -t $seconds --bidir
compare "after all"
echo "ready to be counted"
read -r answer
touch /tmp/enough
after=$(faults)
[ "$before" = "$after" ] && echo "no fault counted" || echo "faults: $before, then $after"
on_right 'touch /tmp/enough' >/dev/null
wait $!
echo "left ends"
