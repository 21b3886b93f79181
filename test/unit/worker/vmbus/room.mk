# SPDX-License-Identifier: GPL-2.0-or-later
# Two threads play child and worker.
vmbus_libraries := -lpthread
