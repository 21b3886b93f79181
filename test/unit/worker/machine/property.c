/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A partition whose properties all have one value. */
#include "property.h"
#include "worker/core/hvcall.h"

struct property property;

int hvcall_get_property(int partition_fd, uint32_t code, uint64_t *value)
{
	(void)partition_fd;
	property.code = code;
	if (!property.error)
		*value = property.value;
	return property.error;
}
