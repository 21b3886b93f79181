# SPDX-License-Identifier: GPL-2.0-or-later
# What the boot cases share: writing child files, running the machine, checking what was printed.
#
# ./check sets CHECK_ROOT, CHECK_DIR (an empty folder of the case's own) and CHECK_QEMU; a case can
# also be started by hand, from anywhere.
set -euo pipefail
root=${CHECK_ROOT:-$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)}
work=${CHECK_DIR:-$(mktemp -d)}
mkdir -p "$work"
qemu=${CHECK_QEMU:-qemu-system-x86_64}
image=$root/build/image

fail() { echo "FAILED: $*"; exit 1; }
skip() { echo "$*"; exit 77; }

# need IMAGE...: makes what is missing in build/image, one case at a time.
need() {
	local names=() name
	for name; do
		names+=("$root/build/image/$name")
	done
	mkdir -p "$root/build"
	flock "$root/build/.lock" make -s -C "$root/image" "${names[@]}"
}

# expect FILE REGEXP: a line must be there; never FILE REGEXP: none may be.
expect() {
	tr -d '\r' <"$1" | grep -aE -- "$2" >/dev/null || { tail -n 60 "$1"; fail "$(basename "$1"): no line matches \"$2\""; }
}

never() {
	! tr -d '\r' <"$1" | grep -aE -- "$2" || fail "$(basename "$1"): a line matches \"$2\""
}

# machine OPTION...: ./run with this case's QEMU; its exit status.
machine() {
	"$root/run" --qemu "$qemu" --dir "$work/run" "$@" ${CHECK_BOOT:+--boot "$CHECK_BOOT"}
}

# parent_script: what follows on standard input is run in the parent, options are for ./run. Its
# first lines define helpers that every script may use.
parent_script() {
	{ echo "boots_expected=${boots_expected:-1}"; cat "$root/test/boot/parent.sh" -; } \
		>"$work/script.sh"
	machine --script "$work/script.sh" "$@"
}

# child NAME KIND FLAVOUR [SCRIPT [FILE...]]: writes $work/NAME.conf; the child runs SCRIPT.
# $child_memory, $child_processors, $child_cmdline, $child_disk and $child_network say the rest.
child() {
	local name=$1 kind=$2 flavour=$3 initrd
	shift 3
	need "vmlinuz-$flavour" "child-$flavour.cpio"
	initrd=$image/child-$flavour.cpio
	if [ $# -gt 0 ]; then
		initrd=$work/$name.cpio
		LD_LIBRARY_PATH=${tool_libraries:-} "$root/image/child-initramfs" "$flavour" "$initrd" "$@"
	fi
	cat >"$work/$name.conf" <<-CONF
	name = "$name"
	machine = "$kind"
	memory = ${child_memory:-256M}
	processors = ${child_processors:-2}
	kernel = "$image/vmlinuz-$flavour"
	initrd = "$initrd"
	cmdline = "console=ttyS0 quiet child.end ${child_cmdline:-}"
	${child_disk:+disk { file = \"$child_disk\" \}}
	${child_network:+network { $child_network \}}
	serial { output = "${child_output:-$work/$name.serial}" }
	CONF
	rm -f "$work/$name.serial"
}

# guest NAME MACHINE ACTION: a child that boots the tiny guest of test/guest to do ACTION.
guest() {
	mkdir -p "$root/build"
	flock "$root/build/.lock" make -s -C "$root/test/guest"
	cat >"$work/$1.conf" <<-CONF
	name = "$1"
	machine = "$2"
	memory = ${child_memory:-16M}
	processors = ${child_processors:-1}
	kernel = "$root/build/test/guest/guest"
	cmdline = "do=$3"
	serial { output = "${child_output:-$work/$1.serial}" }
	CONF
	rm -f "$work/$1.serial"
}

# witness: an enlightened child of two processors that works on its disk and checks it until it is
# told to stop (witness_good in the parent); what others do must not show.
witness() {
	cat >"$work/witness.sh" <<'CHILD'
# Works as long as the others attack: data on its disk and in memory must stay what it is.
echo "witness works"
head -c 4000000 /dev/urandom >/tmp/data
dd if=/tmp/data of=/dev/sda bs=64k conv=fsync 2>/dev/null
sum=$(sha256sum </tmp/data)
rounds=0
read -r stop </dev/console &
while kill -0 $! 2>/dev/null; do
	echo 3 >/proc/sys/vm/drop_caches
	[ "$(head -c 4000000 /dev/sda | sha256sum)" = "$sum" ] || { echo "witness: other data"; exit 1; }
	rounds=$((rounds + 1))
done
echo "witness made $rounds good rounds"
CHILD
	truncate -s 16M "$work/witness.raw"
	child_memory=256M child_processors=2 child_disk=$work/witness.raw child_output=console \
		child witness enlightened 6.1-cloud "$work/witness.sh"
}

# disk_copy NAME: a root disk of the case's own, whose path is printed.
disk_copy() {
	need child-disk.raw
	cp --sparse=always "$image/child-disk.raw" "$work/$1.raw"
	echo "$work/$1.raw"
}

# disk_checks FILE: the file system is clean without any repair.
disk_clean() {
	/sbin/e2fsck -fn "$1" >"$work/e2fsck.log" 2>&1 ||
		{ cat "$work/e2fsck.log"; fail "$1: the file system is not clean"; }
}

# disk_file FILE PATH: prints a file of the disk, read by the host's own tools.
disk_file() { /sbin/debugfs -R "cat $2" "$1" 2>/dev/null; }

# tool PACKAGE PATH: brings a package of Debian's (bookworm) with what it needs; the path of its program
# goes to $tool, the folders of its libraries are added to $tool_libraries.
tool() {
	local tree
	tree=$("$root/image/packages" closure bookworm "$1")
	tool=$tree$2
	tool_libraries=${tool_libraries:+$tool_libraries:}$tree/usr/lib/x86_64-linux-gnu:$tree/lib/x86_64-linux-gnu
}

# bundle NAME PROGRAM...: $work/NAME.tar with these in /usr/bin and the libraries of all of them, for a
# parent to unpack in its root.
bundle() {
	local name=$1 program
	shift
	mkdir -p "$work/$name.tree/usr/lib"
	for program; do
		(. "$root/image/initramfs.sh"
		LD_LIBRARY_PATH=$tool_libraries initramfs_program "$work/$name.tree" "$program" /usr/bin)
	done
	tar -C "$work/$name.tree" -cf "$work/$name.tar" .
}
