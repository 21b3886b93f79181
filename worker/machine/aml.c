/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writes ACPI machine language, byte by byte (ACPI 6.5, chapter 20). */
#include "aml.h"

#include <string.h>

#define OP_ZERO		  0x00
#define OP_ONE		  0x01
#define OP_NAME		  0x08
#define OP_BYTE		  0x0a
#define OP_WORD		  0x0b
#define OP_DWORD	  0x0c
#define OP_STRING	  0x0d
#define OP_QWORD	  0x0e
#define OP_SCOPE	  0x10
#define OP_BUFFER	  0x11
#define OP_PACKAGE	  0x12
#define OP_METHOD	  0x14
#define OP_DUAL_NAME	  0x2e
#define OP_MULTI_NAME	  0x2f
#define OP_EXTENDED	  0x5b
#define OP_LOCAL0	  0x60
#define OP_STORE	  0x70
#define OP_AND		  0x7b
#define OP_NOTIFY	  0x86
#define OP_IF		  0xa0
#define EXTENDED_REGION	  0x80
#define EXTENDED_FIELD	  0x81
#define EXTENDED_DEVICE	  0x82
#define REGION_SYSTEM_IO  0x01
#define FIELD_BYTE_ACCESS 0x01
#define METHOD_SERIALIZED 0x08

void aml_init(struct aml *aml, uint8_t *bytes, size_t capacity)
{
	*aml = (struct aml){.bytes = bytes, .capacity = capacity};
}

static void put_bytes(struct aml *aml, const void *bytes, size_t size)
{
	if (size > aml->capacity - aml->size) {
		aml->overflow = true;
		return;
	}
	memcpy(aml->bytes + aml->size, bytes, size);
	aml->size += size;
}

static void put_byte(struct aml *aml, uint8_t byte)
{
	put_bytes(aml, &byte, 1);
}

static void put_integer(struct aml *aml, uint64_t value)
{
	if (value <= 1) {
		put_byte(aml, value ? OP_ONE : OP_ZERO);
	} else if (value <= 0xff) {
		put_byte(aml, OP_BYTE);
		put_bytes(aml, &value, 1);
	} else if (value <= 0xffff) {
		put_byte(aml, OP_WORD);
		put_bytes(aml, &value, 2);
	} else if (value <= 0xffffffff) {
		put_byte(aml, OP_DWORD);
		put_bytes(aml, &value, 4);
	} else {
		put_byte(aml, OP_QWORD);
		put_bytes(aml, &value, 8);
	}
}

/* Name segments are four characters, filled up with underscores. */
static void put_path(struct aml *aml, const char *path)
{
	unsigned int count = 1;

	if (*path == '\\') {
		put_byte(aml, '\\');
		path++;
	}
	for (const char *at = path; *at; at++)
		count += *at == '.';
	if (count == 2)
		put_byte(aml, OP_DUAL_NAME);
	if (count > 2) {
		put_byte(aml, OP_MULTI_NAME);
		put_byte(aml, (uint8_t)count);
	}
	while (count--) {
		size_t size = strcspn(path, ".");

		put_bytes(aml, path, size);
		put_bytes(aml, "____", 4 - size);
		path += size + (path[size] == '.');
	}
}

static void package_open(struct aml *aml)
{
	if (aml->depth == AML_DEPTH_MAX) {
		aml->overflow = true;
		return;
	}
	aml->open[aml->depth++] = aml->size;
}

/* The length counts itself; its encoding grows with it. */
void aml_close(struct aml *aml)
{
	uint8_t encoded[3];
	size_t start, length, count;

	if (aml->overflow)
		return;
	start = aml->open[--aml->depth];
	length = aml->size - start;
	count = length + 1 <= 0x3f ? 1 : length + 2 <= 0xfff ? 2 : 3;
	length += count;
	if (count == 1) {
		encoded[0] = (uint8_t)length;
	} else {
		encoded[0] = (uint8_t)((count - 1) << 6 | (length & 0xf));
		encoded[1] = (uint8_t)(length >> 4);
		encoded[2] = (uint8_t)(length >> 12);
	}
	if (count > aml->capacity - aml->size) {
		aml->overflow = true;
		return;
	}
	memmove(aml->bytes + start + count, aml->bytes + start,
		aml->size - start);
	memcpy(aml->bytes + start, encoded, count);
	aml->size += count;
}

void aml_scope(struct aml *aml, const char *path)
{
	put_byte(aml, OP_SCOPE);
	package_open(aml);
	put_path(aml, path);
}

void aml_device(struct aml *aml, const char *path)
{
	put_byte(aml, OP_EXTENDED);
	put_byte(aml, EXTENDED_DEVICE);
	package_open(aml);
	put_path(aml, path);
}

void aml_method(struct aml *aml, const char *path, unsigned int arguments)
{
	put_byte(aml, OP_METHOD);
	package_open(aml);
	put_path(aml, path);
	put_byte(aml, (uint8_t)(arguments | METHOD_SERIALIZED));
}

void aml_if_bit(struct aml *aml, uint8_t local, uint8_t mask)
{
	put_byte(aml, OP_IF);
	package_open(aml);
	put_byte(aml, OP_AND);
	put_byte(aml, (uint8_t)(OP_LOCAL0 + local));
	put_integer(aml, mask);
	put_byte(aml, OP_ZERO); /* no target */
}

static void name(struct aml *aml, const char *path)
{
	put_byte(aml, OP_NAME);
	put_path(aml, path);
}

void aml_name_integer(struct aml *aml, const char *path, uint64_t value)
{
	name(aml, path);
	put_integer(aml, value);
}

void aml_name_string(struct aml *aml, const char *path, const char *text)
{
	name(aml, path);
	put_byte(aml, OP_STRING);
	put_bytes(aml, text, strlen(text) + 1);
}

static uint32_t hex_digit(char digit)
{
	return (uint32_t)(digit <= '9' ? digit - '0' : digit - 'A' + 10);
}

/* Three letters of 5 bits, four hex digits; most significant byte first. */
void aml_name_eisa(struct aml *aml, const char *path, const char *id)
{
	uint32_t code = 0;

	for (unsigned int i = 0; i < 3; i++)
		code = code << 5 | ((uint32_t)(id[i] - '@') & 0x1f);
	for (unsigned int i = 3; i < 7; i++)
		code = code << 4 | hex_digit(id[i]);
	code = __builtin_bswap32(code);
	name(aml, path);
	put_byte(aml, OP_DWORD);
	put_bytes(aml, &code, 4);
}

void aml_name_package(struct aml *aml, const char *path, const uint64_t *values,
		      uint8_t count)
{
	name(aml, path);
	put_byte(aml, OP_PACKAGE);
	package_open(aml);
	put_byte(aml, count);
	for (unsigned int i = 0; i < count; i++)
		put_integer(aml, values[i]);
	aml_close(aml);
}

void aml_name_resources(struct aml *aml, const char *path,
			const struct aml_resources *resources)
{
	static const uint8_t end_tag[] = {0x79, 0x00};

	name(aml, path);
	put_byte(aml, OP_BUFFER);
	package_open(aml);
	put_integer(aml, resources->size + sizeof(end_tag));
	put_bytes(aml, resources->bytes, resources->size);
	put_bytes(aml, end_tag, sizeof(end_tag));
	aml_close(aml);
}

void aml_register_byte(struct aml *aml, const struct aml_register *reg)
{
	put_byte(aml, OP_EXTENDED);
	put_byte(aml, EXTENDED_REGION);
	put_path(aml, reg->region);
	put_byte(aml, REGION_SYSTEM_IO);
	put_integer(aml, reg->port);
	put_integer(aml, 1);
	put_byte(aml, OP_EXTENDED);
	put_byte(aml, EXTENDED_FIELD);
	package_open(aml);
	put_path(aml, reg->region);
	put_byte(aml, FIELD_BYTE_ACCESS);
	put_path(aml, reg->field);
	put_byte(aml, 8); /* bits, in a package length's encoding */
	aml_close(aml);
}

void aml_load_local0(struct aml *aml, const char *field)
{
	put_byte(aml, OP_STORE);
	put_path(aml, field);
	put_byte(aml, OP_LOCAL0);
}

void aml_notify(struct aml *aml, const char *object, uint8_t value)
{
	put_byte(aml, OP_NOTIFY);
	put_path(aml, object);
	put_integer(aml, value);
}

static void resource_add(struct aml_resources *resources, const void *bytes,
			 size_t size)
{
	if (size > sizeof(resources->bytes) - resources->size)
		return; /* tables here need a fraction of it */
	memcpy(resources->bytes + resources->size, bytes, size);
	resources->size += size;
}

void aml_resource_ports(struct aml_resources *resources, uint16_t base,
			uint8_t size)
{
	const uint8_t low = (uint8_t)base, high = (uint8_t)(base >> 8);
	const uint8_t descriptor[] = {
		0x47, 0x01, /* I/O port, 16 bits decoded */
		low,  high, low, high, 0x01, size,
	};

	resource_add(resources, descriptor, sizeof(descriptor));
}

void aml_resource_irq(struct aml_resources *resources, uint32_t gsi)
{
	const uint8_t descriptor[] = {
		0x89,
		6,
		0,    /* extended interrupt */
		0x03, /* consumer, edge */
		1,    /* one of: */
		(uint8_t)gsi,
		(uint8_t)(gsi >> 8),
		(uint8_t)(gsi >> 16),
		(uint8_t)(gsi >> 24),
	};

	resource_add(resources, descriptor, sizeof(descriptor));
}

void aml_resource_window(struct aml_resources *resources, uint64_t base,
			 uint64_t size)
{
	const uint8_t head[] = {
		0x8a, 43, 0, /* QWord address space */
		0,	     /* memory */
		0x0c,	     /* producer; minimum and maximum are fixed */
		0x01,	     /* read-write, not cacheable */
	};
	const uint64_t fields[] = {
		0,			  /* granularity */
		base, base + size - 1, 0, /* translation */
		size,
	};

	resource_add(resources, head, sizeof(head));
	resource_add(resources, fields, sizeof(fields));
}
