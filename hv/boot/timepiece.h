/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The counter of known rate that the TSC is measured against. */
#pragma once

#include "../x86/tsc.h"
#include "acpi.h"

/* PM timer, else HPET; read is NULL if the machine has neither. */
struct tsc_reference timepiece_find(const struct acpi_facts *facts);
