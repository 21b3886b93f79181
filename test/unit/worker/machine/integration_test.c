/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A child's services as its machine's: what they are asked and what they tell.
 */
#include "../synthetic/ic.h"
#include "property.h"
#include "worker/machine/integration.h"
#include "abi/hypercall_parent.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define SERVICES 4

struct fixture {
	struct ic ic; /* the child; one channel of it at a time */
	struct machine machine;
	struct integration_devices devices;
	struct vmbus_offer_channel offers[SERVICES];
	unsigned int buttons;
};

static struct fixture fixture;

static bool power_button(struct machine *machine)
{
	assert_ptr_equal(machine, &fixture.machine);
	fixture.buttons++;
	return true;
}

static const struct machine_type type = {.power_button = power_button};

static int setup(void **state)
{
	struct machine *machine = &fixture.machine;

	(void)state;
	memset(&fixture, 0, sizeof(fixture));
	property = (struct property){.value = 4711};
	ic_init(&fixture.ic);
	machine->type = &type;
	machine->partition.fd = -1;
	machine->config.network_count = 1;
	machine->config.networks[0] =
		(struct config_network){.mac = {2, 0xab, 0, 0, 0, 1}};
	assert_int_equal(loop_create(&machine->loop), 0);
	loop_thaw(&machine->loop);
	assert_int_equal(integration_connect(&fixture.devices, machine,
					     fixture.ic.guest.server),
			 0);
	assert_true(guest_contact(&fixture.ic.guest, VMBUS_VERSION_5_3));
	assert_int_equal(
		guest_offers(&fixture.ic.guest, fixture.offers, SERVICES),
		SERVICES);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	integration_disconnect(&fixture.devices);
	assert_null(fixture.machine.services.shut_down);
	loop_destroy(&fixture.machine.loop);
	guest_destroy(&fixture.ic.guest);
	return 0;
}

/* Opens the channel of this type and agrees on a version. */
static void open_service(struct vmbus_guid wanted, uint16_t major)
{
	for (unsigned int i = 0; i < SERVICES; i++) {
		if (memcmp(&fixture.offers[i].interface_type, &wanted,
			   sizeof(wanted)) != 0)
			continue;
		fixture.ic.offer = fixture.offers[i];
		ic_reopen(&fixture.ic);
		ic_choose(&fixture.ic, 3, major, 0);
		return;
	}
	fail_msg("no such offer");
}

/* A word of what is told; the caller's answer is kept until the next call. */
static const char *told(const char *key)
{
	static json_t *answer;
	const struct services *services = &fixture.machine.services;

	json_decref(answer);
	answer = json_object();
	services->tell_health(services->owner, answer);
	return json_string_value(json_object_get(answer, key));
}

static json_t *facts(void)
{
	const struct services *services = &fixture.machine.services;
	json_t *answer = json_object();

	services->tell_facts(services->owner, answer);
	return answer;
}

static bool ask(bool restart)
{
	const struct services *services = &fixture.machine.services;

	return services->shut_down(services->owner, restart);
}

static void test_instances(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < SERVICES; i++)
		for (unsigned int j = 0; j < i; j++)
			assert_memory_not_equal(
				&fixture.offers[i].interface_instance,
				&fixture.offers[j].interface_instance, 16);
}

static void test_shut_down(void **state)
{
	const struct vmbus_ic_shutdown *message;

	(void)state;
	assert_false(ask(false));
	assert_string_equal(told("shutdown"), "none");
	open_service((struct vmbus_guid)VMBUS_GUID_SHUTDOWN, 3);
	assert_string_equal(told("shutdown"), "idle");
	assert_true(ask(false));
	assert_string_equal(told("shutdown"), "asked");
	message = ic_expect(&fixture.ic, VMBUS_IC_SHUTDOWN);
	assert_int_equal(message->flags, VMBUS_IC_SHUTDOWN_POWER_OFF);
	ic_answer(&fixture.ic, 0);
	assert_string_equal(told("shutdown"), "accepted");
}

/* Who cannot reboot is powered off; who will not, has its button pressed. */
static void test_refusals(void **state)
{
	const struct vmbus_ic_shutdown *message;

	(void)state;
	open_service((struct vmbus_guid)VMBUS_GUID_SHUTDOWN, 3);
	assert_true(ask(true));
	message = ic_expect(&fixture.ic, VMBUS_IC_SHUTDOWN);
	assert_int_equal(message->flags, VMBUS_IC_SHUTDOWN_REBOOT);
	ic_answer(&fixture.ic, VMBUS_IC_STATUS_FAIL);
	assert_int_equal(fixture.buttons, 0);
	message = ic_expect(&fixture.ic, VMBUS_IC_SHUTDOWN);
	assert_int_equal(message->flags, VMBUS_IC_SHUTDOWN_POWER_OFF);
	ic_answer(&fixture.ic, VMBUS_IC_STATUS_FAIL);
	assert_int_equal(fixture.buttons, 1);
	assert_string_equal(told("shutdown"), "refused");
}

static void test_heartbeat(void **state)
{
	struct vmbus_ic_heartbeat *message;

	(void)state;
	assert_string_equal(told("heartbeat"), "none");
	open_service((struct vmbus_guid)VMBUS_GUID_HEARTBEAT, 3);
	message = ic_expect(&fixture.ic, VMBUS_IC_HEARTBEAT);
	message->sequence++;
	ic_answer(&fixture.ic, 0);
	assert_string_equal(told("heartbeat"), "ok");
}

static void test_time(void **state)
{
	const struct services *services = &fixture.machine.services;
	const struct vmbus_ic_time_reference *message;

	(void)state;
	services->resumed(services->owner); /* nobody listens yet */
	open_service((struct vmbus_guid)VMBUS_GUID_TIME_SYNC, 4);
	message = ic_expect(&fixture.ic, VMBUS_IC_TIME_SYNC);
	assert_int_equal(message->vm_reference_time, 4711);
	assert_int_equal(message->flags, VMBUS_IC_TIME_SYNC_FLAG);
	ic_answer(&fixture.ic, 0);
	services->resumed(services->owner);
	message = ic_expect(&fixture.ic, VMBUS_IC_TIME_SYNC);
	assert_int_equal(message->flags, VMBUS_IC_TIME_SYNC_FLAG);
	/* A hypervisor that does not tell: nothing is said. */
	ic_answer(&fixture.ic, 0);
	assert_int_equal(property.code, HV_PARTITION_PROPERTY_REFERENCE_TIME);
	property.error = -EIO;
	services->resumed(services->owner);
	assert_false(ic_receive(&fixture.ic));
}

static void put_text(void *to, const char *text)
{
	for (size_t i = 0; i <= strlen(text); i++)
		((uint8_t *)to)[2 * i] = (uint8_t)text[i];
}

static void expect_state(const char *state)
{
	json_t *answer = facts();

	assert_string_equal(json_string_value(json_object_get(
				    json_object_get(answer, "kvp"), "state")),
			    state);
	json_decref(answer);
}

static void test_facts(void **state)
{
	struct vmbus_kvp_enumerate *pair;
	struct vmbus_kvp_ip *ip;
	json_t *answer;
	char *text;

	(void)state;
	expect_state("none");
	open_service((struct vmbus_guid)VMBUS_GUID_KVP, 4);
	expect_state("asking");
	pair = ic_expect(&fixture.ic, VMBUS_IC_KVP);
	pair->value_type = VMBUS_KVP_TYPE_STRING;
	pair->key_size = pair->value_size = 16;
	put_text(pair->key, "OSName");
	put_text(pair->value, "Debian");
	ic_answer(&fixture.ic, 0);
	ic_expect(&fixture.ic, VMBUS_IC_KVP);
	ic_answer(&fixture.ic, VMBUS_IC_STATUS_NO_MORE);
	ip = ic_expect(&fixture.ic, VMBUS_IC_KVP);
	assert_int_equal(((uint8_t *)ip)[30], '0');
	assert_int_equal(((uint8_t *)ip)[30 + 6], 'A');
	put_text((uint8_t *)ip + 288, "10.0.2.15");
	ic_answer(&fixture.ic, 0);
	answer = facts();
	text = json_dumps(answer, JSON_COMPACT);
	assert_string_equal(
		text, "{\"kvp\":{\"state\":\"known\",\"items\":{\"OSName\":"
		      "\"Debian\"},\"adapters\":[{\"mac\":"
		      "\"02:AB:00:00:00:01\",\"dhcp\":false,\"addresses\":"
		      "\"10.0.2.15\",\"masks\":\"\",\"gateways\":\"\","
		      "\"name_servers\":\"\"}]}}");
	free(text);
	json_decref(answer);
}

static void test_unknown_adapter(void **state)
{
	json_t *answer, *adapters;

	(void)state;
	open_service((struct vmbus_guid)VMBUS_GUID_KVP, 4);
	ic_expect(&fixture.ic, VMBUS_IC_KVP);
	ic_answer(&fixture.ic, VMBUS_IC_STATUS_NO_MORE);
	ic_expect(&fixture.ic, VMBUS_IC_KVP);
	ic_answer(&fixture.ic, VMBUS_IC_STATUS_FAIL);
	answer = facts();
	adapters = json_object_get(json_object_get(answer, "kvp"), "adapters");
	assert_int_equal(json_array_size(adapters), 1);
	assert_int_equal(json_object_size(json_array_get(adapters, 0)), 1);
	json_decref(answer);
}

/* No channel left: nothing is made, and nothing stays of what was. */
static void test_no_room(void **state)
{
	static struct integration_devices many[VMBUS_MAX_CHANNELS];
	struct machine *machine = &fixture.machine;
	unsigned int count = 0;
	int error;

	(void)state;
	while (!(error = integration_connect(&many[count], machine,
					     fixture.ic.guest.server)))
		count++;
	assert_int_equal(error, -ENOSPC);
	do
		integration_disconnect(&many[count]);
	while (count--);
	fixture.ic.guest.message_count = 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_instances),
		TEST(test_shut_down),
		TEST(test_refusals),
		TEST(test_heartbeat),
		TEST(test_time),
		TEST(test_facts),
		TEST(test_unknown_adapter),
		TEST(test_no_room),
	};

	return cmocka_run_group_tests_name("integration devices", tests, NULL,
					   NULL);
}
