# SPDX-License-Identifier: GPL-2.0-or-later
core_sources := $(addprefix worker/core/,config.c confine.c confine_calls.c \
	control_input.c crash.c intercept.c io.c irq.c log.c loop.c memory.c \
	registers.c synic.c vp.c) \
	$(patsubst $(ROOT)/%,%,$(wildcard $(ROOT)/worker/insn/*.c))
core_libraries := -ljansson -lZydis -lpthread
