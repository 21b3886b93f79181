// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Child and worker as two threads over one storage channel: every request is
 * answered once and with its own data, and nobody waits for a signal that
 * does not come.
 */
#define _GNU_SOURCE
#include "../vmbus/guest.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

#include "../backend/disk.h"
#include "abi/vmbus/storage.h"
#include "worker/backend/scsi_disk.h"
#include "worker/synthetic/storvsp.h"

#define DEPTH	      600u /* more than the controller's pool */
#define REQUESTS      100000u
#define REQUESTS_MOST 5000000u
#define SLEEPS	      10u
#define BLOCKS	      1024u

static struct guest guest;
static struct disk disk;
static struct scsi_device *unit;
static struct storvsp *storvsp;
static struct guest_channel channel;
static void (*server_signalled)(void *server, uint32_t connection);

static sem_t to_worker;
static sem_t to_child;
static atomic_bool stop;
static unsigned int child_sleeps;
static unsigned int worker_sleeps;

/* ---- Signals cross between the threads ---- */

static void child_signals(void *server, uint32_t connection)
{
	(void)server;
	assert_int_equal(connection, channel.connection);
	sem_post(&to_worker);
}

static void worker_signals(struct synic_port *synic, uint32_t vp, uint32_t sint,
			   uint32_t flag)
{
	(void)synic;
	(void)vp;
	(void)sint;
	assert_int_equal(flag, channel.relid);
	sem_post(&to_child);
}

static bool semaphore_wait(sem_t *semaphore)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += 20;
	while (sem_timedwait(semaphore, &until) < 0)
		if (errno != EINTR)
			return false;
	/* Signals before this one are one with it: spare ones hide losses. */
	while (!sem_trywait(semaphore))
		;
	return true;
}

/* Answers some of what is pending, in any order, sometimes in one batch. */
static void disk_work(struct fake_random *random)
{
	const bool batch = fake_random_below(random, 2);
	unsigned int count = fake_random_below(random, 40);

	if (batch)
		vmbus_server_batch_begin(guest.server);
	while (count-- && disk.pending_count)
		disk_answer(&disk,
			    fake_random_below(random, disk.pending_count));
	if (batch)
		vmbus_server_batch_end(guest.server);
}

static void *worker_main(void *argument)
{
	struct fake_random random = {17};

	(void)argument;
	while (!stop) {
		if (disk.pending_count) {
			disk_work(&random);
		} else if (!guest.clock.timer) {
			worker_sleeps++;
			assert_true(semaphore_wait(&to_worker));
			server_signalled(guest.synic.server,
					 channel.connection);
			continue;
		}
		fake_clock_advance(&guest.clock, 1000);
		if (sem_trywait(&to_worker) == 0)
			server_signalled(guest.synic.server,
					 channel.connection);
	}
	return NULL;
}

/* ---- The child ---- */

struct slot {
	bool busy;
	bool write;
	uint32_t block;
	uint64_t pfn;
	uint64_t transaction;
};

static struct slot slots[DEPTH];
static bool block_busy[BLOCKS];
static uint32_t versions[BLOCKS];

static void slot_packet(const struct slot *slot, struct guest_packet *to)
{
	struct storvsp_packet packet = {
		.operation = STORVSP_EXECUTE_SRB,
		.srb = {.length = 52,
			.cdb_length = 10,
			.direction = !slot->write,
			.transfer_length = 512},
	};

	packet.srb.cdb[0] = slot->write ? 0x2a : 0x28;
	packet.srb.cdb[4] = (uint8_t)(slot->block >> 8);
	packet.srb.cdb[5] = (uint8_t)slot->block;
	packet.srb.cdb[8] = 1;
	to->descriptor = (struct vmbus_packet_descriptor){
		.flags = 1, .transaction_id = slot->transaction};
	to->payload_size = sizeof(packet);
	memcpy(to->payload, &packet, sizeof(packet));
	guest_packet_pages(to, 1024, 512, &slot->pfn);
}

static uint32_t *slot_data(const struct slot *slot)
{
	return (uint32_t *)(void *)((uint8_t *)guest_at(&guest, slot->pfn) +
				    1024);
}

/* False: no room on the ring, also when looked at again. */
static bool slot_start(struct slot *slot, struct fake_random *random,
		       uint64_t transaction)
{
	static struct guest_packet packet;
	uint32_t block = fake_random_below(random, BLOCKS);

	while (block_busy[block])
		block = (block + 1) % BLOCKS;
	slot->block = block;
	slot->write = fake_random_below(random, 2);
	slot->transaction = transaction;
	for (unsigned int i = 0; i < 128; i++)
		slot_data(slot)[i] =
			slot->write ? (uint32_t)transaction + i : 0;
	slot_packet(slot, &packet);
	if (!guest_send(&channel, &packet) && !guest_send(&channel, &packet))
		return false;
	slot->busy = true;
	block_busy[block] = true;
	if (slot->write)
		versions[block] = (uint32_t)transaction;
	return true;
}

static void slot_finish(const struct guest_packet *answer)
{
	const struct storvsp_packet *const packet =
		(const void *)answer->payload;
	struct slot *const slot =
		&slots[answer->descriptor.transaction_id % DEPTH];

	assert_true(slot->busy);
	assert_int_equal(slot->transaction, answer->descriptor.transaction_id);
	assert_int_equal(packet->srb.srb_status, 1);
	assert_int_equal(packet->srb.transfer_length, 512);
	for (unsigned int i = 0; i < 128 && versions[slot->block]; i++)
		assert_int_equal(slot_data(slot)[i], versions[slot->block] + i);
	slot->busy = false;
	block_busy[slot->block] = false;
}

/* How often one side waits for the other is the host's scheduler's. */
static bool goes_on(uint64_t sent)
{
	return sent < REQUESTS ||
	       (sent < REQUESTS_MOST && child_sleeps <= SLEEPS);
}

static void child_run(void)
{
	struct fake_random random = {23};
	static struct guest_packet answer;
	uint64_t sent = DEPTH;
	uint64_t received = DEPTH;

	while (received < sent || goes_on(sent)) {
		unsigned int burst = fake_random_below(&random, 300);
		bool any = false;

		while (burst-- && goes_on(sent)) {
			struct slot *const slot = &slots[sent % DEPTH];

			if (slot->busy || !slot_start(slot, &random, sent))
				break;
			sent++;
			any = true;
		}
		while (guest_receive(&channel, &answer)) {
			slot_finish(&answer);
			received++;
			any = true;
		}
		/* Only with nothing to do at all: then a signal must come. */
		if (!any && received < sent) {
			child_sleeps++;
			assert_true(semaphore_wait(&to_child));
		}
	}
}

static void control(uint32_t operation, uint16_t version)
{
	struct storvsp_packet packet = {.operation = operation};
	static struct guest_packet request;

	packet.protocol_version.version = version;
	request.descriptor = (struct vmbus_packet_descriptor){
		.type = VMBUS_PACKET_IN_BAND, .flags = 1};
	request.payload_size = sizeof(packet);
	memcpy(request.payload, &packet, sizeof(packet));
	assert_true(guest_send(&channel, &request));
	assert_true(guest_receive(&channel, &request));
}

static void test_storm(void **state)
{
	struct storvsp_options options = {.name = "storm",
					  .memory = &guest.memory};
	struct vmbus_offer_channel offer;
	pthread_t worker;

	(void)state;
	guest_init(&guest);
	disk_init(&disk, BLOCKS * 512, 512);
	unit = scsi_disk_create(&disk.device);
	options.server = guest.server;
	options.luns[0] = unit;
	storvsp = storvsp_create(&options);
	assert_true(guest_contact(&guest, VMBUS_VERSION_5_3));
	assert_int_equal(guest_offers(&guest, &offer, 1), 1);
	assert_int_equal(guest_open(&guest, &offer, 9, &channel), 0);
	control(STORVSP_BEGIN_INITIALIZATION, 0);
	control(STORVSP_QUERY_PROTOCOL_VERSION, STORVSP_VERSION_WIN10);
	control(STORVSP_END_INITIALIZATION, 0);
	for (unsigned int i = 0; i < DEPTH; i++)
		slots[i].pfn = guest_page(&guest);

	sem_init(&to_worker, 0, 0);
	sem_init(&to_child, 0, 0);
	server_signalled = guest.synic.signalled;
	guest.synic.signalled = child_signals;
	guest.synic.signal_event = worker_signals;
	assert_int_equal(pthread_create(&worker, NULL, worker_main, NULL), 0);
	child_run();
	stop = true;
	sem_post(&to_worker);
	pthread_join(worker, NULL);
	guest.synic.signalled = server_signalled;

	assert_int_equal(storvsp_in_flight(storvsp), 0);
	assert_true(child_sleeps > SLEEPS);
	assert_true(worker_sleeps > SLEEPS);
	storvsp_destroy(storvsp);
	scsi_disk_destroy(unit);
	disk_destroy(&disk);
	guest_destroy(&guest);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_storm),
	};

	return cmocka_run_group_tests_name("storm", tests, NULL, NULL);
}
