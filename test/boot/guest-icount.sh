#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The guest checks print the same twice when instructions are counted instead of time.
. "$(dirname "$0")/lib.sh"
outer=$work
for round in 1 2; do
	work=$outer/$round
	mkdir -p "$work"
	child_memory=16M child_processors=2 guest checks enlightened checks
	child_memory=16M child_processors=2 guest pc-checks pc checks
	parent_script --icount --timeout 900 "$work/checks.conf" "$work/pc-checks.conf" <<-'SCRIPT' ||
	for name in checks pc-checks; do
		start $name
		ended $name 400
		[ "$(field $name cause)" = powered-off ] || fail "$name ended otherwise"
	done
	SCRIPT
		fail "./run: $?"
	never "$work/run/hypervisor.log" 'PANIC'
	for name in checks pc-checks; do
		expect "$work/$name.serial" '^checks: [1-9][0-9]* ok, 0 failed'
	done
done
for name in checks pc-checks; do
	cmp "$outer/1/$name.serial" "$outer/2/$name.serial" || fail "$name: another output the second time"
	echo "$name: twice $(tr -d '\r' <"$outer/1/$name.serial" | grep '^checks:')"
done
