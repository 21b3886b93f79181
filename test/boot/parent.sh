# Helpers for scripts in the parent.
fail() { echo "FAILED: $*"; exit 1; }

# start NAME...: the children whose names these are, by the conf that ./run brought.
start() {
	local name
	for name; do
		hvctl start "$(grep -l "^name = \"$name\"" /host/children/*.conf)" || fail "$name does not start"
	done
}

# field NAME KEY: one value of a child's row of hvctl list.
field() {
	hvctl list --json | tr -d ' \n' | sed 's/},{/}\n{/g' | grep "\"name\":\"$1\"" |
		sed -n "s/.*\"$2\":\"\{0,1\}\([^,\"}]*\).*/\1/p"
}

# ended NAME SECONDS: waits for a child's end.
ended() {
	local left=$2
	while is_running "$1"; do
		[ $left -gt 0 ] || fail "$1 still runs after $2 s"
		sleep 1
		left=$((left - 1))
	done
}

is_running() {
	case $(field "$1" state) in
	starting|running|paused|ending) return 0 ;;
	esac
	return 1
}

# said NAME TEXT SECONDS: waits for a line on a child's serial output.
said() {
	local left=$3 file
	file=$(sed -n 's/^\toutput = "\(.*\)"$/\1/p' "$(grep -l "^name = \"$1\"" /host/children/*.conf)")
	while ! grep -q "$2" "$file" 2>/dev/null; do
		[ $left -gt 0 ] || fail "$1 did not say \"$2\" within $3 s"
		sleep 1
		left=$((left - 1))
	done
}
