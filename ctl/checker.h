/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the checks of a child file have in common: keys in a table, values of
 * each kind, and what is said when one is wrong.
 */
#pragma once

#include "child.h"
#include "syntax.h"

#include <stddef.h>

struct checker {
	struct child *child;
	struct report *report;
	char *directory;	      /* that paths are relative to */
	const char *prefix;	      /* of keys in messages: "disk." */
	const struct syntax_node *at; /* what is being checked */
	struct child_disk *disk;      /* the section's */
	struct child_network *network;
};

/* Takes over the value of checker->at, or reports what is wrong with it. */
typedef void (*key_taker)(struct checker *checker);

struct key {
	const char *name;
	key_taker take;
	const char *needed; /* "expected ..." when it is missing; or NULL */
	bool repeats;
};

/* Every key of the section that checker->at is. */
void checker_section(struct checker *checker, const struct key *keys,
		     size_t count);

#define CHECKER_SECTION(checker, keys)                                         \
	checker_section(checker, keys, sizeof(keys) / sizeof((keys)[0]))

/* take() for checker->at, or for each element where that is a list. */
void checker_each(struct checker *checker, key_taker take);

/* "expected ..., got ...", on the line of checker->at. */
void checker_complain(struct checker *checker, const char *expected);
/* With why a file does not do. */
void checker_complain_file(struct checker *checker, const char *expected,
			   const char *why);
/* All of the text. */
void checker_complain_key(struct checker *checker, const char *key,
			  const char *text);

/* False: reported. Text is at checker->at->text. */
bool checker_take_text(struct checker *checker, const char *expected);
bool checker_take_truth(struct checker *checker, bool *value);

struct checker_number {
	uint64_t least, most;
	const char *expected;
};
bool checker_take_number(struct checker *checker,
			 const struct checker_number *limits, uint64_t *value);

/* Digits, nothing else, up to a suffix; false if there are none. */
bool checker_parse_number(const char *text, uint64_t *value, const char **rest);

/* A path as the file means it. */
char *checker_absolute(const struct checker *checker, const char *path);

/*
 * The real path of a file that can be opened so; NULL if reported. A block
 * device will do for a disk, nothing but a file for the rest.
 */
char *checker_take_file(struct checker *checker, const char *expected,
			int access_mode, bool device_allowed);

/* The sections, each in its file. */
void child_take_disks(struct checker *checker);
void child_take_serial(struct checker *checker);
void child_take_networks(struct checker *checker);
/* After the last key: what a child without network sections gets. */
void child_complete_networks(struct checker *checker);
