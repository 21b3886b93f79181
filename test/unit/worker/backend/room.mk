# SPDX-License-Identifier: GPL-2.0-or-later
# Back ends stand on the system, and on the fakes of the VMBus tests; those of
# networks are tried in the event loop.
backend_sources := $(patsubst $(ROOT)/%,%,$(wildcard $(ROOT)/worker/backend/*.c)) \
	test/unit/worker/vmbus/fake.c worker/core/loop.c
backend_libraries := -luring -lpthread -lslirp
