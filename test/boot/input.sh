#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What hvctl sends is what evtest sees in the child: keys, text, pointer; bursts of 10,000 events in
# order, none lost; drivers unloaded and loaded 20 times; an error where there is no driver.
#
#   input.sh FLAVOUR     the child's kernel; 7.3-cloud has no driver for the mouse
. "$(dirname "$0")/lib.sh"
flavour=$1
mouse=yes
[ "$flavour" != 7.3-cloud ] || mouse=no

evtest=$("$root/image/packages" unpack bookworm evtest)/usr/bin/evtest
child guest enlightened "$flavour" "$root/test/boot/input-work.sh" "$evtest"

# Letters: two events each, capitals four. 10,000 in all.
awk 'BEGIN {
	srand(7)
	while (events < 10000) {
		capital = events < 9998 && rand() < 0.3
		letter = substr("abcdefghijklmnopqrstuvwxyz", 1 + int(rand() * 26), 1)
		printf "%s", capital ? toupper(letter) : letter
		events += capital ? 4 : 2
	}
}' >"$work/burst.txt"
fold -w 1 "$work/burst.txt" | awk '{
	key = "KEY_" toupper($0)
	if ($0 ~ /[A-Z]/) print "KEY_LEFTSHIFT 1"
	print key " 1"; print key " 0"
	if ($0 ~ /[A-Z]/) print "KEY_LEFTSHIFT 0"
}' >"$work/burst.keys"
# Both places change every time: Linux leaves out what stays the same.
awk 'BEGIN { for (i = 0; i < 10000; i++) print (i * 7919 + 5) % 32768, (i * 104729 + 11) % 32768 }' \
	>"$work/burst.places"
awk '{ print "ABS_X", $1; print "ABS_Y", $2 }' "$work/burst.places" >"$work/burst.pointer"

echo "mouse=$mouse" >"$work/options"
{ cat "$work/options"; cat <<'SCRIPT'
send() { hvctl "$@" || fail "hvctl $*: $?"; }
start guest
said guest "input: ready" 120
send sendkey guest a 7 enter ctrl-alt-del shift-semicolon up kpenter pause altgr-q print
send sendkey guest f5
send type guest 'Hi, "Bulkhead" <7>: ~|\{}'
send sendkey guest f6
hvctl type guest 'not äll of it' 2>/host/out/umlaut && fail "typed what is on no US keyboard"
date +%s; send type guest - </host/files/burst.txt
send sendkey guest f7
if [ $mouse = yes ]; then
	send pointer guest 1 2
	send pointer guest 32767 32766
	send pointer guest 16384 8192 left
	send pointer guest 100 200 right
	send pointer guest 101 201 up
	send pointer guest 102 202 down
	send pointer guest 103 203 middle
	date +%s; send pointer guest - </host/files/burst.places
else
	hvctl pointer guest 1 2 2>/host/out/no-mouse && fail "there is a mouse"
fi
date +%s
send sendkey guest f12 f12 f12 f12 f12 f12 f12 f12 f12 f12 f12 f12 f12 f12 f12 f12 f12 f12 f12 f12
said guest "input: again" 200
send sendkey guest x y z f12 f12 f12 f12 f12 f12 f12 f12 f12 f12 f12 f12 f12 f12 f12 f12 f12 f12 f12 f12
said guest "input: gone" 60
hvctl sendkey guest a 2>/host/out/no-keyboard && fail "there is a keyboard"
ended guest 120
cat /run/bulkhead/guest/worker.log
[ "$(field guest cause)" = powered-off ] || fail "ended by $(field guest cause)"
hvctl sendkey guest a && fail "typed at a child that does not run"
exit 0
SCRIPT
} | parent_script --timeout 500 --put "$work/burst.txt" --put "$work/burst.places" "$work/guest.conf" ||
	fail "./run, the child: $(tail -n 20 "$work/guest.serial" 2>/dev/null)"

console=$work/guest.serial
cat "$console"
out=$work/run/share/out
is() { expect "$console" "^$1: $2\$"; }
summary() { echo "$(wc -l <"$1") $(sha256sum <"$1" | cut -c1-16)"; }
# press KEY...: pressed and released, as evtest names it.
press() { local key; for key; do printf 'KEY_%s 1,KEY_%s 0,' "$key" "$key"; done; }
shifted() { local key; for key; do printf 'KEY_LEFTSHIFT 1,KEY_%s 1,KEY_%s 0,KEY_LEFTSHIFT 0,' "$key" "$key"; done; }

is keys "$(press A 7 ENTER)KEY_LEFTCTRL 1,KEY_LEFTALT 1,KEY_DELETE 1,KEY_DELETE 0,KEY_LEFTALT 0,KEY_LEFTCTRL 0,$(
	)$(shifted SEMICOLON)$(press UP KPENTER PAUSE)KEY_RIGHTALT 1,KEY_Q 1,KEY_Q 0,KEY_RIGHTALT 0,$(press SYSRQ)"
is text "$(shifted H)$(press I COMMA SPACE)$(shifted APOSTROPHE B)$(press U L K H E A D)$(shifted APOSTROPHE)$(
	press SPACE)$(shifted COMMA)$(press 7)$(shifted DOT SEMICOLON)$(press SPACE)$(
	shifted GRAVE BACKSLASH)$(press BACKSLASH)$(shifted LEFTBRACE RIGHTBRACE)"
[ "$(wc -l <"$work/burst.keys")" = 10000 ] || fail "the burst has $(wc -l <"$work/burst.keys") events"
is burst "$(summary "$work/burst.keys")"
if [ $mouse = yes ]; then
	is pointer "ABS_X 1,ABS_Y 2,ABS_X 32767,ABS_Y 32766,ABS_X 16384,ABS_Y 8192,BTN_LEFT 1,BTN_LEFT 0,$(
		)ABS_X 100,ABS_Y 200,BTN_RIGHT 1,BTN_RIGHT 0,ABS_X 101,ABS_Y 201,REL_WHEEL 1,$(
		)ABS_X 102,ABS_Y 202,REL_WHEEL -1,ABS_X 103,ABS_Y 203,"
	is 'pointer burst' "$(summary "$work/burst.pointer")"
else
	expect "$out/no-mouse" 'the child has no mouse driver'
fi
never "$console" 'LOST|reload [0-9]+ failed'
is 'after 20 reloads' 'KEY_X,KEY_Y,KEY_Z,'
expect "$out/umlaut" 'character 5, "ä", is not on a US keyboard'
expect "$out/no-keyboard" 'the child has no keyboard driver'
