# SPDX-License-Identifier: GPL-2.0-or-later
# Parts that both initramfs scripts share; sourced by them with $here set.

# initramfs_base TREE: busybox with all its names, and the folders that an init mounts on.
initramfs_base() {
	local tree=$1 busybox name
	busybox=$("$here/packages" unpack bookworm busybox-static)
	mkdir -p "$tree"/{bin,sbin,etc,dev,proc,sys,run,tmp,mnt,root,host}
	mkdir -p "$tree"/usr/{bin,sbin,lib}
	ln -s usr/lib "$tree/lib"
	ln -s usr/lib "$tree/lib64"
	cp "$busybox/bin/busybox" "$tree/bin/busybox"
	"$tree/bin/busybox" --list | while read -r name; do
		[ "$name" = busybox ] || ln -s busybox "$tree/bin/$name"
	done
	# Busybox asks an init process to end things; here its first process is a script.
	for name in poweroff reboot halt; do
		printf '#!/bin/sh\nsync\nexec /bin/busybox %s -f\n' $name >"$tree/usr/sbin/$name"
		chmod 755 "$tree/usr/sbin/$name"
		# Where the kernel looks when it is asked to end in order.
		[ -e "$tree/sbin/$name" ] || ln -s "../usr/sbin/$name" "$tree/sbin/$name"
	done
	echo root:x:0:0:root:/root:/bin/sh >"$tree/etc/passwd"
	echo root:x:0: >"$tree/etc/group"
}

# initramfs_program TREE FILE FOLDER: a program with the shared libraries that it is linked with.
initramfs_program() {
	local tree=$1 program=$2 folder=$3 library missing
	mkdir -p "$tree$folder"
	cp -L "$program" "$tree$folder/"
	missing=$(ldd "$program" | grep 'not found') &&
		{ echo "initramfs: $program: $missing" >&2; return 1; }
	ldd "$program" | awk '$3 ~ /^\// { print $3 } $1 ~ /^\/.*ld-linux/ { print $1 }' |
		while read -r library; do
			cp -nL "$library" "$tree/usr/lib/"
		done
}

# initramfs_pack TREE OUTPUT: written whole or not at all; the archive's bytes depend on the tree only.
initramfs_pack() {
	local tree=$1 output=$2
	mkdir -p "$(dirname "$output")"
	find "$tree" -exec touch -h -d @0 {} +
	(cd "$tree" && find . -print0 | LC_ALL=C sort -z |
		cpio --quiet --null --reproducible -R 0:0 -o -H newc) >"$output.$$"
	mv "$output.$$" "$output"
}
