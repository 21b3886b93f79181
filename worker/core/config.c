/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The child's description as the worker reads it (abi/control.h). */
#include "config.h"

#include "worker/device.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One reading of a description; the first complaint stays. */
struct reader {
	const char *file;
	char *error;
	size_t size;
	bool failed;
};

static void complain(struct reader *reader, const char *key, const char *what)
{
	if (!reader->failed)
		snprintf(reader->error, reader->size, "%s: %s: %s",
			 reader->file, key, what);
	reader->failed = true;
}

static char *take_string(struct reader *reader, const json_t *object,
			 const char *key, bool needed)
{
	const json_t *value = json_object_get(object, key);

	if (!value || json_is_null(value)) {
		if (needed)
			complain(reader, key, "is missing");
		return NULL;
	}
	if (!json_is_string(value)) {
		complain(reader, key, "must be a string");
		return NULL;
	}
	return strdup(json_string_value(value));
}

static uint64_t take_number(struct reader *reader, const json_t *object,
			    const char *key, uint64_t limit)
{
	const json_t *value = json_object_get(object, key);
	json_int_t number = json_integer_value(value);

	if (!json_is_integer(value) || number < 1 || (uint64_t)number > limit) {
		complain(reader, key, "must be a number in range");
		return 1;
	}
	return (uint64_t)number;
}

static void take_disks(struct reader *reader, struct config *config,
		       const json_t *disks)
{
	size_t count = json_array_size(disks);

	if (disks && !json_is_array(disks))
		complain(reader, "disks", "must be a list");
	if (count > CONFIG_DISKS_MAX)
		complain(reader, "disks", "too many");
	for (size_t i = 0; i < count && i < CONFIG_DISKS_MAX; i++) {
		const json_t *disk = json_array_get(disks, i);
		struct config_disk *to = &config->disks[config->disk_count++];

		to->file = take_string(reader, disk, "file", true);
		to->readonly = json_is_true(json_object_get(disk, "readonly"));
	}
}

static void take_serial(struct reader *reader, struct config *config,
			const json_t *serial)
{
	char *output;

	if (!serial || json_is_null(serial))
		return;
	config->has_serial = true;
	output = take_string(reader, serial, "output", false);
	if (output && strcmp(output, "console") != 0)
		config->serial_file = output;
	else
		free(output);
}

static void take_all(struct reader *reader, struct config *config,
		     const json_t *root)
{
	config->name = take_string(reader, root, "name", true);
	config->memory = take_number(reader, root, "memory", 1ULL << 40);
	config->processors = (unsigned int)take_number(
		reader, root, "processors", CONFIG_PROCESSORS_MAX);
	config->machine = take_string(reader, root, "machine", true);
	config->kernel = take_string(reader, root, "kernel", true);
	config->initrd = take_string(reader, root, "initrd", false);
	config->cmdline = take_string(reader, root, "cmdline", false);
	if (!config->cmdline)
		config->cmdline = strdup("");
	take_disks(reader, config, json_object_get(root, "disks"));
	take_serial(reader, config, json_object_get(root, "serial"));
	if (config->memory % (1ULL << 20))
		complain(reader, "memory", "must be whole MiB");
}

int config_read(struct config *config, const char *file, char *error,
		size_t size)
{
	struct reader reader = {.file = file, .error = error, .size = size};
	json_error_t where;
	json_t *root = json_load_file(file, JSON_REJECT_DUPLICATES, &where);

	memset(config, 0, sizeof(*config));
	if (!root) {
		snprintf(error, size, "%s:%d: %s", file, where.line,
			 where.text);
		return -EINVAL;
	}
	take_all(&reader, config, root);
	json_decref(root);
	if (reader.failed) {
		config_free(config);
		return -EINVAL;
	}
	return 0;
}

void config_free(struct config *config)
{
	free(config->name);
	free(config->machine);
	free(config->kernel);
	free(config->initrd);
	free(config->cmdline);
	free(config->serial_file);
	for (unsigned int i = 0; i < config->disk_count; i++)
		free(config->disks[i].file);
	memset(config, 0, sizeof(*config));
}
