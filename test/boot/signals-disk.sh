# Disk traffic of a child, between two words of the parent.
echo "ready"
read -r answer
for kind in randwrite randread; do
	fio --eta=never --name=load --rw=$kind --directory=/root --size=24M --bs=4k --direct=1 \
		--ioengine=libaio --iodepth=4 --output=/root/fio.txt || { cat /root/fio.txt; exit 1; }
done
echo "done"
read -r answer
