# Reboots, then reloads the drivers, then replaces the kernel by kexec, each TIMES times; a file on the
# disk and a word of the command line tell how far it is.
. /files/times
word() { tr ' ' '\n' </proc/cmdline | sed -n "s/^$1=//p"; }
give_up() {
	echo "FAILED: $*"
	dmesg | tail -n 40
	poweroff -f
}

# What VMBus offers and what has a driver; the disk answers.
devices() {
	local offered=0 bound=0 device
	for device in /sys/bus/vmbus/devices/*; do
		offered=$((offered + 1))
		[ ! -e "$device/driver" ] || bound=$((bound + 1))
	done
	echo "$offered devices, $bound with a driver, network: $(ls /sys/class/net | grep -vc '^lo$')"
}
disk() {
	local tries=0
	while [ ! -e /dev/sda ] && [ $tries -lt 100 ]; do
		sleep 0.1
		tries=$((tries + 1))
	done
	mount -t ext4 -o "$1" /dev/sda /mnt 2>/dev/null
}
check_devices() {
	local tries=0
	disk ro || give_up "$1: no disk"
	while [ "$(devices)" != "$(cat /mnt/devices)" ] && [ $tries -lt 50 ]; do
		sleep 0.2
		tries=$((tries + 1))
	done
	[ "$(devices)" = "$(cat /mnt/devices)" ] || give_up "$1: $(devices) instead of $(cat /mnt/devices)"
	cmp /mnt/copy1 /mnt/copy2 || give_up "$1: the disk's data differ"
	umount /mnt
}
replace() {
	disk ro || give_up "no disk to load a kernel from"
	/files/replace /mnt/vmlinuz /mnt/initrd \
		"$(sed 's/ round=[0-9]*//' /proc/cmdline) round=$1"
	give_up "kexec: $?"
}

round=$(word round)
if [ -n "$round" ]; then
	check_devices "kexec $round"
	echo "replaced $round"
	[ "$round" -lt "$times" ] && replace $((round + 1))
	echo "all done"
	poweroff -f
fi

disk rw || give_up "no disk"
boots=$(cat /mnt/boots 2>/dev/null || echo 0)
if [ "$boots" = 0 ]; then
	sleep 2
	devices | tee /mnt/devices
fi
echo $((boots + 1)) >/mnt/boots
umount /mnt
check_devices "boot $boots"
echo "booted $boots"
[ "$boots" -lt "$times" ] && reboot -f

loaded=$(lsmod | awk '/^(hv_utils|hv_storvsc|hv_netvsc|hid_hyperv|hyperv_keyboard|hv_balloon) / { print $1 }')
echo "drivers: $loaded"
i=0
while [ $i -lt "$times" ]; do
	i=$((i + 1))
	for module in $loaded; do
		rmmod "$module" || give_up "rmmod $module"
	done
	for module in $loaded; do
		modprobe "$module" || give_up "modprobe $module"
	done
	check_devices "reload $i"
	echo "reloaded $i"
done
replace 1
