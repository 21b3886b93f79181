# SPDX-License-Identifier: GPL-2.0-or-later
# Children of a run: their files brought to the parent, their results brought back; for ./run.
#
# hvctl reads and checks each file here on the host; what the parent gets is the same description
# with paths as the parent sees them: files in its share, disks as drives found by serial number.

child_json=()

# children_prepare: reads all files before anything starts; adds their disks to the machine.
children_prepare() {
	local conf index=0 names
	for conf in "${confs[@]}"; do
		[[ $conf = /* ]] || conf=$start_folder/$conf
		child_json+=("$("$build/ctl/hvctl" check "$conf" --json)") || exit 2
	done
	names=$(for conf in "${child_json[@]}"; do jq -r .name <<<"$conf"; done | sort | uniq -d)
	[ -z "$names" ] || die "two children are named $names"
	for conf in "${child_json[@]}"; do
		child_place "$index" "$conf"
		index=$((index + 1))
	done
}

# child_place INDEX JSON: kernel and initrd into the share, disks onto the machine, then the conf.
child_place() {
	local index=$1 json=$2 kind path disk=0 readonly
	for kind in kernel initrd; do
		path=$(jq -r ".$kind // empty" <<<"$json")
		[ -z "$path" ] || place "$path" "share/files/$index-$kind"
	done
	while [ $disk -lt "$(jq '.disks // [] | length' <<<"$json")" ]; do
		path=$(jq -r ".disks[$disk].file" <<<"$json")
		readonly=$(jq -r ".disks[$disk].readonly // false" <<<"$json")
		machine_disk "c${index}d$disk" "$path" "$readonly"
		disk=$((disk + 1))
	done
	child_conf "$index" "$json" >"share/children/$(printf %02d "$index").conf"
}

# child_conf INDEX JSON: the description in the parent's own paths. The demonstration's children
# are asked to end by themselves when nobody is there to end them.
child_conf() {
	local end=
	[ "$demo$mode" != yesbatch ] || end=" child.end"
	jq -r --arg i "$1" --arg suffix "$end" '
		"name = \(.name | @json)",
		"memory = \(.memory)",
		"processors = \(.processors)",
		"machine = \(.machine | @json)",
		(if .kernel then "kernel = \"/host/files/\($i)-kernel\"" else empty end),
		(if .initrd then "initrd = \"/host/files/\($i)-initrd\"" else empty end),
		"cmdline = \((.cmdline // "") + $suffix | @json)",
		((.disks // []) | to_entries[] |
			"disk {\n\tfile = \"/dev/disk/by-id/c\($i)d\(.key)\"\n\treadonly = \(.value.readonly // false)\n}"),
		(if .machine == "pc" then empty
		elif .networks == [] then "network { mode = none }"
		else .networks[] | "network {\n\tmode = \(.mode)\n\tmac = \"\(.mac)\"\n\tmtu = \(.mtu)",
			(if .bridge then "\tbridge = \(.bridge | @json)" else empty end),
			((.forwards // [])[] | "\tforward = \"\(.protocol):\(.address):\(.port):\(.child_port)\""),
			"}" end),
		"serial {\n\toutput = \(if .serial.output == null then "none"
			elif .serial.output == "console" then "console"
			else "/host/out/\($i).serial" end | @json)\n}"' <<<"$2"
}

# children_fetch: serial outputs that were to go to files of the host.
children_fetch() {
	local index output
	for index in "${!child_json[@]}"; do
		output=$(jq -r '.serial.output // empty' <<<"${child_json[index]}")
		[ -e "share/out/$index.serial" ] && [ "$output" != console ] || continue
		cp "share/out/$index.serial" "$output"
	done
	return 0
}

# children_report STATUS: one line per child; fails unless each powered off by itself.
children_report() {
	local status=$1
	if [ -s share/out/list.json ]; then
		jq -r '.[] | "run: \(.name): \(.text)"' \
			share/out/list.json >&2
		jq -e --argjson count ${#child_json[@]} \
			'length >= $count and all(.[]; .cause == "powered-off")' \
			share/out/list.json >/dev/null || status=1
	elif [ ${#child_json[@]} -gt 0 ]; then
		say "the parent could not say how the children ended"
		status=1
	fi
	[ "$status" = 0 ] || say "not every child powered off by itself; logs in $dir"
	return "$status"
}
