#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# From nothing: a root file system with Debian's base system and git, a checkout, one command.
#
#   fresh.sh SUITE [COMMAND]     bookworm or trixie; COMMAND instead of the two of README.md
#
# Nothing of this host is mounted in it: no /proc, no /dev/shm, no cache of ours.
. "$(dirname "$0")/lib.sh"
[ "$(id -u)" = 0 ] || skip "needs root for a chroot"
[ -z "${CHECK_FRESH:-}" ] || skip "is running in a fresh system already"
suite=$1
fresh=$work/root
mmdebstrap --quiet --mode=root --variant=minbase --include=git,ca-certificates \
	"$suite" "$fresh" "$("$root/image/packages" mirror)" || fail "mmdebstrap"
trap 'rm -rf "$fresh"' EXIT
cp /etc/resolv.conf "$fresh/etc/" 2>/dev/null || true
git clone -q --no-hardlinks "$root" "$fresh/root/bulkhead"

inside() {
	timeout "$1" chroot "$fresh" env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin TERM=dumb \
		CHECK_FRESH=yes bash -c "cd /root/bulkhead && $2"
}

if [ $# -gt 1 ]; then
	inside 1800 "$2" || fail "$2: $?"
	exit 0
fi
begin=$SECONDS
inside 900 "./run --batch" >"$work/run.log" 2>&1 || { cat "$work/run.log"; fail "./run --batch: $?"; }
cat "$work/run.log"
echo "./run --batch took $((SECONDS - begin)) s"
machine_seconds=$(sed -n 's/^run: the machine ran for \([0-9]*\) s.*/\1/p' "$work/run.log")
[ "${machine_seconds:-999}" -le 180 ] || fail "the machine ran for $machine_seconds s"
inside 2400 ./check || fail "./check: $?"
