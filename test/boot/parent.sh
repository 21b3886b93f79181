# Helpers for scripts in the parent.
fail() { echo "FAILED: $*"; exit 1; }

# A parent that comes up a second time although nobody asked for it has been reset.
if [ "$(cat /host/out/boots)" -gt "${boots_expected:-1}" ]; then
	fail "the parent was reset, see hypervisor.log"
fi

# start NAME...: the children whose names these are, by the conf that ./run brought.
start() {
	local name
	for name; do
		hvctl start "$(grep -l "^name = \"$name\"" /host/children/*.conf)" || fail "$name does not start"
	done
}

# field NAME KEY: one value of a child's row of hvctl list.
field() { hvctl list --json | jq -r --arg name "$1" ".[] | select(.name == \$name) | .$2"; }

worker_pid() { field "$1" worker.pid; }

# ended NAME SECONDS: waits for a child's end, however it ends.
ended() {
	hvctl wait "$1" --timeout "$2"
	[ $? != 124 ] || fail "$1 still runs after $2 s"
}

# said NAME TEXT SECONDS: waits for a line on a child's serial output, wherever that goes.
said() {
	local left=$3 file
	file=$(sed -n 's/^\toutput = "\(.*\)"$/\1/p' "$(grep -l "^name = \"$1\"" /host/children/*.conf)")
	[ "$file" != console ] || file=/run/bulkhead/$1/console.log
	while ! grep -q "$2" "$file" 2>/dev/null; do
		[ $left -gt 0 ] || fail "$1 did not say \"$2\" within $3 s"
		sleep 1
		left=$((left - 1))
	done
}

# witness_good: ends the witness; it must have worked all the time, and nobody complained.
witness_good() {
	echo stop | hvctl console witness >/dev/null 2>&1 &
	ended witness 60
	grep -h 'witness' /run/bulkhead/witness/console.log
	grep -q 'witness made [1-9][0-9]* good rounds' /run/bulkhead/witness/console.log ||
		fail "the witness suffered"
	hvctl log | grep 'PANIC' && fail "the hypervisor asserts"
	dmesg | grep -E 'BUG:|Oops:|WARNING: CPU' && fail "the parent's kernel complains"
	return 0
}
