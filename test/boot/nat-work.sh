# Work of a child behind NAT: an address, a name, a large file from the parent, a server of its own.
dmesg | grep -E 'hv_netvsc|eth0'
echo "driver $(basename "$(readlink /sys/class/net/eth0/device/driver)")"
ip address show dev eth0
nslookup server.bulkhead.test && echo "name resolved"
ping -c 3 -W 5 10.0.2.2 | grep 'packets received'
echo "got $(wget -q -O - http://10.0.2.2:8080/large | sha256sum | cut -d' ' -f1)"
mkdir -p /tmp/www
i=0
head -c 1000000 /dev/urandom >/tmp/seed
while [ $i -lt 10 ]; do
	echo "block $i"
	cat /tmp/seed
	i=$((i + 1))
done >/tmp/www/own
httpd -p 80 -h /tmp/www
nc -ll -p 7 -e cat &
echo "serves $(sha256sum </tmp/www/own | cut -d' ' -f1)"
# The parent says when it has what it wants.
nc -l -p 9 >/dev/null
cat /proc/net/dev | grep eth0
