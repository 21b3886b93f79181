/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Checks a child file, key by key, from one table. */
#define _GNU_SOURCE
#include "child.h"
#include "checker.h"
#include "memory.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool child_name_is_valid(const char *name)
{
	if (!isalnum((unsigned char)name[0]) || strlen(name) > CHILD_NAME_MAX)
		return false;
	for (const char *c = name; *c; c++) {
		if (!isalnum((unsigned char)*c) && !strchr("_-.", *c))
			return false;
	}
	return true;
}

static void take_name(struct checker *checker)
{
	static const char expected[] = "a name of at most 40 letters, digits, "
				       "_ - . that begins with a letter or "
				       "digit";

	if (!checker_take_text(checker, expected))
		return;
	if (child_name_is_valid(checker->at->text))
		checker->child->name = memory_string(checker->at->text);
	else
		checker_complain(checker, expected);
}

/* The factor of a suffix, all of them powers of two; 0: not one. */
static uint64_t suffix_factor(const char *suffix)
{
	static const char letters[] = "kmgt";
	const char *which;

	if (!*suffix)
		return 1;
	which = strchr(letters, tolower((unsigned char)*suffix));
	if (!which)
		return 0;
	suffix++;
	if (strcmp(suffix, "") != 0 && strcasecmp(suffix, "b") != 0 &&
	    strcasecmp(suffix, "ib") != 0)
		return 0;
	return 1024ull << 10 * (which - letters);
}

static void take_memory(struct checker *checker)
{
	static const char expected[] = "a size of whole MiB from 16M to 1024G, "
				       "such as 512M or 2G";
	const uint64_t mib = 1 << 20;
	const char *suffix;
	uint64_t value, factor;

	if (!checker_take_text(checker, expected))
		return;
	if (!checker_parse_number(checker->at->text, &value, &suffix) ||
	    !(factor = suffix_factor(suffix)) ||
	    __builtin_mul_overflow(value, factor, &value) ||
	    value < CHILD_MEMORY_MIN || value > CHILD_MEMORY_MAX ||
	    value % mib) {
		checker_complain(checker, expected);
		return;
	}
	checker->child->memory = value;
}

static void take_processors(struct checker *checker)
{
	static const struct checker_number limits = {1, CHILD_PROCESSORS_MAX,
						     "a number from 1 to 64"};
	uint64_t value;

	if (checker_take_number(checker, &limits, &value))
		checker->child->processors = (unsigned int)value;
}

static void take_machine(struct checker *checker)
{
	static const char expected[] = "\"enlightened\" or \"pc\"";

	if (!checker_take_text(checker, expected))
		return;
	if (strcmp(checker->at->text, "enlightened") != 0 &&
	    strcmp(checker->at->text, "pc") != 0) {
		checker_complain(checker, expected);
		return;
	}
	free(checker->child->machine);
	checker->child->machine = memory_string(checker->at->text);
}

static void take_cmdline(struct checker *checker)
{
	static const char expected[] = "one line of at most 2047 characters";

	if (!checker_take_text(checker, expected))
		return;
	if (strlen(checker->at->text) > CHILD_CMDLINE_MAX ||
	    strchr(checker->at->text, '\n')) {
		checker_complain(checker, expected);
		return;
	}
	free(checker->child->cmdline);
	checker->child->cmdline = memory_string(checker->at->text);
}

static void take_kernel(struct checker *checker)
{
	checker->child->kernel = checker_take_file(
		checker, "a kernel to read (bzImage)", R_OK, false);
}

static void take_initrd(struct checker *checker)
{
	checker->child->initrd =
		checker_take_file(checker, "an initramfs to read", R_OK, false);
}

/* Reports what is wrong with the bytes of a file. */
static void check_text(struct report *report, FILE *file, const char *text)
{
	json_t *utf8 = json_string(text);

	if (!feof(file))
		report_add(report, 0, "file", "expected text, got a zero byte");
	else if (!utf8)
		report_add(report, 0, "file",
			   "expected text in UTF-8, got something else");
	json_decref(utf8);
}

/* The whole file, terminated; NULL if reported. */
static char *read_all(struct report *report)
{
	FILE *file = fopen(report->file, "re");
	char *text = NULL;
	size_t room = 0;
	ssize_t size = -1;

	if (file)
		size = getdelim(&text, &room, '\0', file);
	if (!file || (size < 0 && ferror(file))) {
		report_add(report, 0, "file",
			   "expected a child file to read, got \"%s\" (%s)",
			   report->file, strerror(errno));
	} else {
		if (size < 0) {
			free(text);
			text = memory_string("");
		}
		check_text(report, file, text);
	}
	if (file)
		fclose(file);
	if (!report->count)
		return text;
	free(text);
	return NULL;
}

/* A path may lead over a link to a name that JSON cannot carry. */
static bool check_json(const struct child *child, struct report *report)
{
	json_t *object = child_to_json(child);

	if (!object)
		report_add(report, 0, "file",
			   "expected paths in UTF-8, got something else");
	json_decref(object);
	return object;
}

static void check_file(struct child *child, struct report *report,
		       const struct syntax_node *file)
{
	static const struct key keys[] = {
		{"name", take_name, "the child's name", false},
		{"memory", take_memory, NULL, false},
		{"processors", take_processors, NULL, false},
		{"machine", take_machine, NULL, false},
		{"kernel", take_kernel, "a kernel (bzImage)", false},
		{"initrd", take_initrd, NULL, false},
		{"cmdline", take_cmdline, NULL, false},
		{"disk", child_take_disks, NULL, true},
		{"network", child_take_networks, NULL, true},
		{"serial", child_take_serial, NULL, false},
	};
	char *real = realpath(report->file, NULL);
	struct checker checker = {
		.child = child,
		.report = report,
		.directory = real ? dirname(real) : ".",
		.prefix = "",
		.at = file,
	};

	CHECKER_SECTION(&checker, keys);
	child_complete_networks(&checker);
	free(real);
}

bool child_read(struct child *child, struct report *report)
{
	struct syntax_node *file;
	char *text;

	*child = (struct child){
		.memory = CHILD_MEMORY_DEFAULT,
		.processors = 1,
		.machine = memory_string("enlightened"),
		.cmdline = memory_string(""),
		.serial_output = memory_string("console"),
	};
	text = read_all(report);
	if (!text)
		return false;
	file = syntax_parse(text, report);
	free(text);
	if (file)
		check_file(child, report, file);
	syntax_free(file);
	return !report->count && check_json(child, report);
}

void child_free(struct child *child)
{
	for (unsigned int i = 0; i < child->disk_count; i++)
		free(child->disks[i].file);
	for (unsigned int i = 0; i < child->network_count; i++)
		free(child->networks[i].bridge);
	free(child->name);
	free(child->machine);
	free(child->kernel);
	free(child->initrd);
	free(child->cmdline);
	free(child->serial_output);
	*child = (struct child){0};
}

json_t *child_to_json(const struct child *child)
{
	json_t *disks = json_array();
	json_t *object;

	for (unsigned int i = 0; i < child->disk_count; i++)
		json_array_append_new(
			disks,
			json_pack("{s:s, s:b}", "file", child->disks[i].file,
				  "readonly", child->disks[i].readonly));
	object = json_pack("{s:s, s:I, s:i, s:s, s:s, s:s, s:o}", "name",
			   child->name, "memory", (json_int_t)child->memory,
			   "processors", (int)child->processors, "machine",
			   child->machine, "kernel", child->kernel, "cmdline",
			   child->cmdline, "disks", disks);
	if (!object) /* a path that is not UTF-8 */
		return NULL;
	json_object_set_new(object, "networks", child_networks_to_json(child));
	if (child->initrd)
		json_object_set_new(object, "initrd",
				    json_string(child->initrd));
	if (child->serial_output)
		json_object_set_new(
			object, "serial",
			json_pack("{s:s}", "output", child->serial_output));
	return object;
}
