/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The child's description as the worker reads it (abi/control.h). */
#include "config.h"

#include "worker/device.h"

#include <arpa/inet.h>
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

/* "02:00:00:00:00:01" */
static void take_mac(struct reader *reader, const json_t *network,
		     uint8_t mac[6])
{
	const char *text = json_string_value(json_object_get(network, "mac"));
	char rest;

	if (!text ||
	    sscanf(text, "%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx%c", &mac[0],
		   &mac[1], &mac[2], &mac[3], &mac[4], &mac[5], &rest) != 6)
		complain(reader, "networks: mac", "must be an address");
}

static void take_forward(struct reader *reader, const json_t *forward,
			 struct config_forward *to)
{
	const char *protocol =
		json_string_value(json_object_get(forward, "protocol"));
	const char *address =
		json_string_value(json_object_get(forward, "address"));
	struct in_addr binary = {0};

	if (!protocol || (strcmp(protocol, "tcp") && strcmp(protocol, "udp")))
		complain(reader, "protocol", "must be tcp or udp");
	else
		to->udp = protocol[0] == 'u';
	if (!address || inet_pton(AF_INET, address, &binary) != 1)
		complain(reader, "address", "must be an IPv4 address");
	to->address = ntohl(binary.s_addr);
	to->port = (uint16_t)take_number(reader, forward, "port", UINT16_MAX);
	to->child_port = (uint16_t)take_number(reader, forward, "child_port",
					       UINT16_MAX);
}

static void take_network(struct reader *reader, const json_t *network,
			 struct config_network *to)
{
	const char *mode = json_string_value(json_object_get(network, "mode"));
	const json_t *forwards = json_object_get(network, "forwards");

	take_mac(reader, network, to->mac);
	to->mtu =
		(uint32_t)take_number(reader, network, "mtu", NETWORK_MTU_MAX);
	if (to->mtu < NETWORK_MTU_MIN)
		complain(reader, "mtu", "must be a number in range");
	if (mode && !strcmp(mode, "bridge"))
		to->bridge = take_string(reader, network, "bridge", true);
	else if (!mode || strcmp(mode, "nat") != 0)
		complain(reader, "networks: mode", "must be nat or bridge");
	if (json_array_size(forwards) > CONFIG_FORWARDS_MAX)
		complain(reader, "forwards", "too many");
	for (size_t i = 0; i < json_array_size(forwards) && !reader->failed;
	     i++)
		take_forward(reader, json_array_get(forwards, i),
			     &to->forwards[to->forward_count++]);
}

static void take_networks(struct reader *reader, struct config *config,
			  const json_t *networks)
{
	size_t count = json_array_size(networks);

	if (networks && !json_is_array(networks))
		complain(reader, "networks", "must be a list");
	if (count > CONFIG_NETWORKS_MAX)
		complain(reader, "networks", "too many");
	for (size_t i = 0; i < count && !reader->failed; i++)
		take_network(reader, json_array_get(networks, i),
			     &config->networks[config->network_count++]);
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
	take_networks(reader, config, json_object_get(root, "networks"));
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
	for (unsigned int i = 0; i < config->network_count; i++)
		free(config->networks[i].bridge);
	memset(config, 0, sizeof(*config));
}
