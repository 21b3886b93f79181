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
# Where the host has no clang-format, tools/format fetches one.
mkdir -p image
cp "$root/image/packages" image/
mkdir -p abi hv/core hv/virt/svm worker/vmbus

# finds TOOL FILE TEXT: with FILE as TEXT the tool fails, without it passes.
finds() {
	mkdir -p "$(dirname "$2")"
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
finds abi-sizes abi/bad.h $'#pragma once\nstruct bad {\n\tint a;\n};'
finds tidy hv/core/bad.c $'int bad(int a);\nint bad(int a)\n{\n\treturn a == a;\n}'
finds tidy worker/vmbus/bad.c $'int bad(int a);\nint bad(int a)\n{\n\tint b;\n\n\treturn a ? b : 0;\n}'
finds cppcheck hv/core/bad.c $'int bad(void);\nint bad(void)\n{\n\tint a[2] = {0};\n\n\ta[2] = 1;\n\treturn a[0];\n}'
finds analyzer worker/vmbus/bad.c \
	$'#include <stdlib.h>\nvoid bad(char *a);\nvoid bad(char *a)\n{\n\tfree(a);\n\tfree(a);\n}'
echo 'tidy hv/core/good.c some-check that says nothing' >>tools/known-findings
! tools/tidy >output || { echo "tools/tidy accepts a known finding that is none"; exit 1; }
echo "tidy finds: a known finding that is none"

# compiled FILE TEXT: an object.
compiled() {
	mkdir -p "$(dirname "$1")"
	gcc -x c -c -o "$1" - <<<"$2"
}
# finds_object TOOL FOLDER FILE TEXT: the same as finds, for an object.
finds_object() {
	compiled "$3" "$4"
	! "tools/$1" "$2" >output 2>&1 || { echo "tools/$1 accepted $3: $4"; exit 1; }
	rm "$3"
	"tools/$1" "$2" >output 2>&1 || { cat output; echo "tools/$1 fails on good objects"; exit 1; }
	echo "$1 finds: $3: $4"
}
compiled build/worker/main.o "$(seq -f 'void a%.0f(void);' 120; echo 'void main_(void); void main_(void) {'
	seq -f 'a%.0f();' 120; echo '}')"
compiled build/hv/lib/print.c.o 'void print(void); void print(void) {}'
compiled build/hv/core/vp.c.o 'void print(void); void vp_run(void); void vp_run(void) { print(); }'
finds_object room-symbols build build/hv/lib/bad.c.o 'void vp_run(void); void bad(void); void bad(void) { vp_run(); }'
finds_object room-symbols build build/worker/vmbus/bad.o 'int open(); int bad(void); int bad(void) { return open(); }'
finds_object room-symbols build build/worker/new/bad.o 'int bad(void); int bad(void) { return bad(); } int other(); int x(void) { return other(); }'
mkdir -p build/hv/boot build/hv/x86
cp build/hv/lib/print.c.o build/hv/bulkhead.elf64
cp build/hv/lib/print.c.o build/hv/boot/main.c.o
cp build/hv/lib/print.c.o build/hv/x86/cpu.c.o
echo 'LOAD build/hv/lib/print.c.o' >build/hv/bulkhead.map
finds_object symbols build/hv build/hv/core/bad.c.o 'int svm_run(); int bad(void); int bad(void) { return svm_run(); }'
echo 'LOAD /usr/lib/libc.a' >>build/hv/bulkhead.map
! tools/symbols build/hv >output || { echo "tools/symbols accepted a foreign object"; exit 1; }
echo "symbols finds: a foreign object in the map"

# The module as it is, and with a pointer of a process followed.
cp -r "$root/parent" "$root/image" .
cp "$root"/abi/*.h abi/
tools/sparse
cat >>parent/vp.c <<'C'
int bad(int __user *pointer);
int bad(int __user *pointer)
{
	return *pointer;
}
C
! tools/sparse >output || { echo "tools/sparse accepted a pointer of a process followed"; exit 1; }
grep -q 'dereference of noderef' output || { cat output; exit 1; }
echo "sparse finds: a pointer of a process followed"
