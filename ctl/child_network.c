/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The network sections of a child file. */
#include "checker.h"
#include "memory.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

/*
 * The address that a network has for ever by the child's name and its place
 * in the file: FNV-1a of "NAME/INDEX" in 40 bits behind 02, which says that
 * no vendor gave it.
 */
static void default_mac(const char *name, unsigned int index, uint8_t mac[6])
{
	char *text = memory_print("%s/%u", name, index);
	uint64_t hash = 0xcbf29ce484222325;

	for (const char *c = text; *c; c++)
		hash = (hash ^ (uint8_t)*c) * 0x100000001b3;
	hash ^= hash >> 40;
	mac[0] = 0x02;
	for (unsigned int i = 1; i < 6; i++)
		mac[i] = (uint8_t)(hash >> 8 * (i - 1));
	free(text);
}

static int hex_digit(char c)
{
	static const char digits[] = "0123456789abcdefABCDEF";
	const char *at = c ? strchr(digits, c) : NULL;

	if (!at)
		return -1;
	return at - digits < 16 ? (int)(at - digits) : (int)(at - digits) - 6;
}

/* Six pairs of digits with ":" or "-" between. */
static bool parse_mac(const char *text, uint8_t mac[6])
{
	if (strlen(text) != 17)
		return false;
	for (unsigned int i = 0; i < 6; i++, text += 3) {
		const int high = hex_digit(text[0]);
		const int low = hex_digit(text[1]);

		if (high < 0 || low < 0 ||
		    (i < 5 && text[2] != ':' && text[2] != '-'))
			return false;
		mac[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

static void take_mac(struct checker *checker)
{
	static const char expected[] = "the address of one interface, such as "
				       "02:00:5e:10:00:01";
	static const uint8_t zero[6];
	struct child_network *network = checker->network;

	if (!checker_take_text(checker, expected))
		return;
	/* The lowest bit of the first byte says that many are meant. */
	if (!parse_mac(checker->at->text, network->mac) ||
	    (network->mac[0] & 1) || !memcmp(network->mac, zero, 6))
		checker_complain(checker, expected);
	else
		network->mac_line = checker->at->line;
}

static void take_mode(struct checker *checker)
{
	static const char expected[] = "\"nat\", \"bridge\" or \"none\"";
	struct child_network *network = checker->network;

	if (!checker_take_text(checker, expected))
		return;
	if (!strcmp(checker->at->text, "none"))
		checker->child->no_network_line = checker->at->line;
	else if (!strcmp(checker->at->text, "bridge") && !network->bridge)
		network->bridge = memory_string("br0");
	else if (strcmp(checker->at->text, "nat") != 0 &&
		 strcmp(checker->at->text, "bridge") != 0)
		checker_complain(checker, expected);
}

static void take_bridge(struct checker *checker)
{
	static const char expected[] = "the name of a bridge, at most 15 "
				       "characters";
	struct child_network *network = checker->network;
	const char *text = checker->at->text;

	if (!checker_take_text(checker, expected))
		return;
	if (!*text || strlen(text) > CHILD_BRIDGE_MAX ||
	    strpbrk(text, "/: %") || !strcmp(text, ".") ||
	    !strcmp(text, "..")) {
		checker_complain(checker, expected);
		return;
	}
	free(network->bridge);
	network->bridge = memory_string(text);
	network->bridge_line = checker->at->line;
}

static void take_mtu(struct checker *checker)
{
	static const struct checker_number limits = {
		CHILD_MTU_MIN, CHILD_MTU_MAX, "a number from 1280 to 9000"};
	uint64_t value;

	if (checker_take_number(checker, &limits, &value))
		checker->network->mtu = (unsigned int)value;
}

/* ---- Forwards ---- */

static bool parse_port(const char *text, uint16_t *port)
{
	const char *rest;
	uint64_t value;

	if (!checker_parse_number(text, &value, &rest) || *rest || !value ||
	    value > 65535)
		return false;
	*port = (uint16_t)value;
	return true;
}

/* "tcp:8080:80" or "udp:127.0.0.1:5353:53"; text is taken apart. */
static bool parse_forward(char *text, struct child_forward *forward)
{
	char *parts[5];
	unsigned int count = 0;
	struct in_addr address = {0};
	char *part;

	while (count < 5 && (part = strsep(&text, ":")))
		parts[count++] = part;
	if (count != 3 && count != 4)
		return false;
	forward->udp = !strcmp(parts[0], "udp");
	if (!forward->udp && strcmp(parts[0], "tcp") != 0)
		return false;
	if (count == 4 && inet_pton(AF_INET, parts[1], &address) != 1)
		return false;
	forward->address = ntohl(address.s_addr);
	return parse_port(parts[count - 2], &forward->port) &&
	       parse_port(parts[count - 1], &forward->child_port);
}

static bool forwards_clash(const struct child_forward *one,
			   const struct child_forward *other)
{
	return one->udp == other->udp && one->port == other->port &&
	       (one->address == other->address || !one->address ||
		!other->address);
}

/* One port of the parent can lead to one place only. */
static void check_forward_alone(struct checker *checker,
				const struct child_forward *forward)
{
	const struct child *child = checker->child;

	for (unsigned int i = 0; i < child->network_count; i++) {
		const struct child_network *network = &child->networks[i];

		for (unsigned int n = 0; n < network->forward_count; n++) {
			const struct child_forward *other =
				&network->forwards[n];

			if (other >= forward && network == checker->network)
				return;
			if (!forwards_clash(forward, other))
				continue;
			report_add(checker->report, forward->line,
				   "network.forward",
				   "expected a port of its own, got that of "
				   "line %u",
				   other->line);
			return;
		}
	}
}

static void take_forward(struct checker *checker)
{
	static const char expected[] =
		"tcp:PORT:CHILDPORT or udp:PORT:CHILDPORT, with an IPv4 "
		"address of the parent before PORT if wanted";
	struct child_network *network = checker->network;
	struct child_forward *forward =
		&network->forwards[network->forward_count];
	char *copy;

	if (network->forward_count == CHILD_FORWARDS_MAX) {
		checker_complain(checker, "at most 32 forwards");
		return;
	}
	if (!checker_take_text(checker, expected))
		return;
	copy = memory_string(checker->at->text);
	forward->line = checker->at->line;
	if (parse_forward(copy, forward)) {
		network->forward_count++;
		check_forward_alone(checker, forward);
	} else {
		checker_complain(checker, expected);
	}
	free(copy);
}

static void take_forwards(struct checker *checker)
{
	checker_each(checker, take_forward);
}

/* ---- The section ---- */

static bool section_has(const struct syntax_node *section, const char *key,
			const char *value)
{
	for (const struct syntax_node *n = section->first; n; n = n->next)
		if (!strcmp(n->key, key) &&
		    (!value || (n->text && !strcmp(n->text, value))))
			return true;
	return false;
}

/* Keys that mean nothing in the mode that the section has. */
static void check_mode(struct checker *checker, struct child_network *network)
{
	if (network->bridge && section_has(checker->at, "forward", NULL))
		report_add(checker->report,
			   network->forwards[0].line ? network->forwards[0].line
						     : network->line,
			   "network.forward",
			   "expected mode = nat for it, got a bridge");
	if (network->bridge_line && !section_has(checker->at, "mode", "bridge"))
		report_add(checker->report, network->bridge_line,
			   "network.bridge",
			   "expected mode = bridge for it, got another");
}

static void take_network(struct checker *checker)
{
	static const struct key keys[] = {
		{"mode", take_mode, NULL, false},
		{"mac", take_mac, NULL, false},
		{"forward", take_forwards, NULL, true},
		{"bridge", take_bridge, NULL, false},
		{"mtu", take_mtu, NULL, false},
	};
	struct child *child = checker->child;
	struct child_network *network = &child->networks[child->network_count];

	if (checker->at->type != SYNTAX_SECTION) {
		checker_complain(checker, "a section { mode = nat|bridge|none; "
					  "... }");
		return;
	}
	if (child->network_count == CHILD_NETWORKS_MAX) {
		checker_complain(checker, "at most 8 networks");
		return;
	}
	*network = (struct child_network){.mtu = CHILD_MTU_DEFAULT,
					  .line = checker->at->line};
	checker->network = network;
	checker->prefix = "network.";
	child->network_count++;
	CHECKER_SECTION(checker, keys);
	check_mode(checker, network);
	checker->prefix = "";
	if (section_has(checker->at, "mode", "none")) {
		free(network->bridge);
		network->bridge = NULL;
		child->network_count--;
	}
}

void child_take_networks(struct checker *checker)
{
	checker_each(checker, take_network);
}

/* ---- The child ---- */

static void check_mac_alone(struct checker *checker, unsigned int index)
{
	const struct child *child = checker->child;
	const struct child_network *network = &child->networks[index];

	for (unsigned int i = 0; i < index; i++) {
		const struct child_network *other = &child->networks[i];

		if (memcmp(network->mac, other->mac, 6) != 0)
			continue;
		report_add(checker->report,
			   network->mac_line ? network->mac_line
					     : network->line,
			   "network.mac",
			   "expected an address of its own, got that of the "
			   "network in line %u",
			   other->line);
		return;
	}
}

static void check_together(struct checker *checker)
{
	const struct child *child = checker->child;

	if (child->network_count && child->no_network_line)
		report_add(checker->report, child->no_network_line,
			   "network.mode",
			   "expected no other network beside mode = none, got "
			   "one in line %u",
			   child->networks[0].line);
	if (child->network_count && !strcmp(child->machine, "pc"))
		report_add(checker->report, child->networks[0].line, "network",
			   "expected machine = enlightened for it, got \"pc\", "
			   "which has no network card");
}

void child_complete_networks(struct checker *checker)
{
	struct child *child = checker->child;

	check_together(checker);
	if (!child->network_count && !child->no_network_line &&
	    !strcmp(child->machine, "enlightened"))
		child->networks[child->network_count++] =
			(struct child_network){.mtu = CHILD_MTU_DEFAULT};
	for (unsigned int i = 0; i < child->network_count; i++) {
		struct child_network *network = &child->networks[i];

		if (!network->mac_line && child->name)
			default_mac(child->name, i, network->mac);
		if (network->mac_line || child->name)
			check_mac_alone(checker, i);
	}
}

/* ---- JSON ---- */

static json_t *forward_to_json(const struct child_forward *forward)
{
	const struct in_addr address = {.s_addr = htonl(forward->address)};
	char text[INET_ADDRSTRLEN];

	inet_ntop(AF_INET, &address, text, sizeof(text));
	return json_pack("{s:s, s:s, s:i, s:i}", "protocol",
			 forward->udp ? "udp" : "tcp", "address", text, "port",
			 forward->port, "child_port", forward->child_port);
}

static json_t *network_to_json(const struct child_network *network)
{
	const uint8_t *mac = network->mac;
	char *text = memory_print("%02x:%02x:%02x:%02x:%02x:%02x", mac[0],
				  mac[1], mac[2], mac[3], mac[4], mac[5]);
	json_t *object = json_pack("{s:s, s:s, s:i}", "mode",
				   network->bridge ? "bridge" : "nat", "mac",
				   text, "mtu", (int)network->mtu);
	json_t *forwards;

	free(text);
	if (network->bridge) {
		json_object_set_new(object, "bridge",
				    json_string(network->bridge));
		return object;
	}
	forwards = json_array();
	for (unsigned int i = 0; i < network->forward_count; i++)
		json_array_append_new(forwards,
				      forward_to_json(&network->forwards[i]));
	json_object_set_new(object, "forwards", forwards);
	return object;
}

json_t *child_networks_to_json(const struct child *child)
{
	json_t *networks = json_array();

	for (unsigned int i = 0; i < child->network_count; i++)
		json_array_append_new(networks,
				      network_to_json(&child->networks[i]));
	return networks;
}
