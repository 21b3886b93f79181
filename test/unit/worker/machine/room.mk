# SPDX-License-Identifier: GPL-2.0-or-later
# Machines connect devices to back ends: all are here, the child is a model.
machine_sources := $(addprefix worker/core/,io.c loop.c) \
	$(patsubst $(ROOT)/%,%,$(foreach r,machine emulated synthetic vmbus \
	backend,$(wildcard $(ROOT)/worker/$(r)/*.c))) \
	test/unit/worker/vmbus/fake.c test/unit/worker/vmbus/guest.c \
	test/unit/worker/synthetic/ic.c
machine_libraries := -ljansson -lslirp -luring -lpthread
