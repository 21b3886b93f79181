# A compute job that touches no device: hash, sort, fork, timers, IPIs, for a known time.
compute() {
	end=$(($(cut -d. -f1 /proc/uptime) + 20))
	rounds=0
	while [ "$(cut -d. -f1 /proc/uptime)" -lt $end ]; do
		head -c 200000 /bin/busybox | sha256sum >/dev/null
		seq 1 2000 | sort -r | tail -n 1 >/dev/null
		sleep 0.01
		rounds=$((rounds + 1))
	done
	echo "$1 $rounds" >/tmp/rounds.$1
}
echo "compute begins"
sleep 6
compute a & compute b &
# Pulling a process from processor to processor makes rescheduling IPIs.
for i in $(seq 1 50); do taskset $((i % 2 + 1)) true; done
wait
sleep 8
cat /tmp/rounds.*
grep -E 'RES|CAL|TLB|LOC|HVS' /proc/interrupts
echo "compute ended"
