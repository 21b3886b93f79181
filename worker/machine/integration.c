/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The integration services of an enlightened child, as its machine's. */
#include "integration.h"
#include "worker/core/hvcall.h"
#include "worker/synthetic/heartbeat.h"
#include "worker/synthetic/kvp.h"
#include "worker/synthetic/shutdown.h"
#include "worker/synthetic/timesync.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

/* Services of every child have these instances; the last byte tells which. */
#define INSTANCE(number)                                                       \
	VMBUS_GUID(0xb01dface, 0x5c51, 0x4000, 0x80, 0x00, 0, 0, 0, 0, 1,      \
		   number)

/* ---- Ending ---- */

static bool shut_down(void *owner, bool restart)
{
	const struct integration_devices *devices = owner;

	return shutdown_ask(devices->shutdown,
			    restart ? VMBUS_IC_SHUTDOWN_REBOOT
				    : VMBUS_IC_SHUTDOWN_POWER_OFF);
}

/* One that cannot restart is powered off, which machine->restart mends. */
static void refused(void *owner, uint32_t flags)
{
	const struct integration_devices *devices = owner;
	struct machine *machine = devices->machine;

	if (flags == VMBUS_IC_SHUTDOWN_REBOOT)
		shutdown_ask(devices->shutdown, VMBUS_IC_SHUTDOWN_POWER_OFF);
	else if (machine->type->power_button)
		machine->type->power_button(machine);
}

/* ---- Time ---- */

static bool reference_time(void *owner, uint64_t *time_100ns)
{
	const struct integration_devices *devices = owner;

	return hvcall_get_property(devices->machine->partition.fd,
				   HV_PARTITION_PROPERTY_REFERENCE_TIME,
				   time_100ns) == 0;
}

static void resumed(void *owner)
{
	const struct integration_devices *devices = owner;

	timesync_set(devices->timesync);
}

/* ---- Telling ---- */

static void tell_health(void *owner, struct json_t *answer)
{
	static const char *const beats[] = {
		[HEARTBEAT_NONE] = "none",
		[HEARTBEAT_OK] = "ok",
		[HEARTBEAT_LOST] = "lost",
	};
	static const char *const shutdowns[] = {
		[SHUTDOWN_NONE] = "none",
		[SHUTDOWN_IDLE] = "idle",
		[SHUTDOWN_ASKED] = "asked",
		[SHUTDOWN_ACCEPTED] = "accepted",
		[SHUTDOWN_REFUSED] = "refused",
	};
	const struct integration_devices *devices = owner;

	json_object_set_new(
		answer, "heartbeat",
		json_string(beats[heartbeat_state(devices->heartbeat)]));
	json_object_set_new(
		answer, "shutdown",
		json_string(shutdowns[shutdown_state(devices->shutdown)]));
}

static json_t *adapter_to_json(const struct kvp_adapter *adapter)
{
	if (!adapter->known)
		return json_pack("{s:s}", "mac", adapter->mac);
	return json_pack("{s:s, s:b, s:s, s:s, s:s, s:s}", "mac", adapter->mac,
			 "dhcp", adapter->dhcp, "addresses", adapter->addresses,
			 "masks", adapter->masks, "gateways", adapter->gateways,
			 "name_servers", adapter->name_servers);
}

static void add_facts(json_t *object, const struct kvp_facts *facts)
{
	json_t *items = json_object();
	json_t *adapters = json_array();

	for (unsigned int i = 0; i < facts->item_count; i++)
		json_object_set_new(items, facts->items[i].key,
				    json_string(facts->items[i].value));
	for (unsigned int i = 0; i < facts->adapter_count; i++)
		json_array_append_new(adapters,
				      adapter_to_json(&facts->adapters[i]));
	json_object_set_new(object, "items", items);
	json_object_set_new(object, "adapters", adapters);
}

static void tell_facts(void *owner, struct json_t *answer)
{
	static const char *const states[] = {
		[KVP_NONE] = "none",
		[KVP_NO_DAEMON] = "no-daemon",
		[KVP_ASKING] = "asking",
		[KVP_KNOWN] = "known",
	};
	const struct integration_devices *devices = owner;
	const struct kvp_facts *facts = kvp_facts(devices->kvp);
	json_t *object =
		json_pack("{s:s}", "state", states[kvp_state(devices->kvp)]);

	if (facts)
		add_facts(object, facts);
	json_object_set_new(answer, "kvp", object);
	/* Whoever asks again soon is to see what has changed. */
	kvp_refresh(devices->kvp);
}

/* ---- Making them ---- */

static void name_adapters(const struct config *config, struct kvp_options *kvp)
{
	for (unsigned int i = 0;
	     i < config->network_count && i < KVP_ADAPTERS_MAX; i++) {
		const uint8_t *mac = config->networks[i].mac;

		snprintf(kvp->macs[i], sizeof(kvp->macs[i]),
			 "%02X:%02X:%02X:%02X:%02X:%02X", mac[0], mac[1],
			 mac[2], mac[3], mac[4], mac[5]);
	}
}

static void create(struct integration_devices *devices,
		   struct vmbus_server *server)
{
	struct clock *clock = &devices->machine->loop.clock;
	const struct shutdown_options shutdown = {
		{server, clock, INSTANCE(1)}, refused, devices};
	const struct integration_options heartbeat = {server, clock,
						      INSTANCE(2)};
	const struct timesync_options timesync = {
		{server, clock, INSTANCE(3)}, reference_time, devices};
	struct kvp_options kvp = {.integration = {server, clock, INSTANCE(4)}};

	name_adapters(&devices->machine->config, &kvp);
	devices->shutdown = shutdown_create(&shutdown);
	devices->heartbeat = heartbeat_create(&heartbeat);
	devices->timesync = timesync_create(&timesync);
	devices->kvp = kvp_create(&kvp);
}

int integration_connect(struct integration_devices *devices,
			struct machine *machine, struct vmbus_server *server)
{
	devices->machine = machine;
	create(devices, server);
	if (!devices->shutdown || !devices->heartbeat || !devices->timesync ||
	    !devices->kvp) {
		device_log("integration", "no VMBus channel is left");
		return -ENOSPC;
	}
	machine->services = (struct services){
		.shut_down = shut_down,
		.resumed = resumed,
		.tell_health = tell_health,
		.tell_facts = tell_facts,
		.owner = devices,
	};
	return 0;
}

void integration_disconnect(struct integration_devices *devices)
{
	if (!devices->machine)
		return;
	devices->machine->services = (struct services){0};
	if (devices->kvp)
		kvp_destroy(devices->kvp);
	if (devices->timesync)
		timesync_destroy(devices->timesync);
	if (devices->heartbeat)
		heartbeat_destroy(devices->heartbeat);
	if (devices->shutdown)
		shutdown_destroy(devices->shutdown);
}
