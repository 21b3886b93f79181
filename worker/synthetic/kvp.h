/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Key-value exchange: what a daemon in the child tells of it (name, system,
 * addresses), asked for now and then and kept for whoever wants to know.
 */
#pragma once

#include "integration.h"

#define KVP_ITEMS_MAX	 32u
#define KVP_ADAPTERS_MAX 8u
#define KVP_KEY_SIZE	 64u  /* UTF-8, with the zero; longer ones are cut */
#define KVP_VALUE_SIZE	 256u /* likewise */
#define KVP_MAC_SIZE	 18u  /* "00:15:5D:00:00:01" */

struct kvp_item {
	char key[KVP_KEY_SIZE];
	char value[KVP_VALUE_SIZE];
};

/* How an adapter is set up; lists are separated by semicolons. */
struct kvp_adapter {
	char mac[KVP_MAC_SIZE];
	bool known; /* the rest is what the daemon says */
	bool dhcp;
	char addresses[KVP_VALUE_SIZE];
	char masks[KVP_VALUE_SIZE];
	char gateways[KVP_VALUE_SIZE];
	char name_servers[KVP_VALUE_SIZE];
};

/* All that is known. */
struct kvp_facts {
	unsigned int item_count;
	struct kvp_item items[KVP_ITEMS_MAX];
	unsigned int adapter_count;
	struct kvp_adapter adapters[KVP_ADAPTERS_MAX];
};

enum kvp_state {
	KVP_NONE,      /* the child does not serve it */
	KVP_NO_DAEMON, /* its kernel does, but there is no daemon */
	KVP_ASKING,    /* it is being asked for the first time */
	KVP_KNOWN,
};

struct kvp;

struct kvp_options {
	struct integration_options integration;
	/* The child's adapters, by MAC with capitals; "" ends the list. */
	char macs[KVP_ADAPTERS_MAX][KVP_MAC_SIZE];
};

/* NULL: no channel is left. */
struct kvp *kvp_create(const struct kvp_options *options);
void kvp_destroy(struct kvp *kvp);

enum kvp_state kvp_state(const struct kvp *kvp);

/* NULL unless KVP_KNOWN; valid until the machine's lock is released. */
const struct kvp_facts *kvp_facts(const struct kvp *kvp);

/* Asks again soon, for whoever wants fresher facts. */
void kvp_refresh(struct kvp *kvp);
