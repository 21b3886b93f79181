# SPDX-License-Identifier: GPL-2.0-or-later
# Synthetic devices are driven by the guest model of the VMBus tests.
synthetic_sources := $(patsubst $(ROOT)/%,%,$(wildcard \
	$(ROOT)/worker/synthetic/*.c $(ROOT)/worker/vmbus/*.c \
	$(ROOT)/worker/backend/scsi*.c)) \
	test/unit/worker/vmbus/fake.c test/unit/worker/vmbus/guest.c \
	test/unit/worker/backend/disk.c
synthetic_libraries := -lpthread
