# SPDX-License-Identifier: GPL-2.0-or-later
# Flags and places that every room's Makefile shares.
ROOT := $(patsubst %/,%,$(dir $(abspath $(lastword $(MAKEFILE_LIST)))))
BUILD ?= $(ROOT)/build

CC ?= gcc
WARNINGS := -Wall -Wextra -Wconversion -Wmissing-prototypes -Wstrict-prototypes \
	-Wvla -Werror
CSTD := -std=gnu11
HOST_CFLAGS := $(CSTD) -O2 -g $(WARNINGS) -I$(ROOT) -D_FORTIFY_SOURCE=2 \
	-fstack-protector-strong
