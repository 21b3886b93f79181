# SPDX-License-Identifier: GPL-2.0-or-later
machine_sources := $(addprefix worker/,machine/acpi.c machine/aml.c \
	machine/linux.c core/memory.c core/log.c)
