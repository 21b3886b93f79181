/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Event ports and the connections that lead to them. */
#include "port.h"

#include "../../abi/msr.h"
#include "../x86/cpu.h"
#include "vp.h"

/* ---- Cells: pages of one partition, cut into equal pieces ---- */

union port_cell {
	struct port port;
	struct connection connection;
};

#define PAGE_CELLS 31
#define PAGES_MAX  64 /* about 2000 ports and connections */

struct port_page {
	struct port_page *next;
	uint64_t used; /* bit n: cell n */
	union port_cell cells[PAGE_CELLS];
};

_Static_assert(sizeof(struct port_page) <= PAGE_SIZE, "one page each");
_Static_assert(PAGE_CELLS <= 64, "one bit a cell");

/* An unused cell, not yet zeroed; NULL beyond the quota. Lock P held. */
static union port_cell *cell_take(struct partition *partition)
{
	struct port_page *page = partition->port_pages;
	unsigned int full = 0, index;

	for (; page && page->used == BIT(PAGE_CELLS) - 1; page = page->next)
		full++;
	if (!page && full < PAGES_MAX) {
		page = pool_take(&partition->account);
		if (page) {
			page->next = partition->port_pages;
			partition->port_pages = page;
		}
	}
	if (!page)
		return NULL;
	index = (unsigned int)__builtin_ctzll(~page->used);
	page->used |= BIT(index);
	return &page->cells[index];
}

/* Cells and pages are told apart by address. Lock P held. */
static void cell_give(struct partition *partition, void *cell)
{
	struct port_page *page =
		(void *)((uintptr_t)cell & ~(uintptr_t)PAGE_MASK);
	struct port_page **link = &partition->port_pages;

	page->used &= ~BIT((union port_cell *)cell - page->cells);
	if (page->used)
		return;
	while (*link != page)
		link = &(*link)->next;
	*link = page->next;
	pool_give(&partition->account, page);
}

/* ---- Ports: lock P of the owner ---- */

static struct port *port_find(struct partition *owner, uint32_t id)
{
	LIST_EACH(node, &owner->ports)
	{
		struct port *port = LIST_ENTRY(node, struct port, node);

		if (port->id == id)
			return port;
	}
	return NULL;
}

static enum hv_status port_check(struct partition *owner,
				 const struct hv_input_create_port *input)
{
	const struct hv_port_info *info = &input->port_info;
	uint32_t vp = info->event.target_vp;
	uint32_t flags = info->event.flag_count;

	if (!partition_is_parent(owner))
		return HV_STATUS_ACCESS_DENIED;
	if (input->port_id & ~HV_PORT_ID_MASK)
		return HV_STATUS_INVALID_PORT_ID;
	if (info->port_type != HV_PORT_TYPE_EVENT || info->padding ||
	    input->port_vtl || input->min_connection_vtl ||
	    info->event.target_sint >= SINTS || flags == 0 ||
	    info->event.base_flag_number + flags > HV_SYNIC_EVENT_FLAG_COUNT)
		return HV_STATUS_INVALID_PARAMETER;
	if (vp != HV_VP_INDEX_ANY && (vp >= owner->vp_limit || !owner->vps[vp]))
		return HV_STATUS_INVALID_VP_INDEX;
	return HV_STATUS_SUCCESS;
}

/* A new port on the list, or NULL. */
static struct port *port_add(struct partition *owner,
			     const struct hv_input_create_port *input)
{
	union port_cell *cell = cell_take(owner);

	if (!cell)
		return NULL;
	cell->port = (struct port){
		.id = input->port_id,
		.sint = input->port_info.event.target_sint,
		.vp = input->port_info.event.target_vp,
		.base_flag = input->port_info.event.base_flag_number,
		.flag_count = input->port_info.event.flag_count,
		.connecting_partition = input->connection_partition_id,
		.owner = owner,
	};
	list_insert(&owner->ports, &cell->port.node);
	return &cell->port;
}

enum hv_status port_create(struct partition *owner,
			   const struct hv_input_create_port *input)
{
	enum hv_status status = port_check(owner, input);

	if (status != HV_STATUS_SUCCESS)
		return status;
	spinlock_take(&owner->lock);
	if (port_find(owner, input->port_id))
		status = HV_STATUS_INVALID_PORT_ID;
	else if (!port_add(owner, input))
		status = HV_STATUS_INSUFFICIENT_MEMORY;
	spinlock_give(&owner->lock);
	return status;
}

/* Off the list, so that the id is free; its connections keep the cell. */
static void port_drop(struct port *port)
{
	list_remove(&port->node);
	__atomic_store_n(&port->deleted, true, __ATOMIC_RELEASE);
	if (port->connections == 0)
		cell_give(port->owner, port);
}

enum hv_status port_delete(struct partition *owner, uint32_t id)
{
	spinlock_take(&owner->lock);
	struct port *port = port_find(owner, id);

	if (port)
		port_drop(port);
	spinlock_give(&owner->lock);
	return port ? HV_STATUS_SUCCESS : HV_STATUS_INVALID_PORT_ID;
}

/* ---- Connections: lock P of who signals, and then of the owner ---- */

/* The one found moves to the front: a busy channel is found at once. */
static struct connection *connection_find(struct partition *partition,
					  uint32_t id)
{
	struct list *head = &partition->connections;

	LIST_EACH(node, head)
	{
		struct connection *connection =
			LIST_ENTRY(node, struct connection, node);

		if (connection->id != id)
			continue;
		if (node != head->next) {
			list_remove(node);
			list_insert(head->next, node);
		}
		return connection;
	}
	return NULL;
}

enum hv_status port_connect(struct partition *partition,
			    struct partition *owner,
			    const struct hv_input_connect_port *connect)
{
	enum hv_status status = HV_STATUS_SUCCESS;
	uint32_t id = connect->connection_id;
	union port_cell *cell = NULL;

	if (id & ~HV_CONNECTION_ID_MASK)
		return HV_STATUS_INVALID_CONNECTION_ID;
	if (connect->connection_info.port_type != HV_PORT_TYPE_EVENT)
		return HV_STATUS_INVALID_PARAMETER;
	partition_lock(partition);
	struct port *port = port_find(owner, connect->port_id);

	if (!port || port->connecting_partition != partition->id)
		status = HV_STATUS_INVALID_PORT_ID;
	else if (connection_find(partition, id))
		status = HV_STATUS_INVALID_CONNECTION_ID;
	else if (!(cell = cell_take(partition)))
		status = HV_STATUS_INSUFFICIENT_MEMORY;
	if (cell) {
		cell->connection = (struct connection){.id = id, .port = port};
		list_insert(&partition->connections, &cell->connection.node);
		port->connections++;
	}
	partition_unlock(partition);
	return status;
}

/* Both locks held. A deleted port goes with its last connection. */
static void connection_drop(struct partition *partition,
			    struct connection *connection)
{
	struct port *port = connection->port;

	list_remove(&connection->node);
	cell_give(partition, connection);
	if (--port->connections == 0 && port->deleted)
		cell_give(port->owner, port);
}

enum hv_status port_disconnect(struct partition *partition, uint32_t id)
{
	partition_lock(partition);
	struct connection *connection = connection_find(partition, id);

	if (connection)
		connection_drop(partition, connection);
	partition_unlock(partition);
	return connection ? HV_STATUS_SUCCESS : HV_STATUS_INVALID_CONNECTION_ID;
}

void port_forget(struct partition *partition)
{
	struct list *ports = &hypervisor.parent->ports;

	partition_lock(partition);
	while (!list_empty(&partition->connections))
		connection_drop(partition, LIST_FIRST(&partition->connections,
						      struct connection, node));
	for (struct list *node = ports->next; node != ports;) {
		struct port *port = LIST_ENTRY(node, struct port, node);

		node = node->next;
		if (port->connecting_partition == partition->id)
			port_drop(port);
	}
	partition_unlock(partition);
}

static enum hv_status connection_fire(struct connection *connection,
				      uint32_t flag)
{
	const struct port *port = connection->port;
	bool newly;

	if (__atomic_load_n(&port->deleted, __ATOMIC_ACQUIRE))
		return HV_STATUS_INVALID_PORT_ID;
	if (flag >= port->flag_count)
		return HV_STATUS_INVALID_PARAMETER;
	struct vp *target = port->vp == HV_VP_INDEX_ANY
				    ? hypervisor_parent_near(cpu_lp())
				    : port->owner->vps[port->vp];

	return synic_signal(target, port->sint, port->base_flag + flag, &newly);
}

enum hv_status connection_signal(struct partition *partition, uint32_t id,
				 uint32_t flag)
{
	enum hv_status status = HV_STATUS_INVALID_CONNECTION_ID;

	/* The lock keeps the connection, and so the port's cell. */
	spinlock_take(&partition->lock);
	struct connection *connection = connection_find(partition, id);

	if (connection)
		status = connection_fire(connection, flag);
	spinlock_give(&partition->lock);
	return status;
}
