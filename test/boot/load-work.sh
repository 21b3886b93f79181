# Works on disk, network and timers until the console says stop; what is read back is compared with
# what was written, and the clock with itself between ticks. Words of the kernel's command line:
#
#   server=ADDRESS      where http://ADDRESS:8080/data is
#   own=ADDRESS         this child's address on the bridge (without: child.net has asked for one)
#   rounds=N            stops by itself after N rounds of the disk
#   pause=SECONDS       between two rounds, so that others have processors, too (0)
server=10.0.2.2 own= rounds= pause=0
for word in $(cat /proc/cmdline); do
	case $word in
	server=*) server=${word#server=} ;;
	own=*) own=${word#own=} ;;
	rounds=*) rounds=${word#rounds=} ;;
	pause=*) pause=${word#pause=} ;;
	esac
done
wait_for() {
	local tries=0
	while [ ! -e "$1" ] && [ $tries -lt 600 ]; do sleep 0.1; tries=$((tries + 1)); done
}
wait_for /sys/class/net/eth0
wait_for /dev/sda
if [ -n "$own" ]; then
	ip link set lo up
	ip address add "$own/24" dev eth0
	ip link set eth0 up
fi
echo 0 >/tmp/disk
echo 0 >/tmp/network
echo 0 >/tmp/worst

# Two MiB at one of eight places, again and again; nothing is read from memory.
disk() {
	local round=0 sum place
	head -c 2097152 /dev/urandom >/tmp/pattern
	sum=$(sha256sum </tmp/pattern)
	while [ ! -e /tmp/stop ]; do
		place=$((round % 8 * 32))
		dd if=/tmp/pattern of=/dev/sda bs=64k seek=$place conv=fsync 2>/dev/null
		echo 3 >/proc/sys/vm/drop_caches
		[ "$(dd if=/dev/sda bs=64k skip=$place count=32 2>/dev/null | sha256sum)" = "$sum" ] ||
			echo "wrong data on the disk in round $round"
		round=$((round + 1))
		echo $round >/tmp/disk
		[ "$round" != "$rounds" ] || touch /tmp/stop
		sleep $pause
	done
}

# The server's file; it may not answer at once while the link comes up.
network() {
	local count=0 sum= got tries=0
	while [ ! -e /tmp/stop ]; do
		got=$(timeout 30 wget -q -O /tmp/data "http://$server:8080/data" && sha256sum </tmp/data)
		if [ -z "$got" ]; then
			tries=$((tries + 1))
			[ $tries -lt 100 ] && [ -z "$sum" ] || [ -e /tmp/stop ] || echo "wrong: no answer"
			sleep 0.2
			continue
		fi
		sum=${sum:-$got}
		[ "$got" = "$sum" ] || echo "wrong data from the network: $got, not $sum"
		count=$((count + 1))
		echo $count >/tmp/network
		sleep $pause
	done
}

# Hundredths of a second since the start.
now() {
	local up rest
	read -r up rest </proc/uptime
	time=${up%.*}${up#*.}
}

# The longest time from one tick to the next, in hundredths of a second.
ticks() {
	local last worst=0
	now
	last=$time
	while [ ! -e /tmp/stop ]; do
		sleep 0.1
		now
		if [ $((time - last)) -gt $worst ]; then
			worst=$((time - last))
			echo $worst >/tmp/worst
		fi
		last=$time
	done
}

tell() { echo "$1 disk $(cat /tmp/disk) network $(cat /tmp/network) worst $(cat /tmp/worst)"; }

disk & disk_pid=$!
network & network_pid=$!
ticks & ticks_pid=$!
while [ ! -e /tmp/stop ] && { [ "$(cat /tmp/disk)" = 0 ] || [ "$(cat /tmp/network)" = 0 ]; }; do
	sleep 0.1
done
tell "load runs:"
(while [ ! -e /tmp/stop ]; do sleep 10; tell "load:"; done) &
(read -r stop </dev/console; touch /tmp/stop) &
reader_pid=$!
wait $disk_pid $network_pid $ticks_pid
kill $reader_pid 2>/dev/null
tell "load ended:"
dmesg | grep -E 'WARNING:|BUG:|Oops|stall|lockup|blocked for more|I/O error|hv_[a-z]*: .*(error|fail)|Call Trace' |
	sed 's/^/kernel complains: /'
