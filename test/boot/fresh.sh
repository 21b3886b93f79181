#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# From nothing: a root file system with Debian's base system and git, a checkout, one command.
#
#   fresh.sh SUITE [NAME...]     bookworm or trixie; ./run, then ./check of these cases or of all
#
# It has a /proc and a /dev/shm of its own, as a machine has; nothing of this host is in it.
. "$(dirname "$0")/lib.sh"
[ "$(id -u)" = 0 ] || skip "needs root for a chroot"
[ -z "${CHECK_FRESH:-}" ] || skip "is running in a fresh system already"
suite=$1
shift
fresh=$work/root
mmdebstrap --quiet --mode=root --variant=minbase --include=git,ca-certificates \
	"$suite" "$fresh" "$("$root/image/packages" mirror)" || fail "mmdebstrap"
trap 'rm -rf "$fresh"' EXIT
cp /etc/resolv.conf "$fresh/etc/" 2>/dev/null || true
git clone -q --no-hardlinks "$root" "$fresh/root/bulkhead"

inside() {
	timeout "$1" unshare --mount --pid --fork --kill-child bash -c \
		'mount -t proc proc "$0/proc" && mkdir -p "$0/dev/shm" &&
		mount -t tmpfs tmpfs "$0/dev/shm" && exec chroot "$0" "$@"' "$fresh" \
		env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin TERM=dumb CHECK_FRESH=yes \
		bash -c "cd /root/bulkhead && $2"
}

begin=$SECONDS
inside 900 "./run --batch" >"$work/run.log" 2>&1 || { cat "$work/run.log"; fail "./run --batch: $?"; }
cat "$work/run.log"
echo "./run --batch took $((SECONDS - begin)) s"
machine_seconds=$(sed -n 's/^run: the machine ran for \([0-9]*\) s.*/\1/p' "$work/run.log")
[ "${machine_seconds:-999}" -le 180 ] || fail "the machine ran for $machine_seconds s"
status=0
inside 7200 "./check $*" || status=$?
# What is to outlive the system: what the cases said, and the line about a full run.
mkdir -p "$work/check"
cp "$fresh"/root/bulkhead/build/check/*.log "$fresh"/root/bulkhead/test/ledger.md "$work/check/" 2>/dev/null || true
[ $status = 0 ] || fail "./check: $status"
