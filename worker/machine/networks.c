/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The child's networks: an adapter on VMBus for each, NAT or a tap behind. */
#include "networks.h"
#include "worker/backend/network_nat.h"
#include "worker/backend/network_tap.h"
#include "worker/synthetic/netvsp.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>

_Static_assert(CONFIG_FORWARDS_MAX <= NETWORK_FORWARDS_MAX,
	       "NAT takes all forwards there can be");

static void serve(void *owner, uint32_t events)
{
	struct network *network = owner;

	(void)events;
	/* One signal to the child for all that has come. */
	vmbus_server_batch_begin(network->server);
	network->backend->service(network->backend);
	vmbus_server_batch_end(network->server);
}

static struct network_backend *open_tap(const struct machine *machine,
					unsigned int index, char *error)
{
	const struct config_network *config = &machine->config.networks[index];
	char name[128];
	const struct network_tap_options options = {
		.name = name,
		.bridge = config->bridge,
		.mtu = config->mtu,
		.segments = true,
	};

	snprintf(name, sizeof(name), "%s network %u", machine->config.name,
		 index);
	return network_tap_create(&options, error);
}

static struct network_backend *open_nat(struct machine *machine,
					const struct config_network *config,
					char *error)
{
	struct network_forward forwards[CONFIG_FORWARDS_MAX];
	const struct network_nat_options options = {
		.name = machine->config.name,
		.clock = &machine->loop.clock,
		.mtu = config->mtu,
		.forwards = forwards,
		.forward_count = config->forward_count,
	};

	for (unsigned int i = 0; i < config->forward_count; i++)
		forwards[i] = (struct network_forward){
			.udp = config->forwards[i].udp,
			.address = config->forwards[i].address,
			.port = config->forwards[i].port,
			.child_port = config->forwards[i].child_port,
		};
	return network_nat_create(&options, error);
}

static int open_backend(struct network *network, struct machine *machine,
			unsigned int index)
{
	const struct config_network *config = &machine->config.networks[index];
	char error[NETWORK_ERROR_SIZE] = "";

	network->backend = config->bridge ? open_tap(machine, index, error)
					  : open_nat(machine, config, error);
	if (!network->backend) {
		device_log(network->name, "%s", error);
		machine->exit = CONTROL_EXIT_CONFIG;
		return -EINVAL;
	}
	network->watch = (struct loop_watch){
		.fd = network->backend->poll_fd,
		.ready = serve,
		.owner = network,
	};
	return loop_watch(&machine->loop, &network->watch, EPOLLIN);
}

static int create_adapter(struct network *network, struct machine *machine,
			  unsigned int index)
{
	struct netvsp_options options = {
		.name = network->name,
		.server = network->server,
		.memory = &machine->memory.view,
		.instance = VMBUS_GUID(0xb01dface, 0x5c52, 0x4000, 0x80, 0x00,
				       0, 0, 0, 0, 0, 0),
		.link = &network->backend->link,
	};

	options.instance.bytes[15] = (uint8_t)index;
	memcpy(options.mac, machine->config.networks[index].mac,
	       sizeof(options.mac));
	network->adapter = netvsp_create(&options);
	if (network->adapter)
		return 0;
	device_log(network->name, "no VMBus channel left");
	return -ENOSPC;
}

/* ---- For the control socket ---- */

static bool set_link(void *owner, unsigned int index, bool up)
{
	const struct networks *networks = owner;
	struct network_backend *backend;

	if (index >= networks->count)
		return false;
	backend = networks->networks[index].backend;
	if (backend->down == !up)
		return true;
	backend->set_link(backend, up);
	if (backend->down == up)
		return false; /* what it leads to is gone */
	if (backend->link.carrier)
		backend->link.carrier(backend->link.device, up);
	device_log(networks->networks[index].name, "link %s",
		   up ? "up" : "down");
	return true;
}

/* Names as "hvctl stats" prints them; "in" is what the child receives. */
#define FIELD(from, field)                                                     \
	{                                                                      \
#field, from.field                                             \
	}

static unsigned int count(void *owner, unsigned int index,
			  struct machine_counter *counters)
{
	const struct networks *networks = owner;

	if (index >= networks->count)
		return 0;

	const struct network *network = &networks->networks[index];
	const struct netvsp_statistics adapter =
		netvsp_statistics_read(network->adapter);
	const struct network_counters *wire = &network->backend->counters;
	const struct machine_counter all[] = {
		FIELD(adapter, in_frames),
		FIELD(adapter, in_bytes),
		FIELD(adapter, in_multicast),
		FIELD(adapter, in_broadcast),
		FIELD(adapter, in_filtered),
		FIELD(adapter, in_discarded),
		FIELD(adapter, in_errors),
		FIELD(adapter, in_no_room),
		FIELD(adapter, in_segmented),
		FIELD(adapter, in_checksums),
		FIELD(adapter, out_frames),
		FIELD(adapter, out_bytes),
		FIELD(adapter, out_multicast),
		FIELD(adapter, out_broadcast),
		FIELD(adapter, out_discarded),
		FIELD(adapter, out_errors),
		FIELD(adapter, out_segmented),
		FIELD(adapter, out_checksums),
		FIELD(adapter, control_messages),
		{"wire_in_frames", wire->received_frames},
		{"wire_in_dropped", wire->received_dropped},
		{"wire_out_frames", wire->sent_frames},
		{"wire_out_dropped", wire->sent_dropped},
		{"link_up", !network->backend->down},
	};
	const unsigned int size = sizeof(all) / sizeof(all[0]);

	_Static_assert(sizeof(all) / sizeof(all[0]) <= MACHINE_COUNTERS_MAX,
		       "room for every counter");
	memcpy(counters, all, sizeof(all));
	return size;
}

#undef FIELD

/* ---- All of them ---- */

int networks_connect(struct networks *networks, struct machine *machine,
		     struct vmbus_server *server)
{
	int error = 0;

	for (unsigned int i = 0; i < machine->config.network_count; i++) {
		struct network *network = &networks->networks[i];

		networks->count = i + 1;
		network->server = server;
		snprintf(network->name, sizeof(network->name), "network%u", i);
		error = open_backend(network, machine, i);
		if (!error)
			error = create_adapter(network, machine, i);
		if (error)
			return error;
	}
	machine->network = (struct machine_network){
		.set_link = set_link,
		.count = count,
		.owner = networks,
	};
	return 0;
}

void networks_disconnect(struct networks *networks, struct machine *machine,
			 struct vmbus_server *server)
{
	machine->network = (struct machine_network){0};
	if (networks->count)
		vmbus_server_reset(server);
	for (unsigned int i = 0; i < networks->count; i++) {
		struct network *network = &networks->networks[i];

		if (network->adapter)
			netvsp_destroy(network->adapter);
		if (!network->backend)
			continue;
		loop_unwatch(&machine->loop, &network->watch);
		network->backend->destroy(network->backend);
	}
	networks->count = 0;
}
