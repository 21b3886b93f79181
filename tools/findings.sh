# SPDX-License-Identifier: GPL-2.0-or-later
# For the static checks: what a tool says is held against tools/known-findings.
#
#   judge TOOL FILE     FILE has lines "path:line:...: text [check]"; those about files of the tree count

judge() {
	awk -v tool="$1" '
		NR == FNR {
			if ($1 == tool)
				known[$2 " " $3] = 1
			next
		}
		{
			path = $0
			sub(/:.*/, "", path)
			check = $0
			sub(/\]$/, "", check)
			sub(/^.*\[/, "", check)
			sub(/,.*/, "", check)
			sub(/^-Wanalyzer-/, "", check)
			if ((path " " check) in known)
				seen[path " " check] = 1
			else {
				print
				bad = 1
			}
		}
		END {
			for (entry in known) {
				split(entry, part, " ")
				# In a part of the tree only what is there can be seen.
				if (!(entry in seen) && (getline line < part[1]) >= 0) {
					print "tools/known-findings: " tool " does not say this any more: " entry
					bad = 1
				}
			}
			exit bad
		}' tools/known-findings "$2"
}

# flags_of FILE: how it is compiled, as far as it matters here.
flags_of() {
	echo "-std=gnu11 -I."
	case $1 in
	hv/*) echo "-ffreestanding -fno-pic -mcmodel=kernel -mno-red-zone -mgeneral-regs-only -nostdinc" \
		"-isystem $(gcc -print-file-name=include)" ;;
	esac
}
