# SPDX-License-Identifier: GPL-2.0-or-later
# Machines connect devices to back ends: both are here, the child is a model.
machine_sources := $(addprefix worker/,machine/acpi.c machine/aml.c \
	machine/integration.c machine/linux.c machine/networks.c core/loop.c) \
	$(patsubst $(ROOT)/%,%,$(wildcard $(ROOT)/worker/synthetic/*.c \
	$(ROOT)/worker/vmbus/*.c $(ROOT)/worker/backend/network_*.c)) \
	test/unit/worker/vmbus/fake.c test/unit/worker/vmbus/guest.c \
	test/unit/worker/synthetic/ic.c
machine_libraries := -ljansson -lslirp -lpthread
