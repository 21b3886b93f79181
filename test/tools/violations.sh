#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The tools that guard the tree find what they are there for: each is shown one violation in a small
# tree of its own, and must pass once the violation is gone.
set -euo pipefail
root=${CHECK_ROOT:-$(cd "$(dirname "$0")/../.." && pwd)}
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
cd "$tree"
git init -q .
cp -r "$root/tools" .
cp "$root/.clang-format" .
mkdir -p abi hv/core hv/virt/svm worker/vmbus

# finds TOOL FILE TEXT: with FILE as TEXT the tool fails, without it passes.
finds() {
	echo "$3" >"$2"
	git add -f .
	if "tools/$1" >"$tree/output" 2>&1; then
		echo "tools/$1 accepted $2: $3"
		exit 1
	fi
	git rm -q -f "$2"
	"tools/$1" >"$tree/output" 2>&1 || { cat "$tree/output"; echo "tools/$1 fails on a good tree"; exit 1; }
	echo "$1 finds: $2: ${3%%$'\n'*}"
}

echo '#include "abi/types.h"' >hv/core/good.c
printf '#pragma once\n' >abi/types.h
printf '#pragma once\n' >hv/virt/svm/vmcb.h
git add -f .
finds include-rule hv/core/bad.c '#include "hv/virt/svm/vmcb.h"'
finds include-rule hv/virt/svm/bad.c '#include "hv/core/vp.h"'
finds include-rule worker/vmbus/bad.c '#include <unistd.h>'
finds include-rule hv/core/bad.h '#include <string.h>'
finds include-rule stray.c '#include "abi/types.h"'
finds header-check abi/bad.h 'struct a { unknown_t b; };'
finds format hv/core/bad.c 'int  a( void )  { return 1 ; }'
finds size hv/core/long.c "$(seq -f 'int a%.0f;' 12001)"
