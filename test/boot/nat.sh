#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A child behind NAT: DHCP, a name, 100 MiB from a server in the parent, a port of it served outside.
#
#   nat.sh FLAVOUR     the child's kernel
. "$(dirname "$0")/lib.sh"
flavour=$1

tool dnsmasq-base /usr/sbin/dnsmasq
bundle names "$tool"
tool_libraries=
child_memory=256M child_cmdline=child.net
child_network='forward = [ "tcp:8081:80", "tcp:127.0.0.1:8007:7", "tcp:8009:9" ]'
child guest enlightened "$flavour" "$root/test/boot/nat-work.sh"
parent_script --timeout 420 --put "$work/names.tar" "$work/guest.conf" <<'SCRIPT' || fail "./run: $?"
tar -C / -xf /host/files/names.tar || fail "no room for the name server"
echo nameserver 127.0.0.1 >/etc/resolv.conf
dnsmasq --user=root --group=root --no-hosts --no-resolv --listen-address=127.0.0.1 \
	--bind-interfaces --pid-file=/tmp/dnsmasq.pid --address=/server.bulkhead.test/192.0.2.7 \
	--address=/server.bulkhead.test/2001:db8::7 || fail "no name server"
mkdir -p /tmp/www
head -c 1048568 /dev/urandom >/tmp/seed
i=100
while [ $i -lt 200 ]; do
	printf '%08d' $i
	cat /tmp/seed
	i=$((i + 1))
done >/tmp/www/large
[ "$(wc -c </tmp/www/large)" = 104857600 ] || fail "no room for the file"
wanted=$(sha256sum </tmp/www/large | cut -d' ' -f1)
httpd -p 127.0.0.1:8080 -h /tmp/www
start guest
said guest '^got' 300
log=/run/bulkhead/guest/console.log
got=$(sed -n 's/^got \([0-9a-f]*\).*/\1/p' "$log")
[ "$got" = "$wanted" ] || fail "the child got $got, not $wanted"
echo "the child downloaded 100 MiB, sha256 $got"
said guest '^serves' 60
served=$(sed -n 's/^serves \([0-9a-f]*\).*/\1/p' "$log")
got=$(wget -q -O - http://127.0.0.1:8081/own | sha256sum | cut -d' ' -f1)
[ "$got" = "$served" ] || fail "through the forward came $got, not $served"
echo "the child served 10 MB through a forward, sha256 $got"
[ "$(echo there and back | nc -w 5 127.0.0.1 8007 | head -n 1)" = "there and back" ] ||
	fail "no echo through the second forward"
hvctl stats --json guest >/host/out/networks.json
jq -c '.guest.networks["0"]' /host/out/networks.json
jq -e '.guest.networks["0"] | .in_errors == 0 and .out_errors == 0 and .wire_in_dropped == 0 and
	.wire_out_dropped == 0 and .in_bytes > 104857600' /host/out/networks.json >/dev/null ||
	fail "errors are counted"
echo enough | nc -w 5 127.0.0.1 8009
ended guest 60
[ "$(field guest cause)" = powered-off ] || fail "the child ended by $(field guest cause)"
SCRIPT

cat "$work/run/parent.log" | tr -d '\r' | grep -a 'the child' || true
console=$work/guest.serial
cat "$console"
expect "$console" '^driver hv_netvsc'
expect "$console" '^address 10\.0\.2\.15/24'
expect "$console" '^name resolved'
expect "$console" '192\.0\.2\.7'
expect "$console" '^3 packets transmitted, 3 packets received'
expect "$console" 'work ended with status 0'
never "$console" '(BUG:|Oops:|WARNING: CPU|hv_netvsc.*(error|fail))'
never "$work/run/hypervisor.log" 'PANIC'
