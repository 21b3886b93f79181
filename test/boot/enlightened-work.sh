# Work of an enlightened child on its Debian disk: what the kernel says, then verified disk traffic.
dmesg >/root/dmesg
dmesg | grep -E 'Hypervisor detected|Vmbus version|storvsc|clocksource' | head -n 40
echo "clock source: $(cat /sys/devices/system/clocksource/clocksource0/current_clocksource)"
echo "processors: $(nproc)"
for kind in write randwrite; do
	fio --eta=never --name=$kind --rw=$kind --directory=/root --size=24M --bs=4k-64k --bsrange=4k-64k \
		--direct=1 --ioengine=libaio --iodepth=16 --verify=crc32c --verify_fatal=1 \
		--do_verify=1 --fsync=64 --output=/root/fio-$kind.txt || { cat /root/fio-$kind.txt; exit 1; }
	echo "fio $kind verified"
done
for kind in read randread; do
	fio --eta=never --name=$kind --rw=$kind --filename=/root/write.0.0 --size=24M --bs=4k --direct=1 \
		--ioengine=libaio --iodepth=32 --output=/root/fio-$kind.txt || exit 1
	echo "fio $kind done"
done
head -c 8000000 /dev/urandom >/root/random
sync
echo 3 >/proc/sys/vm/drop_caches
(cd /root && sha256sum random write.0.0) | tee /root/sums
dmesg >/root/dmesg-end
