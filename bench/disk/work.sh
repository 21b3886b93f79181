# Each job twice, short and long: the difference of both is what its requests cost, without the start.
# Marks: 2n before and 2n + 1 after phase n; "phase" lines tell the parent when to read its counters.
mkdir -p /dev/shm
mount -t tmpfs shm /dev/shm
wait_for() { i=0; while [ ! -b $1 ] && [ $i -lt 50 ]; do sleep 0.1; i=$((i + 1)); done; [ -b $1 ]; }
if grep -qw bench.brd /proc/cmdline; then
	insmod /files/brd.ko rd_nr=1 rd_size=65536
	disk=/dev/ram0
	dd if=/dev/zero of=$disk bs=1M count=64 2>/dev/null
elif grep -q Microsoft /sys/class/dmi/id/sys_vendor 2>/dev/null || [ -e /sys/bus/vmbus ]; then
	disk=/dev/sda
else
	disk=/dev/vda
fi
wait_for $disk || { echo "no disk $disk"; exit 1; }
profiled=$(sed -n 's/.*bench.profile=\([a-z0-9]*\).*/\1/p' /proc/cmdline)
pause=$(sed -n 's/.*bench.pause=\([0-9]*\).*/\1/p' /proc/cmdline)

run_fio() {
	/files/fio --name=job --filename=$disk --direct=1 --ioengine=libaio --size=64M --randrepeat=1 \
		--norandommap --eta=never --output-format=terse --output=/tmp/fio.out "$@"
}

# phase NUMBER REQUESTS WORD OPTION...: the profile is turned by WORDon and WORDoff; "-": not at all.
phase() {
	number=$1 requests=$2 word=$3
	shift 3
	echo "phase $number begins"
	sleep ${pause:-0}
	[ "$word" = - ] || /files/mark "${word}on"
	/files/mark $((2 * number))
	run_fio "$@" || exit 1
	/files/mark $((2 * number + 1))
	[ "$word" = - ] || /files/mark "${word}off"
	echo "result $number $job $requests $(cut -d';' -f6-9 /tmp/fio.out)"
	echo "phase $number ends"
	sleep ${pause:-0}
}

# job FIRST-PHASE NAME BYTES SHORT LONG OPTION...: requests of so many KiB, so many of them.
job() {
	first=$1 job=$2 size=$3 short=$4 long=$5
	shift 5
	less=- more=-
	[ "$profiled" != "$job" ] || { less=less- more=; }
	phase $first $short "$less" "$@" --io_size=$((short * size))k
	phase $((first + 1)) $long "$more" "$@" --io_size=$((long * size))k
}

run_fio --rw=randread --bs=4k --iodepth=1 --io_size=4k
job 0 rand1 4 200 2200 --rw=randread --bs=4k --iodepth=1
job 2 rand32 4 200 2200 --rw=randread --bs=4k --iodepth=32
job 4 seq 1024 4 68 --rw=read --bs=1M --iodepth=1
echo "all measured"
