# Network traffic of a child, between two words of the parent.
export LD_LIBRARY_PATH=/usr/lib
echo "ready"
read -r answer
for way in '' -R; do
	/files/iperf3 -c 10.0.2.2 -t 10 $way >/tmp/iperf 2>&1 || { cat /tmp/iperf; exit 1; }
done
echo "done"
read -r answer
