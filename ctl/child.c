/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Checks a child file, key by key, from one table. */
#define _GNU_SOURCE
#include "child.h"
#include "memory.h"
#include "syntax.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct checker {
	struct child *child;
	struct report *report;
	char *directory;	      /* that paths are relative to */
	const char *prefix;	      /* of keys in messages: "disk." */
	const struct syntax_node *at; /* what is being checked */
	struct child_disk *disk;      /* the section's */
};

/* Takes over the value of checker->at, or reports what is wrong with it. */
typedef void (*key_taker)(struct checker *checker);

struct key {
	const char *name;
	key_taker take;
	const char *needed; /* "expected ..." when it is missing; or NULL */
	bool repeats;
};

/* ---- Messages ---- */

/* What the file has instead, as a person would call it. */
static char *got(const struct syntax_node *node)
{
	switch (node->type) {
	case SYNTAX_SECTION:
		return memory_string("a section");
	case SYNTAX_LIST:
		return memory_string("a list");
	case SYNTAX_WORD:
	case SYNTAX_TEXT:
		break;
	}
	return memory_print("\"%s\"", node->text);
}

static void complain_key(struct checker *checker, const char *key,
			 const char *text)
{
	char *full = memory_print("%s%s", checker->prefix, key);

	report_add(checker->report, checker->at->line, full, "%s", text);
	free(full);
}

static void complain(struct checker *checker, const char *expected)
{
	char *found = got(checker->at);
	char *text = memory_print("expected %s, got %s", expected, found);

	complain_key(checker, checker->at->key, text);
	free(text);
	free(found);
}

/* As complain(), with why a file does not do. */
static void complain_file(struct checker *checker, const char *expected,
			  const char *why)
{
	char *found = got(checker->at);
	char *text =
		memory_print("expected %s, got %s (%s)", expected, found, why);

	complain_key(checker, checker->at->key, text);
	free(text);
	free(found);
}

/* ---- Values ---- */

static bool is_scalar(const struct syntax_node *node)
{
	return node->type == SYNTAX_WORD || node->type == SYNTAX_TEXT;
}

static bool take_text(struct checker *checker, const char *expected)
{
	if (is_scalar(checker->at))
		return true;
	complain(checker, expected);
	return false;
}

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

	if (!take_text(checker, expected))
		return;
	if (child_name_is_valid(checker->at->text))
		checker->child->name = memory_string(checker->at->text);
	else
		complain(checker, expected);
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

/* Digits, nothing else, up to a suffix; false if there are none. */
static bool parse_number(const char *text, uint64_t *value, const char **rest)
{
	char *end;

	if (!isdigit((unsigned char)*text))
		return false;
	errno = 0;
	*value = strtoull(text, &end, 10);
	*rest = end;
	return !errno;
}

static void take_memory(struct checker *checker)
{
	static const char expected[] = "a size of whole MiB from 16M to 1024G, "
				       "such as 512M or 2G";
	const uint64_t mib = 1 << 20;
	const char *suffix;
	uint64_t value, factor;

	if (!take_text(checker, expected))
		return;
	if (!parse_number(checker->at->text, &value, &suffix) ||
	    !(factor = suffix_factor(suffix)) ||
	    __builtin_mul_overflow(value, factor, &value) ||
	    value < CHILD_MEMORY_MIN || value > CHILD_MEMORY_MAX ||
	    value % mib) {
		complain(checker, expected);
		return;
	}
	checker->child->memory = value;
}

static void take_processors(struct checker *checker)
{
	static const char expected[] = "a number from 1 to 64";
	const char *rest;
	uint64_t value;

	if (!take_text(checker, expected))
		return;
	if (!parse_number(checker->at->text, &value, &rest) || *rest ||
	    value < 1 || value > CHILD_PROCESSORS_MAX) {
		complain(checker, expected);
		return;
	}
	checker->child->processors = (unsigned int)value;
}

static void take_machine(struct checker *checker)
{
	static const char expected[] = "\"enlightened\" or \"pc\"";

	if (!take_text(checker, expected))
		return;
	if (strcmp(checker->at->text, "enlightened") != 0 &&
	    strcmp(checker->at->text, "pc") != 0) {
		complain(checker, expected);
		return;
	}
	free(checker->child->machine);
	checker->child->machine = memory_string(checker->at->text);
}

static void take_cmdline(struct checker *checker)
{
	static const char expected[] = "one line of at most 2047 characters";

	if (!take_text(checker, expected))
		return;
	if (strlen(checker->at->text) > CHILD_CMDLINE_MAX ||
	    strchr(checker->at->text, '\n')) {
		complain(checker, expected);
		return;
	}
	free(checker->child->cmdline);
	checker->child->cmdline = memory_string(checker->at->text);
}

/* libucl's truth values; they are words, not texts. */
static bool take_truth(struct checker *checker, bool *value)
{
	static const char *const words[2][3] = {
		{"false", "no", "off"},
		{"true", "yes", "on"},
	};

	for (unsigned int i = 0; i < 6; i++) {
		if (checker->at->type == SYNTAX_WORD &&
		    !strcasecmp(checker->at->text, words[i / 3][i % 3])) {
			*value = i / 3;
			return true;
		}
	}
	complain(checker, "yes or no (without quotes)");
	return false;
}

/* ---- Paths ---- */

static char *absolute(const struct checker *checker, const char *path)
{
	if (path[0] == '/')
		return memory_string(path);
	return memory_print("%s/%s", checker->directory, path);
}

/*
 * The real path of a file that can be opened so; NULL if reported. A block
 * device will do for a disk, nothing but a file for the rest.
 */
static char *take_file(struct checker *checker, const char *expected,
		       int access_mode, bool device_allowed)
{
	const char *why = NULL;
	struct stat status;
	char *path, *real;

	if (!take_text(checker, expected))
		return NULL;
	path = absolute(checker, checker->at->text);
	real = realpath(path, NULL);
	free(path);
	if (!real || stat(real, &status) < 0)
		why = strerror(errno);
	else if (S_ISDIR(status.st_mode))
		why = "it is a directory";
	else if (!S_ISREG(status.st_mode) &&
		 !(device_allowed && S_ISBLK(status.st_mode)))
		why = "it is not a file";
	else if (access(real, access_mode) < 0)
		why = strerror(errno);
	else if (S_ISREG(status.st_mode) && !status.st_size)
		why = "it is empty";
	if (!why)
		return real;
	complain_file(checker, expected, why);
	free(real);
	return NULL;
}

static void take_kernel(struct checker *checker)
{
	checker->child->kernel =
		take_file(checker, "a kernel to read (bzImage)", R_OK, false);
}

static void take_initrd(struct checker *checker)
{
	checker->child->initrd =
		take_file(checker, "an initramfs to read", R_OK, false);
}

/* ---- Sections ---- */

static void check_section(struct checker *checker, const struct key *keys,
			  size_t count);

#define CHECK_SECTION(checker, keys)                                           \
	check_section(checker, keys, sizeof(keys) / sizeof((keys)[0]))

static void take_disk_readonly(struct checker *checker)
{
	take_truth(checker, &checker->disk->readonly);
}

/* Whether it can be written is looked at when readonly is known as well. */
static void take_disk_file(struct checker *checker)
{
	checker->disk->file =
		take_file(checker, "a disk image to read", R_OK, true);
	checker->disk->line = checker->at->line;
}

static void check_disk_writable(struct checker *checker,
				const struct child_disk *disk)
{
	if (disk->readonly || !disk->file || !access(disk->file, W_OK))
		return;
	report_add(checker->report, disk->line, "disk.file",
		   "expected a disk image to write, or readonly = yes, got "
		   "\"%s\" (%s)",
		   disk->file, strerror(errno));
}

/* Two writers of one image would destroy it. */
static void check_disk_alone(struct checker *checker,
			     const struct child_disk *disk)
{
	for (const struct child_disk *other = checker->child->disks;
	     other < disk; other++) {
		if (!disk->file || !other->file ||
		    (disk->readonly && other->readonly) ||
		    strcmp(disk->file, other->file) != 0)
			continue;
		report_add(checker->report, disk->line, "disk.file",
			   "expected a file of its own, got that of the disk "
			   "in line %u",
			   other->line);
		return;
	}
}

static void take_disk(struct checker *checker)
{
	static const struct key keys[] = {
		{"file", take_disk_file, "a disk image", false},
		{"readonly", take_disk_readonly, NULL, false},
	};
	static const char expected[] = "a section { file = ...; "
				       "readonly = yes|no }";
	struct child *child = checker->child;

	if (checker->at->type != SYNTAX_SECTION) {
		complain(checker, expected);
		return;
	}
	if (child->disk_count == CHILD_DISKS_MAX) {
		complain(checker, "at most 64 disks");
		return;
	}
	checker->disk = &child->disks[child->disk_count++];
	checker->prefix = "disk.";
	CHECK_SECTION(checker, keys);
	checker->prefix = "";
	check_disk_writable(checker, checker->disk);
	check_disk_alone(checker, checker->disk);
}

/* disk = [ { ... }, { ... } ] says the same as several sections. */
static void take_disks(struct checker *checker)
{
	const struct syntax_node *list = checker->at;

	if (list->type != SYNTAX_LIST) {
		take_disk(checker);
		return;
	}
	for (struct syntax_node *node = list->first; node; node = node->next) {
		struct syntax_node named = *node;

		named.key = list->key;
		checker->at = &named;
		take_disk(checker);
	}
	checker->at = list;
}

/* The file need not be there yet, but where it is to be must. */
static void take_serial_output(struct checker *checker)
{
	static const char expected[] = "\"console\" or a file to write";
	struct stat status;
	char *path, *copy, *directory;

	if (!take_text(checker, expected))
		return;
	if (!strcmp(checker->at->text, "console")) {
		checker->child->serial_output = memory_string("console");
		return;
	}
	path = absolute(checker, checker->at->text);
	copy = memory_string(path);
	directory = realpath(dirname(copy), NULL);
	if (!directory || access(directory, X_OK) < 0)
		complain_file(checker, expected, strerror(errno));
	else if (!stat(path, &status) && S_ISDIR(status.st_mode))
		complain_file(checker, expected, "it is a directory");
	else if (access(path, F_OK) ? access(directory, W_OK)
				    : access(path, W_OK))
		complain_file(checker, expected, strerror(errno));
	else
		checker->child->serial_output =
			memory_print("%s/%s", directory, basename(path));
	free(directory);
	free(copy);
	free(path);
}

static void take_serial(struct checker *checker)
{
	static const struct key keys[] = {
		{"output", take_serial_output, "\"console\" or a file", false},
	};

	if (checker->at->type != SYNTAX_SECTION) {
		complain(checker, "a section { output = console|FILE }");
		return;
	}
	checker->prefix = "serial.";
	CHECK_SECTION(checker, keys);
	checker->prefix = "";
}

/* ---- Keys ---- */

static const struct syntax_node *find_key(const struct syntax_node *section,
					  const char *name)
{
	for (const struct syntax_node *n = section->first; n; n = n->next) {
		if (!strcmp(n->key, name))
			return n;
	}
	return NULL;
}

static void complain_unknown(struct checker *checker, const struct key *keys,
			     size_t count)
{
	char *names = memory_string(keys[0].name);
	char *text;

	for (size_t i = 1; i < count; i++) {
		char *more = memory_print("%s, %s", names, keys[i].name);

		free(names);
		names = more;
	}
	text = memory_print("expected one of the keys %s, got \"%s\"", names,
			    checker->at->key);
	complain_key(checker, checker->at->key, text);
	free(text);
	free(names);
}

static void check_entry(struct checker *checker, const struct key *keys,
			size_t count, const struct syntax_node *first)
{
	const struct key *key = keys;
	char *text;

	while (key < keys + count && strcmp(key->name, checker->at->key) != 0)
		key++;
	if (key == keys + count) {
		complain_unknown(checker, keys, count);
	} else if (first != checker->at && !key->repeats) {
		text = memory_print("expected it once, got it in line %u "
				    "before",
				    first->line);
		complain_key(checker, key->name, text);
		free(text);
	} else {
		key->take(checker);
	}
}

static void check_section(struct checker *checker, const struct key *keys,
			  size_t count)
{
	const struct syntax_node *section = checker->at;

	for (const struct syntax_node *n = section->first; n; n = n->next) {
		checker->at = n;
		check_entry(checker, keys, count, find_key(section, n->key));
	}
	checker->at = section;
	for (size_t i = 0; i < count; i++) {
		char *text;

		if (!keys[i].needed || find_key(section, keys[i].name))
			continue;
		text = memory_print("expected %s, got nothing", keys[i].needed);
		complain_key(checker, keys[i].name, text);
		free(text);
	}
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
		{"disk", take_disks, NULL, true},
		{"serial", take_serial, NULL, false},
	};
	char *real = realpath(report->file, NULL);
	struct checker checker = {
		.child = child,
		.report = report,
		.directory = dirname(real ? real : memory_string(".")),
		.prefix = "",
		.at = file,
	};

	CHECK_SECTION(&checker, keys);
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
	if (child->initrd)
		json_object_set_new(object, "initrd",
				    json_string(child->initrd));
	if (child->serial_output)
		json_object_set_new(
			object, "serial",
			json_pack("{s:s}", "output", child->serial_output));
	return object;
}
