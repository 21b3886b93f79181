/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Child files: every key, its defaults, and every complaint with its line. */
#include "file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

static void test_defaults(void **state)
{
	struct fixture *f = *state;

	file_good(f, LEAST);
	assert_string_equal(f->child.name, "web");
	assert_true(f->child.memory == 512ull << 20);
	assert_int_equal(f->child.processors, 1);
	assert_string_equal(f->child.machine, "enlightened");
	file_path_is(f, f->child.kernel, "vmlinuz");
	assert_null(f->child.initrd);
	assert_string_equal(f->child.cmdline, "");
	assert_int_equal(f->child.disk_count, 0);
	assert_string_equal(f->child.serial_output, "console");
	assert_int_equal(f->child.network_count, 1);
	assert_null(f->child.networks[0].bridge);
	assert_int_equal(f->child.networks[0].mtu, 1500);
}

static void test_everything(void **state)
{
	struct fixture *f = *state;

	file_good(
		f,
		"name = db-1.x_y\nmemory = 1536M\nprocessors = 64\n"
		"machine = pc\nkernel = ./vmlinuz\ninitrd = initrd.img\n"
		"cmdline = \"console=ttyS0,115200 ro\"\n"
		"disk { file = a.img }\ndisk { file = b.img; readonly = yes }\n"
		"serial { output = out.log }\n");
	assert_true(f->child.memory == 1536ull << 20);
	assert_int_equal(f->child.processors, 64);
	assert_string_equal(f->child.machine, "pc");
	file_path_is(f, f->child.kernel, "vmlinuz");
	file_path_is(f, f->child.initrd, "initrd.img");
	assert_string_equal(f->child.cmdline, "console=ttyS0,115200 ro");
	assert_int_equal(f->child.disk_count, 2);
	file_path_is(f, f->child.disks[0].file, "a.img");
	assert_false(f->child.disks[0].readonly);
	file_path_is(f, f->child.disks[1].file, "b.img");
	assert_true(f->child.disks[1].readonly);
	file_path_is(f, f->child.serial_output, "out.log");
}

static void test_json(void **state)
{
	struct fixture *f = *state;
	json_t *json, *expected;
	char text[1024];

	file_good(f,
		  LEAST "initrd = initrd.img\ndisk { file = a.img }\n"
			"network { mode = bridge; mac = 02-00-00-00-0A-ff }\n"
			"network {\n forward = tcp:8080:80\n mtu = 9000\n"
			" mac = \"02:00:00:00:00:01\"\n"
			" forward = \"udp:127.0.0.1:53:5353\"\n}\n"
			"cmdline = quiet\n");
	json = child_to_json(&f->child);
	snprintf(text, sizeof(text),
		 "{\"name\":\"web\",\"memory\":536870912,\"processors\":1,"
		 "\"machine\":\"enlightened\",\"kernel\":\"%s/vmlinuz\","
		 "\"initrd\":\"%s/initrd.img\",\"cmdline\":\"quiet\","
		 "\"disks\":[{\"file\":\"%s/a.img\",\"readonly\":false}],"
		 "\"networks\":[{\"mode\":\"bridge\",\"mtu\":1500,"
		 "\"mac\":\"02:00:00:00:0a:ff\",\"bridge\":\"br0\"},"
		 "{\"mode\":\"nat\",\"mtu\":9000,"
		 "\"mac\":\"02:00:00:00:00:01\",\"forwards\":["
		 "{\"protocol\":\"tcp\",\"address\":\"0.0.0.0\","
		 "\"port\":8080,\"child_port\":80},"
		 "{\"protocol\":\"udp\",\"address\":\"127.0.0.1\","
		 "\"port\":53,\"child_port\":5353}]}],"
		 "\"serial\":{\"output\":\"console\"}}",
		 f->directory, f->directory, f->directory);
	expected = json_loads(text, 0, NULL);
	assert_non_null(expected);
	assert_true(json_equal(json, expected));
	json_decref(json);
	json_decref(expected);
}

static void test_name(void **state)
{
	struct fixture *f = *state;

	file_bad(f, "kernel = vmlinuz\n", 1, "name", "got nothing");
	file_bad(f, "kernel = vmlinuz\nname = \"a b\"\n", 2, "name", "\"a b\"");
	file_bad(f, "kernel = vmlinuz\nname = -a\n", 2, "name", "\"-a\"");
	file_bad(f, "kernel = vmlinuz\nname = ../a\n", 2, "name", "\"../a\"");
	file_bad(f, "kernel = vmlinuz\nname = \"\"\n", 2, "name", "\"\"");
	file_bad(f, "kernel = vmlinuz\nname {}\n", 2, "name", "a section");
	file_bad(f,
		 "kernel = vmlinuz\n"
		 "name = a2345678901234567890123456789012345678901\n",
		 2, "name", "at most 40");
}

static void test_memory(void **state)
{
	static const struct {
		const char *text;
		uint64_t mib;
	} sizes[] = {
		{"16M", 16},	{"2G", 2048},	  {"1T", 1 << 20},
		{"32m", 32},	{"32MB", 32},	  {"32MiB", 32},
		{"65536k", 64}, {"16777216", 16}, {"\"64M\"", 64},
	};
	static const char *const wrong[] = {
		"15M",
		"1025G",
		"512X",
		"512Mx",
		"M",
		"-512M",
		"1.5G",
		"yes",
		"[]",
		"{}",
		"16777217",
		"0",
		"99999999999999999999",
		"18014398509481984K",
		"512 M",
		"0x1000000",
	};
	struct fixture *f = *state;
	char text[128];

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		snprintf(text, sizeof(text), LEAST "memory = %s\n",
			 sizes[i].text);
		file_good(f, text);
		assert_true(f->child.memory == sizes[i].mib << 20);
	}
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		snprintf(text, sizeof(text), LEAST "\nmemory = %s\n", wrong[i]);
		file_bad(f, text, 4, "memory", "such as 512M");
	}
}

static void test_processors(void **state)
{
	static const char *const wrong[] = {"0",  "65", "two", "-1",
					    "1x", "[]", "1.0"};
	struct fixture *f = *state;
	char text[128];

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		snprintf(text, sizeof(text), LEAST "processors = %s\n",
			 wrong[i]);
		file_bad(f, text, 3, "processors", "from 1 to 64");
	}
}

static void test_machine(void **state)
{
	struct fixture *f = *state;

	file_good(f, LEAST "machine = enlightened\n");
	file_bad(f, LEAST "machine = q35\n", 3, "machine", "got \"q35\"");
	file_bad(f, LEAST "machine = [pc]\n", 3, "machine", "a list");
}

static void test_files(void **state)
{
	struct fixture *f = *state;

	file_bad(f, "name = a\n", 1, "kernel", "got nothing");
	file_bad(f, "name = a\nkernel = nope\n", 2, "kernel", "No such file");
	file_bad(f, "name = a\nkernel = .\n", 2, "kernel", "directory");
	file_bad(f, "name = a\nkernel = empty\n", 2, "kernel", "empty");
	file_bad(f, "name = a\nkernel = /dev/null\n", 2, "kernel",
		 "not a file");
	file_bad(f, "name = a\nkernel { }\n", 2, "kernel", "a section");
	file_bad(f, LEAST "initrd = nope\n", 3, "initrd", "No such file");
	file_bad(f, LEAST "initrd = []\n", 3, "initrd", "a list");
}

static void test_cmdline(void **state)
{
	struct fixture *f = *state;
	char text[2300] = LEAST "cmdline = ";
	char *end = text + strlen(text);

	memset(end, 'x', 2047);
	file_good(f, text);
	assert_int_equal(strlen(f->child.cmdline), 2047);
	end[2047] = 'x';
	file_bad(f, text, 3, "cmdline", "2047");
	file_bad(f, LEAST "cmdline = <<E\na\nb\nE\n", 3, "cmdline", "one line");
	file_bad(f, LEAST "cmdline {}\n", 3, "cmdline", "a section");
}

static void test_disks(void **state)
{
	struct fixture *f = *state;

	file_good(f, LEAST "disk = [ { file = a.img }, { file = b.img } ]\n");
	assert_int_equal(f->child.disk_count, 2);
	file_good(f, LEAST "disk { file = a.img; readonly = on }\n"
			   "disk { file = a.img; readonly = true }\n");
	file_bad(f, LEAST "disk { }\n", 3, "disk.file", "got nothing");
	file_bad(f, LEAST "disk {\n\n file = nope\n}\n", 5, "disk.file",
		 "No such file");
	file_bad(f, LEAST "disk { file = [] }\n", 3, "disk.file", "a list");
	file_bad(f, LEAST "disk { file = /dev/null }\n", 3, "disk.file",
		 "not a file");
	file_bad(f, LEAST "disk = a.img\n", 3, "disk", "a section");
	file_bad(f, LEAST "disk {\n file = a.img\n readonly = maybe\n}\n", 5,
		 "disk.readonly", "yes or no");
	file_bad(f, LEAST "disk {\n file = a.img\n readonly = \"yes\"\n}\n", 5,
		 "disk.readonly", "without quotes");
	file_bad(f, LEAST "disk {\n file = a.img\n size = 1\n}\n", 5,
		 "disk.size", "keys file, readonly");
	file_bad(f, LEAST "disk { file = a.img }\ndisk { file = ./a.img }\n", 4,
		 "disk.file", "line 3");
	file_bad(f,
		 LEAST "disk { file = a.img; readonly = no }\n"
		       "disk { file = a.img; readonly = yes }\n",
		 4, "disk.file", "of its own");
	assert_false(file_read(f, LEAST "\ndisk root { file = b.img }\n"));
	assert_int_equal(f->report.count, 2); /* root unknown, file missing */
	assert_int_equal(f->report.entries[0].line, 4);
	assert_string_equal(f->report.entries[0].key, "disk.root");
}

static void test_too_many_disks(void **state)
{
	struct fixture *f = *state;
	char text[4096] = LEAST;

	for (unsigned int i = 0; i < 65; i++)
		strcat(text, "disk { file = a.img; readonly = yes }\n");
	file_bad(f, text, 67, "disk", "at most 64");
}

/* Root may write everything, but access() asks for the real user. */
static void test_unwritable_disk(void **state)
{
	struct fixture *f = *state;
	const uid_t user = getuid();
	char path[160];

	snprintf(path, sizeof(path), "%s/a.img", f->directory);
	chmod(path, 0444);
	chmod(f->directory, 0755);
	file_put(f, "child.conf", LEAST "disk { file = a.img }\n");
	f->report.file = f->file;
	if (user == 0)
		assert_int_equal(setreuid(65534, (uid_t)-1), 0);
	assert_false(child_read(&f->child, &f->report));
	if (user == 0)
		assert_int_equal(setreuid(user, (uid_t)-1), 0);
	assert_int_equal(f->report.count, 1);
	assert_int_equal(f->report.entries[0].line, 3);
	assert_string_equal(f->report.entries[0].key, "disk.file");
	assert_non_null(strstr(f->report.entries[0].text, "readonly = yes"));
	file_good(f, LEAST "disk { file = a.img; readonly = yes }\n");
}

static void test_serial(void **state)
{
	struct fixture *f = *state;

	file_good(f, LEAST "serial { output = console }\n");
	assert_string_equal(f->child.serial_output, "console");
	file_good(f, LEAST "serial { output = none }\n");
	assert_null(f->child.serial_output);
	file_good(f, LEAST "serial { output = \"a.img\" }\n"); /* appended to */
	file_bad(f, LEAST "serial { }\n", 3, "serial.output", "got nothing");
	file_bad(f, LEAST "serial = console\n", 3, "serial", "a section");
	file_bad(f, LEAST "serial { output = [] }\n", 3, "serial.output",
		 "a list");
	file_bad(f, LEAST "serial { output = no/where }\n", 3, "serial.output",
		 "No such file");
	file_bad(f, LEAST "serial { output = . }\n", 3, "serial.output",
		 "directory");
	file_bad(f, LEAST "serial { speed = 9600; output = console }\n", 3,
		 "serial.speed", "keys output");
}

static void test_unknown_and_twice(void **state)
{
	struct fixture *f = *state;

	file_bad(f, LEAST "kernal = x\n", 3, "kernal", "got \"kernal\"");
	file_bad(f, LEAST "\nname = web\n", 4, "name", "in line 1 before");
	file_bad(f, LEAST "serial { output = console }\nserial {}\n", 4,
		 "serial", "once");
}

static void test_all_at_once(void **state)
{
	struct fixture *f = *state;
	static const char *const expected[] = {
		":1: memory: ",	   ":2: x: ",	 ":3: processors: ",
		":5: disk.file: ", ":1: name: ", ":1: kernel: "};
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_false(file_read(f, "memory = 1\nx = 1\nprocessors = none\n\n"
				  "disk { file = nope }\n"));
	/* and name, kernel are missing: line 1 twice more */
	assert_int_equal(f->report.count, 6);
	report_print(&f->report, out);
	fclose(out);
	for (unsigned int i = 0; i < 6; i++)
		assert_non_null(strstr(text, expected[i]));
	for (unsigned int i = 1; i < 6; i++)
		assert_true(f->report.entries[i - 1].line <=
			    f->report.entries[i].line);
	free(text);
}

static void test_not_a_text(void **state)
{
	struct fixture *f = *state;
	FILE *file;

	file_bad(f, LEAST "cmdline = \"\xff\"\n", 0, "file", "UTF-8");
	file = fopen(f->file, "w");
	fwrite("a = 1\0b", 1, 7, file);
	fclose(file);
	report_free(&f->report);
	child_free(&f->child);
	assert_false(child_read(&f->child, &f->report));
	assert_non_null(strstr(f->report.entries[0].text, "zero byte"));
	unlink(f->file);
	report_free(&f->report);
	child_free(&f->child);
	assert_false(child_read(&f->child, &f->report));
	assert_non_null(strstr(f->report.entries[0].text, "No such file"));
	assert_false(file_read(f, ""));
	assert_int_equal(f->report.count, 2);
	file_bad(f, LEAST "memory = {\n", 3, "syntax", "expected }");
}

#define TEST(name)                                                             \
	cmocka_unit_test_setup_teardown(name, file_setup, file_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_defaults),	   TEST(test_everything),
		TEST(test_json),	   TEST(test_name),
		TEST(test_memory),	   TEST(test_processors),
		TEST(test_machine),	   TEST(test_files),
		TEST(test_cmdline),	   TEST(test_disks),
		TEST(test_too_many_disks), TEST(test_unwritable_disk),
		TEST(test_serial),	   TEST(test_unknown_and_twice),
		TEST(test_all_at_once),	   TEST(test_not_a_text),
	};

	return cmocka_run_group_tests_name("child", tests, NULL, NULL);
}
