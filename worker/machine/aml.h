/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writes ACPI machine language, byte by byte (ACPI 6.5, chapter 20). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define AML_DEPTH_MAX 8u

/* A definition block under construction; overflow sticks. */
struct aml {
	uint8_t *bytes;
	size_t capacity;
	size_t size;
	size_t open[AML_DEPTH_MAX]; /* where packages' lengths belong */
	unsigned int depth;
	bool overflow;
};

/* Resource descriptors of one _CRS (ACPI 6.5, section 6.4). */
#define AML_RESOURCES_MAX 256u
struct aml_resources {
	uint8_t bytes[AML_RESOURCES_MAX];
	size_t size;
};

void aml_init(struct aml *aml, uint8_t *bytes, size_t capacity);

/* Each of these is ended by aml_close(). Paths as in ASL: "\\_SB.VMOD". */
void aml_scope(struct aml *aml, const char *path);
void aml_device(struct aml *aml, const char *path);
void aml_method(struct aml *aml, const char *path, unsigned int arguments);
void aml_if_bit(struct aml *aml, uint8_t local, uint8_t mask);
void aml_close(struct aml *aml);

void aml_name_integer(struct aml *aml, const char *path, uint64_t value);
void aml_name_string(struct aml *aml, const char *path, const char *text);
/* "PNP0501" in its compressed form. */
void aml_name_eisa(struct aml *aml, const char *path, const char *id);
void aml_name_package(struct aml *aml, const char *path, const uint64_t *values,
		      uint8_t count);
/* Adds the end tag. */
void aml_name_resources(struct aml *aml, const char *path,
			const struct aml_resources *resources);

/* One byte-wide register in I/O space, as a field named by four letters. */
struct aml_register {
	const char *region;
	const char *field;
	uint16_t port;
};
void aml_register_byte(struct aml *aml, const struct aml_register *reg);
/* Local0 = field; Notify(object, value). */
void aml_load_local0(struct aml *aml, const char *field);
void aml_notify(struct aml *aml, const char *object, uint8_t value);

void aml_resource_ports(struct aml_resources *resources, uint16_t base,
			uint8_t size);
/* Edge-triggered, active high, not shared. */
void aml_resource_irq(struct aml_resources *resources, uint32_t gsi);
/* An address window that children of the device take from. */
void aml_resource_window(struct aml_resources *resources, uint64_t base,
			 uint64_t size);
