# SPDX-License-Identifier: GPL-2.0-or-later
# The reference machine as QEMU's arguments; sourced by ./run with its options set.
#
# q35, because its AHCI controller and PCIe window are what real machines have; qemu64 with SVM and
# nested paging, because software emulation offers these everywhere, without /dev/kvm.

# A comma ends an argument's value for QEMU unless it is doubled.
machine_escape() { printf '%s' "${1//,/,,}"; }

# machine_base: processors, memory, the two serial ports, what every run has.
machine_base() {
	machine=(-machine q35 -cpu "qemu64,+svm,+npt" -accel tcg,thread=single -smp "$smp" -m "$memory"
		-nodefaults -display none -vga none -rtc base=utc
		-netdev user,id=net0,restrict=on -device virtio-net-pci,netdev=net0,romfile=
		-fsdev local,id=host,path=share,security_model=mapped-file
		-device virtio-9p-pci,fsdev=host,mount_tag=bulkhead)
	[ "$icount" = no ] ||
		machine+=(-icount shift=0,sleep=off -rtc base=2026-01-01,clock=vm)
	[ "$gdb" = no ] || machine+=(-s -S)
	machine+=(-chardev file,id=com2,path=hypervisor.log)
	if [ "$mode" = shell ]; then
		machine+=(-chardev stdio,id=com1,mux=on,signal=off,logfile=parent.log)
		machine+=(-mon com1)
	else
		machine+=(-chardev file,id=com1,path=parent.log)
		machine+=(-chardev pipe,id=monitor,path=monitor -mon monitor)
	fi
	machine+=(-serial chardev:com1 -serial chardev:com2)
}

# machine_disk SERIAL FILE READONLY: a virtio disk that the parent finds by its serial number. The
# demonstration forgets what was written: several may run at once, and each begins alike.
machine_disk() {
	local drive
	drive="if=none,id=$1,format=raw,file=$(machine_escape "$2")"
	if [ "$3" = true ]; then
		drive+=",readonly=on"
	elif [ "$demo" = yes ]; then
		drive+=",snapshot=on"
	fi
	machine+=(-drive "$drive" -device "virtio-blk-pci,drive=$1,serial=$1")
}

# machine_scratch: a small disk on each kind of controller for the parent itself.
machine_scratch() {
	truncate -s 64M scratch-virtio.raw scratch-ahci.raw
	machine_disk scratch "scratch-virtio.raw" false
	machine+=(-drive if=none,id=ahci0,format=raw,file=scratch-ahci.raw
		-device ide-hd,drive=ahci0,bus=ide.0,serial=scratch-ahci)
}

# machine_boot HOW: what starts: hypervisor and parent directly or from the ISO; or the parent alone.
machine_boot() {
	case $1 in
	bare)
		machine+=(-kernel vmlinuz -initrd initramfs -append "$parent_args")
		;;
	direct)
		machine+=(-kernel bulkhead.elf -append "$hypervisor_args"
			-initrd "vmlinuz $(machine_escape "$parent_args"),initramfs")
		;;
	bios|uefi)
		"$root/image/iso" boot.iso bulkhead.elf "$hypervisor_args" vmlinuz "$parent_args" \
			initramfs || exit 2
		machine+=(-drive if=none,id=cd,media=cdrom,readonly=on,file=boot.iso
			-device ide-cd,drive=cd,bus=ide.1,bootindex=0)
		[ "$1" = bios ] || machine+=(-bios "$build/image/OVMF.fd")
		;;
	esac
}
