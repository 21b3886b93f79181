#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The parent reboots and comes up again, twice by reset and once by kexec, and powers off.
#
#   parent-reboot.sh PARENT_KERNEL
. "$(dirname "$0")/lib.sh"
version=$1

need "vmlinuz-$version" "parent-$version.cpio"

boots_expected=3
parent_script --timeout 240 --parent-kernel "$version" \
	--put "$image/vmlinuz-$version" --put "$image/parent-$version.cpio" <<'SCRIPT' ||
boots=$(cat /host/out/boots)
echo "boot number $boots"
case $boots in
1) sync; reboot -f; sleep 60; fail "reboot did nothing" ;;
2)
	cp /host/files/vmlinuz-* /tmp/vmlinuz
	cp /host/files/parent-*.cpio /tmp/initramfs
	kexec -l /tmp/vmlinuz --initrd=/tmp/initramfs --reuse-cmdline || fail "kexec cannot load"
	echo b >/host/out/kexec
	sync
	kexec -e
	fail "kexec did nothing"
	;;
3)
	[ -e /host/out/kexec ] || fail "the third boot came by itself"
	[ ! -e /dev/mshv ] || hvctl list || fail "hvctl does not work after kexec"
	echo "back after reboot and kexec"
	;;
*) fail "too many boots" ;;
esac
SCRIPT
	fail "./run: $?"
expect "$work/run/parent.log" 'boot number 1'
expect "$work/run/parent.log" 'back after reboot and kexec'
