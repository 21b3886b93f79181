/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the checks of a child file have in common: keys, values, messages. */
#define _GNU_SOURCE
#include "checker.h"
#include "memory.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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

void checker_complain_key(struct checker *checker, const char *key,
			  const char *text)
{
	char *full = memory_print("%s%s", checker->prefix, key);

	report_add(checker->report, checker->at->line, full, "%s", text);
	free(full);
}

void checker_complain(struct checker *checker, const char *expected)
{
	char *found = got(checker->at);
	char *text = memory_print("expected %s, got %s", expected, found);

	checker_complain_key(checker, checker->at->key, text);
	free(text);
	free(found);
}

/* As checker_complain(), with why a file does not do. */
void checker_complain_file(struct checker *checker, const char *expected,
			   const char *why)
{
	char *found = got(checker->at);
	char *text =
		memory_print("expected %s, got %s (%s)", expected, found, why);

	checker_complain_key(checker, checker->at->key, text);
	free(text);
	free(found);
}

/* ---- Values ---- */

static bool is_scalar(const struct syntax_node *node)
{
	return node->type == SYNTAX_WORD || node->type == SYNTAX_TEXT;
}

bool checker_take_text(struct checker *checker, const char *expected)
{
	if (is_scalar(checker->at))
		return true;
	checker_complain(checker, expected);
	return false;
}

bool checker_parse_number(const char *text, uint64_t *value, const char **rest)
{
	char *end;

	if (!isdigit((unsigned char)*text))
		return false;
	errno = 0;
	*value = strtoull(text, &end, 10);
	*rest = end;
	return !errno;
}

bool checker_take_number(struct checker *checker,
			 const struct checker_number *limits, uint64_t *value)
{
	const char *rest;

	if (!checker_take_text(checker, limits->expected))
		return false;
	if (checker_parse_number(checker->at->text, value, &rest) && !*rest &&
	    *value >= limits->least && *value <= limits->most)
		return true;
	checker_complain(checker, limits->expected);
	return false;
}

/* libucl's truth values; they are words, not texts. */
bool checker_take_truth(struct checker *checker, bool *value)
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
	checker_complain(checker, "yes or no (without quotes)");
	return false;
}

/* ---- Paths ---- */

char *checker_absolute(const struct checker *checker, const char *path)
{
	if (path[0] == '/')
		return memory_string(path);
	return memory_print("%s/%s", checker->directory, path);
}

char *checker_take_file(struct checker *checker, const char *expected,
			int access_mode, bool device_allowed)
{
	const char *why = NULL;
	struct stat status;
	char *path, *real;

	if (!checker_take_text(checker, expected))
		return NULL;
	path = checker_absolute(checker, checker->at->text);
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
	checker_complain_file(checker, expected, why);
	free(real);
	return NULL;
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
	checker_complain_key(checker, checker->at->key, text);
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
		checker_complain_key(checker, key->name, text);
		free(text);
	} else {
		key->take(checker);
	}
}

void checker_section(struct checker *checker, const struct key *keys,
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
		checker_complain_key(checker, keys[i].name, text);
		free(text);
	}
}

/* Elements go by their list's key: [ a, b ] says the same as twice the key. */
void checker_each(struct checker *checker, key_taker take)
{
	const struct syntax_node *list = checker->at;

	if (list->type != SYNTAX_LIST) {
		take(checker);
		return;
	}
	for (struct syntax_node *node = list->first; node; node = node->next) {
		struct syntax_node named = *node;

		named.key = list->key;
		checker->at = &named;
		take(checker);
	}
	checker->at = list;
}
