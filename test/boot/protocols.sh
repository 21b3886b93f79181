#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A tiny guest that speaks VMBus and the protocols of every device on it wrongly (test/guest/protocols):
# each time an error comes back, or one channel is closed, which is one line of its worker's log. A second
# child's work and the worker itself go on.
. "$(dirname "$0")/lib.sh"
head -c 1048576 /dev/zero | tr '\0' S >"$work/offender.raw"
child_memory=32M child_processors=2 guest offender enlightened protocols
echo "disk { file = \"$work/offender.raw\" }" >>"$work/offender.conf"
witness

parent_script --timeout 550 "$work/witness.conf" "$work/offender.conf" <<'SCRIPT' || fail "./run: $?"
start witness
said witness "witness works" 100
start offender
pid=$(worker_pid offender)
said offender "deed bus-" 60
said offender "deed kvp-" 300
[ -d "/proc/$pid" ] && [ "$(worker_pid offender)" = "$pid" ] || fail "the worker did not live on"
ended offender 100
echo "offender: $(field offender cause): $(field offender text)"
[ "$(field offender cause)" = powered-off ] || fail "the offender ended otherwise"
hvctl log offender >/host/out/offender.log
witness_good
echo "nobody else noticed"
SCRIPT
expect "$work/run/parent.log" 'nobody else noticed'
never "$work/run/hypervisor.log" 'PANIC'

tr -d '\r' <"$work/offender.serial"
never "$work/offender.serial" 'FAILED'
result=$(tr -d '\r' <"$work/offender.serial" | grep '^deeds: ')
good=$(echo "$result" | sed -n 's/^deeds: \([0-9]*\) ok, 0 failed, .*/\1/p')
closed=$(echo "$result" | sed -n 's/.* \([0-9]*\) channels closed$/\1/p')
[ "${good:-0}" -ge 200 ] || fail "only ${good:-none} of at least 200 deeds"

# One line for each channel closed; none without its deed, and no more lines than deeds.
log=$work/run/share/out/offender.log
stopped=$(grep -c ': channel [0-9]* stopped: ' "$log")
lines=$(wc -l <"$log")
echo "$good deeds, $closed channels closed; the worker's log has $stopped lines about that, $lines in all"
[ "$stopped" = "$closed" ] || { cat "$log"; fail "$stopped lines for $closed channels closed"; }
# A line too many would exceed what the log takes in a time, and be counted where the next one comes.
! grep -A1 'lines like it)$' "$log" | grep ' stopped: ' || fail "more than one line for a channel closed"
[ "$lines" -le $((good + 10)) ] || { cat "$log"; fail "$lines lines for $good deeds"; }
