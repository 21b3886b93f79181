# A child that writes its time down, several times a second, and after a while starts a KVP daemon.
echo "ticking"
ticks=0
while :; do
	echo "tick $(date +%s.%N)"
	sleep 0.2
	ticks=$((ticks + 1))
	if [ $ticks = 120 ]; then
		/run/child/files/hv_kvp_daemon || echo "no daemon: $?"
	fi
done
