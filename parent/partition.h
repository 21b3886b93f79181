/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A child partition and all that hangs from it, and what each file offers.
 *
 * Lock order: partitions_mutex > partition.mutex > an eventfd's lock; vp.mutex
 * stands alone. Interrupt context takes none of the mutexes: it reads under
 * RCU, wakes and signals.
 *
 * A partition lives as long as a descriptor of it, or of one of its vps, does.
 */
#pragma once

#include <linux/fs.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/types.h>
#include <linux/uaccess.h>
#include <linux/wait.h>

#include "abi/hypercall.h"
#include "abi/intercept.h"
#include "abi/mshv.h"
#include "abi/register.h"
#include "hypercall.h"

#define PARTITION_VPS_MAX 256

struct eventfd_ctx;
struct routing_table;

/*
 * Locks: m partition.mutex, r written under m and read under RCU,
 * c constant after creation
 */
struct partition {
	u64 id; /* c: the hypervisor's */
	struct memory_pool pool;
	struct kref references;
	struct mutex mutex;
	struct list_head all;		    /* partitions_mutex */
	struct list_head regions;	    /* m */
	struct list_head event_ports;	    /* m */
	struct list_head ioeventfds;	    /* r */
	struct list_head irqfds;	    /* r */
	struct routing_table __rcu *routes; /* r */
	struct vp *vps[PARTITION_VPS_MAX];  /* r */
	bool initialized;		    /* m */
	bool deleted; /* m, read anywhere: gone in the hypervisor */
	struct rcu_head rcu;
};

struct vp {
	struct partition *partition; /* c */
	u32 index;		     /* c */
	struct mutex mutex;	     /* one ioctl at a time */
	wait_queue_head_t wait;
	bool kicked;		/* an intercept message has been posted */
	struct page *registers; /* c: struct hv_register_page */
	struct page *intercept; /* c: struct hv_message */
};

/* partition.c */
int partition_create_fd(void __user *arguments);
void partition_get(struct partition *partition);
void partition_put(struct partition *partition);
void partition_delete_all(void);
void partition_vp_kick(u64 id, u32 vp_index);
void partition_apic_eoi(u64 id, u32 vector);

/* vp.c */
long vp_create(struct partition *partition, void __user *arguments);
void vp_free(struct vp *vp);

/* vp_run.c */
long vp_run(struct vp *vp, void __user *arguments);

/* vp_state.c */
long vp_state_get(struct vp *vp, void __user *arguments);
long vp_state_set(struct vp *vp, void __user *arguments);

/* region.c */
long region_set(struct partition *partition, void __user *arguments);
void region_free_all(struct partition *partition, bool unpin);

/* gpa_access.c */
long gpa_access_bitmap(struct partition *partition, void __user *arguments);

/* passthrough.c: partition NULL means the device itself */
long passthrough_hypercall(struct partition *partition, void __user *arguments);

/* routing.c */
struct interrupt {
	u64 control; /* HV_INTERRUPT_CONTROL_* */
	u64 destination;
	u32 vector;
};

long routing_set(struct partition *partition, void __user *arguments);
bool routing_find(struct partition *partition, u32 gsi,
		  struct interrupt *interrupt);
void routing_free(struct partition *partition);

/* irqfd.c */
void irqfd_event_signal(struct eventfd_ctx *event);
long irqfd_set(struct partition *partition, void __user *arguments);
void irqfd_acknowledge(struct partition *partition, u32 vector);
void irqfd_free_all(struct partition *partition);

/* ioeventfd.c */
long ioeventfd_set(struct partition *partition, void __user *arguments);
bool ioeventfd_consume(struct vp *vp);
void ioeventfd_free_all(struct partition *partition);

/* event_port.c */
long event_port_set(struct partition *partition, void __user *arguments);
void event_port_signal(unsigned int flag);
void event_port_disconnect_all(struct partition *partition);
void event_port_free_all(struct partition *partition);

/* extension.c */
void extension_init(void);
long extension_probe(void __user *arguments);
long extension_log(void __user *arguments);
long extension_stats(struct partition *partition, void __user *arguments);
long extension_schedule(struct partition *partition, void __user *arguments);
