// SPDX-License-Identifier: GPL-2.0-only
/* Event ports: a guest's SignalEvent becomes an event flag here, and that an
 * eventfd. */
#include <linux/bitmap.h>
#include <linux/err.h>
#include <linux/eventfd.h>
#include <linux/printk.h>
#include <linux/rculist.h>
#include <linux/slab.h>

#include "abi/synic.h"
#include "partition.h"

/* Port ids are this partition's own: one per event flag of SINT5, beyond
 * Linux's. */
#define PORT_ID_BASE 0x10000u

struct event_port {
	struct list_head list; /* partition.event_ports */
	u32 connection_id;
	unsigned int flag;
	bool connected;
	struct eventfd_ctx *event;
};

static DEFINE_MUTEX(flags_mutex);
static DECLARE_BITMAP(flags_used, HV_SYNIC_EVENT_FLAG_COUNT); /* flags_mutex */
/* By flag; read under RCU by interrupts. */
static struct event_port __rcu *ports[HV_SYNIC_EVENT_FLAG_COUNT];

/* Flag was set by a guest. Interrupt context. */
void event_port_signal(unsigned int flag)
{
	struct event_port *port;

	rcu_read_lock();
	port = rcu_dereference(ports[flag]);
	if (port)
		irqfd_event_signal(port->event);
	rcu_read_unlock();
}

static int flag_take(struct event_port *port)
{
	unsigned int flag;

	mutex_lock(&flags_mutex);
	flag = find_first_zero_bit(flags_used, HV_SYNIC_EVENT_FLAG_COUNT);
	if (flag < HV_SYNIC_EVENT_FLAG_COUNT) {
		__set_bit(flag, flags_used);
		port->flag = flag;
		rcu_assign_pointer(ports[flag], port);
	}
	mutex_unlock(&flags_mutex);
	return flag < HV_SYNIC_EVENT_FLAG_COUNT ? 0 : -ENOSPC;
}

/* The port may be freed after the next grace period. */
static void flag_release(struct event_port *port)
{
	mutex_lock(&flags_mutex);
	RCU_INIT_POINTER(ports[port->flag], NULL);
	__clear_bit(port->flag, flags_used);
	mutex_unlock(&flags_mutex);
}

/* Any of our vps may take it: the one on whose processor the guest runs is
 * nearest. */
static int port_create(const struct partition *partition,
		       const struct event_port *port)
{
	struct hv_input_create_port in = {
		.port_partition_id = HV_PARTITION_ID_SELF,
		.port_id = PORT_ID_BASE + port->flag,
		.connection_partition_id = partition->id,
		.port_info =
			{
				.port_type = HV_PORT_TYPE_EVENT,
				.event =
					{
						.target_sint =
							HV_SYNIC_DOORBELL_SINT,
						.target_vp = HV_VP_INDEX_ANY,
						.base_flag_number = port->flag,
						.flag_count = 1,
					},
			},
	};
	struct hypercall call = {
		.code = HVCALL_CREATE_PORT,
		.in = &in,
		.in_size = sizeof(in),
	};

	return hypercall_do_with_memory(&memory_pool_self, &call);
}

static int port_connect(struct partition *partition,
			const struct event_port *port)
{
	struct hv_input_connect_port in = {
		.connection_partition_id = partition->id,
		.connection_id = port->connection_id,
		.port_partition_id = HV_PARTITION_ID_SELF,
		.port_id = PORT_ID_BASE + port->flag,
		.connection_info.port_type = HV_PORT_TYPE_EVENT,
	};
	struct hypercall call = {
		.code = HVCALL_CONNECT_PORT,
		.in = &in,
		.in_size = sizeof(in),
	};

	return hypercall_do_with_memory(&partition->pool, &call);
}

static void port_delete(const struct event_port *port)
{
	struct hv_input_delete_port in = {
		.port_partition_id = HV_PARTITION_ID_SELF,
		.port_id = PORT_ID_BASE + port->flag,
	};
	struct hypercall call = {
		.code = HVCALL_DELETE_PORT,
		.in = &in,
		.in_size = sizeof(in),
	};
	const int ret = hypercall_do(&call);

	if (ret)
		pr_err("mshv: port %#x could not be deleted: %d\n", in.port_id,
		       ret);
}

static void port_disconnect(const struct partition *partition,
			    struct event_port *port)
{
	struct hv_input_disconnect_port in = {
		.connection_partition_id = partition->id,
		.connection_id = port->connection_id,
	};
	struct hypercall call = {
		.code = HVCALL_DISCONNECT_PORT,
		.in = &in,
		.in_size = sizeof(in),
	};

	if (!port->connected)
		return;
	port->connected = false;
	hypercall_do(&call);
	port_delete(port);
}

static void port_free(struct event_port *port)
{
	eventfd_ctx_put(port->event);
	kfree(port);
}

static struct event_port *port_find(struct partition *partition,
				    u32 connection_id)
{
	struct event_port *port;

	list_for_each_entry(port, &partition->event_ports,
			    list) if (port->connection_id ==
				      connection_id) return port;
	return NULL;
}

static int port_open(struct partition *partition, struct event_port *port)
{
	int ret;

	ret = flag_take(port);
	if (ret)
		return ret;
	ret = port_create(partition, port);
	if (ret)
		goto release;
	ret = port_connect(partition, port);
	if (ret)
		goto remove;
	port->connected = true;
	list_add_tail(&port->list, &partition->event_ports);
	return 0;

remove:
	port_delete(port);
release:
	flag_release(port);
	synchronize_rcu();
	return ret;
}

static long event_port_add(struct partition *partition,
			   const struct mshv_event_port *user)
{
	struct event_port *port;
	int ret;

	if (port_find(partition, user->connection_id))
		return -EEXIST;
	port = kzalloc(sizeof(*port), GFP_KERNEL_ACCOUNT);
	if (!port)
		return -ENOMEM;
	port->connection_id = user->connection_id;
	port->event = eventfd_ctx_fdget(user->fd);
	if (IS_ERR(port->event)) {
		ret = PTR_ERR(port->event);
		kfree(port);
		return ret;
	}
	ret = port_open(partition, port);
	if (ret)
		port_free(port);
	return ret;
}

static long event_port_remove(struct partition *partition, u32 connection_id)
{
	struct event_port *port = port_find(partition, connection_id);

	if (!port)
		return -ENOENT;
	port_disconnect(partition, port);
	flag_release(port);
	list_del(&port->list);
	synchronize_rcu();
	port_free(port);
	return 0;
}

/* MSHV_EVENT_PORT. partition.mutex is held. */
long event_port_set(struct partition *partition, void __user *arguments)
{
	struct mshv_event_port user;
	const u32 deassign = 1u << MSHV_EVENT_PORT_BIT_DEASSIGN;

	if (copy_from_user(&user, arguments, sizeof(user)))
		return -EFAULT;
	if (user.flags & ~deassign || user.rsvd || !user.connection_id ||
	    user.connection_id & ~HV_CONNECTION_ID_MASK)
		return -EINVAL;
	if (user.flags & deassign)
		return event_port_remove(partition, user.connection_id);
	return event_port_add(partition, &user);
}

/* While the partition still exists in the hypervisor; once. */
void event_port_disconnect_all(struct partition *partition)
{
	struct event_port *port;

	list_for_each_entry(port, &partition->event_ports, list)
	{
		port_disconnect(partition, port);
		flag_release(port);
	}
}

/* After a grace period. */
void event_port_free_all(struct partition *partition)
{
	struct event_port *port, *next;

	list_for_each_entry_safe(port, next, &partition->event_ports, list)
	{
		list_del(&port->list);
		port_free(port);
	}
}
