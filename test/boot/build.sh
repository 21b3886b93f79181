#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Everything builds without a warning: with gcc and with clang, the module for both parent kernels.
. "$(dirname "$0")/lib.sh"
cd "$root"
make -j"$(nproc)" hv worker ctl
make -s -C test/guest
for version in 6.1 6.12; do
	make -C parent KDIR="$(image/kernel headers $version)"
done
# The other compiler's objects stay in a folder of their own.
make -j"$(nproc)" CC=clang BUILD="$work/clang" hv worker ctl
