# SPDX-License-Identifier: GPL-2.0-or-later
# What the measurements share: a QEMU that counts, KVM for a bare parent, where results go.
#
# Sourced with $root set. Everything below runs with -icount, on one processor.
build=$root/build
image=$build/image
counted=$build/bench
qemu=${BENCH_QEMU:-qemu-system-x86_64}

say() { echo "bench: $*" >&2; }
die() { say "$*"; exit 1; }

# range_of SYMBOL: FIRST-END of a function of the hypervisor, from its own symbols.
range_of() {
	nm -S "$build/hv/bulkhead.elf64" | awk -v name="$1" '$4 == name { print $1, $2 }' | {
		read -r first size
		printf '%s-%x' "$first" $((0x$first + 0x$size))
	}
}

symbol() { nm "$build/hv/bulkhead.elf64" | awk -v name="$1" '$3 == name { print $1 }'; }

# counting_qemu FILE MARKS [PROFILE]: a program for ./run --qemu that counts into MARKS.
counting_qemu() {
	local plugin=$counted/libcount.so,out=$2${3:+,profile=$3}
	[ ! -e "$build/hv/bulkhead.elf64" ] ||
		plugin+=,hypervisor=$(symbol image_text)-$(symbol image_end),enter=$(range_of svm_enter)
	printf '#!/bin/sh\nexec %q -plugin %q "$@"\n' "$qemu" "$plugin" >"$1"
	chmod 755 "$1"
}

# kvm_bundle OUT.tar: KVM's modules for the bare parent's kernel, and this machine's QEMU with its libraries.
kvm_bundle() {
	local tree file
	[ ! -e "$1" ] || return 0
	tree=$(mktemp -d)
	mkdir -p "$tree/usr/share/qemu" "$tree/usr/lib" "$tree/kvm"
	"$root/image/kernel" copy 6.1 "$tree/copied" kvm-amd brd
	find "$tree/copied" -name '*.ko' -exec mv {} "$tree/kvm/" \;
	rm -rf "$tree/copied"
	(here=$root/image; . "$root/image/initramfs.sh"
	initramfs_program "$tree" "$(command -v qemu-system-x86_64)" /usr/bin)
	for file in bios-256k.bin linuxboot_dma.bin linuxboot.bin kvmvapic.bin bios-microvm.bin; do
		for folder in /usr/share/qemu /usr/share/seabios; do
			[ ! -e "$folder/$file" ] || cp -L "$folder/$file" "$tree/usr/share/qemu/"
		done
	done
	tar -C "$tree" -cf "$1.$$" .
	mv "$1.$$" "$1"
	rm -rf "$tree"
}

# kvm_start: for scripts of the bare parent: unpacks the bundle and loads KVM.
kvm_start='
tar -C / -xf /host/files/kvm.tar
for module in irqbypass kvm ccp kvm-amd; do insmod /kvm/$module.ko; done
[ -e /dev/kvm ] || { echo "FAILED: no KVM"; dmesg | tail; exit 1; }
'

# commit: what was measured, with a mark when the tree holds changes of the measured rooms.
commit() {
	printf '%s' "$(git -C "$root" rev-parse --short=12 HEAD)"
	git -C "$root" diff --quiet HEAD -- hv worker parent abi ctl || printf ' with changes'
}

# ready IMAGE...: everything that a run needs is built.
ready() {
	make -s -C "$root/bench"
	mkdir -p "$build"
	flock "$build/.lock" make -s -C "$root/image" "${@/#/$image/}"
}
