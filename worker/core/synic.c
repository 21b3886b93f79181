/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The child's SynIC as the VMBus server reaches it. */
#include "synic.h"
#include "hvcall.h"
#include "machine.h"
#include "vp.h"

#include "abi/intercept.h"
#include "abi/mshv.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <unistd.h>

static struct synic *synic_of(struct synic_port *port)
{
	return (struct synic *)port;
}

static bool post_message(struct synic_port *port, uint32_t vp, uint32_t sint,
			 const void *payload, size_t size)
{
	struct synic *synic = synic_of(port);
	struct machine *machine = synic->machine;
	struct hv_input_post_message_direct input = {
		.vp_index = vp,
		.sint_index = sint,
	};
	struct hv_message message = {
		.header = {.type = HVMSG_VMBUS, .payload_size = (uint8_t)size},
	};
	struct hvcall call = {
		.code = HVCALL_POST_MESSAGE_DIRECT,
		.input = &input,
		.input_size = sizeof(input),
	};

	/* Nobody can ever take it: it is gone, as on a machine's wire. */
	if (vp >= machine->vp_count || size > SYNIC_MESSAGE_SIZE || sint > 15)
		return true;
	memcpy(message.payload, payload, size);
	memcpy(input.message, &message, sizeof(message));
	if (hvcall_make(machine->partition.fd, &call) == 0)
		return true;
	if (call.status == HV_STATUS_OBJECT_IN_USE) {
		vp_want(&machine->vps[vp],
			1ULL << (HV_DELIVERABILITY_SINTS_SHIFT + sint));
		return false;
	}
	device_log("synic", "message to vp %u lost: status %#x", vp,
		   call.status);
	return true;
}

static void signal_event(struct synic_port *port, uint32_t vp, uint32_t sint,
			 uint32_t flag)
{
	struct machine *machine = synic_of(port)->machine;
	const struct hv_input_signal_event_direct input = {
		.target_vp = vp,
		.target_sint = (uint8_t)sint,
		.flag_number = (uint16_t)flag,
	};
	struct hv_output_signal_event_direct output;
	struct hvcall call = {
		.code = HVCALL_SIGNAL_EVENT_DIRECT,
		.input = &input,
		.input_size = sizeof(input),
		.output = &output,
		.output_size = sizeof(output),
	};

	if (hvcall_make(machine->partition.fd, &call))
		device_log("synic", "event to vp %u lost: status %#x", vp,
			   call.status);
}

static void signalled(void *owner, uint32_t events)
{
	struct synic_listen *listen = owner;
	struct synic_port *port = &listen->synic->port;

	(void)events;
	/* The slot may have been given up since the kernel told of it. */
	if (!listen->used || listen->watch.fd < 0)
		return;
	if (port->signalled)
		port->signalled(port->server, listen->connection);
}

static struct synic_listen *find(struct synic *synic, uint32_t connection)
{
	for (unsigned int i = 0; i < SYNIC_LISTENS_MAX; i++)
		if (synic->listens[i].used &&
		    synic->listens[i].connection == connection)
			return &synic->listens[i];
	return NULL;
}

static struct synic_listen *find_unused(struct synic *synic)
{
	for (unsigned int i = 0; i < SYNIC_LISTENS_MAX; i++)
		if (!synic->listens[i].used)
			return &synic->listens[i];
	return NULL;
}

static int port_assign(struct synic_listen *listen, bool on)
{
	const struct mshv_event_port arguments = {
		.connection_id = listen->connection,
		.flags = on ? 0 : 1u << MSHV_EVENT_PORT_BIT_DEASSIGN,
		.fd = listen->watch.fd,
	};

	return ioctl(listen->synic->machine->partition.fd, MSHV_EVENT_PORT,
		     &arguments) < 0
		       ? -errno
		       : 0;
}

/*
 * Without an event port the guest's signals arrive as intercepts: slower. With
 * one, each of them is an edge, so that nobody has to read the counter: it
 * takes 2^64 of them, and one that is full still wakes.
 */
static void port_open(struct synic_listen *listen)
{
	struct loop *loop = &listen->synic->machine->loop;
	int error;

	listen->watch = (struct loop_watch){
		.fd = -1, .ready = signalled, .owner = listen};
	if (!listen->synic->event_ports)
		return;
	listen->watch.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (listen->watch.fd < 0)
		return;
	error = port_assign(listen, true);
	if (!error) {
		error = loop_watch(loop, &listen->watch, EPOLLIN | EPOLLET);
		if (!error)
			return;
		port_assign(listen, false);
	}
	device_log("synic", "no event port for connection %#x: %s",
		   listen->connection, strerror(-error));
	close(listen->watch.fd);
	listen->watch.fd = -1;
}

static void port_close(struct synic_listen *listen)
{
	listen->used = false;
	if (listen->watch.fd < 0)
		return;
	loop_unwatch(&listen->synic->machine->loop, &listen->watch);
	port_assign(listen, false);
	close(listen->watch.fd);
	listen->watch.fd = -1;
}

static bool listen_set(struct synic_port *port, uint32_t connection, bool on)
{
	struct synic *synic = synic_of(port);
	struct synic_listen *listen = find(synic, connection);

	if (!on) {
		if (listen)
			port_close(listen);
		return true;
	}
	if (listen)
		return true;
	listen = find_unused(synic);
	if (!listen)
		return false;
	listen->synic = synic;
	listen->connection = connection;
	listen->used = true;
	port_open(listen);
	return true;
}

void synic_init(struct synic *synic, struct machine *machine)
{
	memset(synic, 0, sizeof(*synic));
	synic->machine = machine;
	synic->event_ports =
		machine->partition.extensions & MSHV_BULKHEAD_EVENT_PORT;
	synic->port = (struct synic_port){
		.post_message = post_message,
		.signal_event = signal_event,
		.listen = listen_set,
		.owner = synic,
	};
}

void synic_destroy(struct synic *synic)
{
	for (unsigned int i = 0; i < SYNIC_LISTENS_MAX; i++)
		if (synic->listens[i].used)
			port_close(&synic->listens[i]);
}

void synic_deliverable(struct synic *synic)
{
	if (synic->port.ready)
		synic->port.ready(synic->port.server);
}

uint16_t synic_post(struct synic *synic, uint32_t connection,
		    const void *payload, size_t size)
{
	const struct synic_port *port = &synic->port;

	if (!port->message || (connection != SYNIC_MESSAGE_CONNECTION &&
			       connection != SYNIC_MESSAGE_CONNECTION_5_0))
		return HV_STATUS_INVALID_CONNECTION_ID;
	port->message(port->server, connection, payload, size);
	return HV_STATUS_SUCCESS;
}

uint16_t synic_signal(struct synic *synic, uint32_t connection)
{
	const struct synic_port *port = &synic->port;

	if (!port->signalled || !find(synic, connection))
		return HV_STATUS_INVALID_CONNECTION_ID;
	port->signalled(port->server, connection);
	return HV_STATUS_SUCCESS;
}
