/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The network sections of child files. */
#include "file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void test_default(void **state)
{
	struct fixture *f = *state;
	uint8_t mac[6];

	file_good(f, LEAST);
	assert_int_equal(f->child.network_count, 1);
	assert_null(f->child.networks[0].bridge);
	assert_int_equal(f->child.networks[0].forward_count, 0);
	memcpy(mac, f->child.networks[0].mac, 6);
	assert_int_equal(mac[0], 0x02);
	/* The same again; another with another name or place. */
	file_good(f, LEAST "network { }\nnetwork { }\n");
	assert_int_equal(f->child.network_count, 2);
	assert_memory_equal(f->child.networks[0].mac, mac, 6);
	assert_memory_not_equal(f->child.networks[1].mac, mac, 6);
	file_good(f, "name = wec\nkernel = vmlinuz\n");
	assert_memory_not_equal(f->child.networks[0].mac, mac, 6);
}

static void test_none(void **state)
{
	struct fixture *f = *state;

	file_good(f, LEAST "network { mode = none }\n");
	assert_int_equal(f->child.network_count, 0);
	file_bad(f, LEAST "network { mode = none }\nnetwork {}\n", 3,
		 "network.mode", "line 4");
	file_bad(f, LEAST "network {}\nnetwork {\n\nmode = none }\n", 6,
		 "network.mode", "line 3");
}

static void test_pc(void **state)
{
	struct fixture *f = *state;

	file_good(f, LEAST "machine = pc\n");
	assert_int_equal(f->child.network_count, 0);
	file_good(f, LEAST "machine = pc\nnetwork { mode = none }\n");
	file_bad(f, LEAST "network { }\nmachine = pc\n", 3, "network",
		 "got \"pc\"");
}

static void test_everything(void **state)
{
	struct fixture *f = *state;
	const struct child_network *network = f->child.networks;

	file_good(f, LEAST "network {\n mode = bridge\n bridge = lan0\n"
			   " mac = 02:AB:00:00:00:ff\n mtu = 9000\n}\n"
			   "network {\n mode = nat\n mtu = 1280\n"
			   " forward = [ \"tcp:8080:80\", \"udp:53:5353\" ]\n"
			   " forward = tcp:192.168.1.1:8081:81\n}\n");
	assert_string_equal(network[0].bridge, "lan0");
	assert_memory_equal(network[0].mac, "\x02\xab\0\0\0\xff", 6);
	assert_int_equal(network[0].mtu, 9000);
	assert_null(network[1].bridge);
	assert_int_equal(network[1].mtu, 1280);
	assert_int_equal(network[1].forward_count, 3);
	assert_false(network[1].forwards[0].udp);
	assert_int_equal(network[1].forwards[0].address, 0);
	assert_int_equal(network[1].forwards[0].port, 8080);
	assert_int_equal(network[1].forwards[0].child_port, 80);
	assert_true(network[1].forwards[1].udp);
	assert_int_equal(network[1].forwards[2].address, 0xc0a80101);
	assert_int_equal(network[1].forwards[2].port, 8081);
	/* In whichever order its keys come. */
	file_good(f, LEAST "network { bridge = lan1; mode = bridge }\n");
	assert_string_equal(network[0].bridge, "lan1");
	file_good(f, LEAST "network = [ { mode = bridge }, { } ]\n");
	assert_int_equal(f->child.network_count, 2);
	assert_string_equal(network[0].bridge, "br0");
}

static void test_forwards(void **state)
{
	static const char *const wrong[] = {
		"8080:80",	     "tcp:80",
		"sctp:80:80",	     "tcp:0:80",
		"tcp:80:0",	     "tcp:65536:80",
		"tcp:80:65536",	     "tcp:80:80:80",
		"tcp:1.2.3:80:80",   "tcp:localhost:80:80",
		"tcp:80:80x",	     "tcp::80:80",
		"tcp:1.2.3.4:1:2:3", "",
		"TCP:80:80",	     "tcp:-1:80",
	};
	struct fixture *f = *state;
	char text[160];

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		snprintf(text, sizeof(text),
			 LEAST "network {\n forward = \"%s\"\n}\n", wrong[i]);
		file_bad(f, text, 4, "network.forward", "tcp:PORT:CHILDPORT");
	}
	file_bad(f, LEAST "network {\n forward { }\n}\n", 4, "network.forward",
		 "a section");
	file_bad(f, LEAST "network { forward = tcp:1:1\nforward = tcp:1:2 }\n",
		 4, "network.forward", "line 3");
	file_bad(f,
		 LEAST "network { forward = tcp:1:1 }\n"
		       "network { forward = tcp:127.0.0.1:1:2 }\n",
		 4, "network.forward", "of its own");
	file_good(f, LEAST "network { forward = tcp:1:1\nforward = udp:1:1\n"
			   "forward = tcp:2:1 }\n");
	file_good(f, LEAST "network { forward = tcp:127.0.0.1:1:1\n"
			   "forward = tcp:127.0.0.2:1:1 }\n");
	file_bad(f, LEAST "network {\nmode = bridge\nforward = tcp:1:1 }\n", 5,
		 "network.forward", "mode = nat");
}

static void test_too_many(void **state)
{
	struct fixture *f = *state;
	char text[4096] = LEAST "network {\n";

	for (unsigned int i = 1; i <= 33; i++)
		sprintf(text + strlen(text), "forward = tcp:%u:%u\n", i, i);
	strcat(text, "}\n");
	file_bad(f, text, 36, "network.forward", "at most 32");
	strcpy(text, LEAST);
	for (unsigned int i = 0; i < 9; i++)
		strcat(text, "network { }\n");
	file_bad(f, text, 11, "network", "at most 8");
}

static void test_wrong(void **state)
{
	static const char *const macs[] = {
		"02:00:00:00:00",	"02:00:00:00:00:0g", "0200.0000.0000",
		"03:00:00:00:00:01",	"00:00:00:00:00:00", "",
		"02:00:00:00:00:00:00", "ff:ff:ff:ff:ff:ff", "020000000001",
	};
	static const char *const bridges[] = {
		"", "a/b", "abcdefghijklmnop", ".", "..", "br%d", "a b",
	};
	struct fixture *f = *state;
	char text[160];

	for (size_t i = 0; i < sizeof(macs) / sizeof(macs[0]); i++) {
		snprintf(text, sizeof(text),
			 LEAST "network {\n mac = \"%s\"\n}\n", macs[i]);
		file_bad(f, text, 4, "network.mac", "of one interface");
	}
	for (size_t i = 0; i < sizeof(bridges) / sizeof(bridges[0]); i++) {
		snprintf(text, sizeof(text),
			 LEAST "network {\n mode=bridge\n bridge = \"%s\"\n}\n",
			 bridges[i]);
		file_bad(f, text, 5, "network.bridge", "name of a bridge");
	}
	file_bad(f, LEAST "network = nat\n", 3, "network", "a section");
	file_bad(f, LEAST "network { mode = user }\n", 3, "network.mode",
		 "\"nat\", \"bridge\" or \"none\"");
	file_bad(f, LEAST "network { bridge = br0 }\n", 3, "network.bridge",
		 "mode = bridge");
	file_bad(f, LEAST "network { mtu = 1279 }\n", 3, "network.mtu",
		 "1280 to 9000");
	file_bad(f, LEAST "network { mtu = 9001 }\n", 3, "network.mtu",
		 "1280 to 9000");
	file_bad(f, LEAST "network { speed = 1 }\n", 3, "network.speed",
		 "keys mode, mac, forward, bridge, mtu");
	file_bad(f,
		 LEAST "network { mac = 02:00:00:00:00:01 }\n"
		       "network {\n mac = 02:00:00:00:00:01\n}\n",
		 5, "network.mac", "line 3");
}

#define TEST(name)                                                             \
	cmocka_unit_test_setup_teardown(name, file_setup, file_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_default),    TEST(test_none),	    TEST(test_pc),
		TEST(test_everything), TEST(test_forwards), TEST(test_too_many),
		TEST(test_wrong),
	};

	return cmocka_run_group_tests_name("child networks", tests, NULL, NULL);
}
