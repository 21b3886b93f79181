/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The part of libucl's configuration syntax that child files use, read into
 * a tree in which every value knows its line.
 *
 *   key = value;   key: value,   key value        ends at ; , or the line
 *   section { ... }                               may come several times
 *   [ a, b ]   word   "text\n"   'text'   <<END   values
 *   # to the end of the line   and C's comments, which nest
 */
#pragma once

#include "report.h"

enum syntax_type {
	SYNTAX_WORD, /* not quoted: a number, a truth value, a short text */
	SYNTAX_TEXT, /* quoted */
	SYNTAX_SECTION,
	SYNTAX_LIST,
};

struct syntax_node {
	enum syntax_type type;
	unsigned int line; /* of the key, or of a list's element */
	char *key;	   /* NULL for a list's element and for the file */
	char *text;	   /* of a word or text */
	struct syntax_node *first; /* inside a section or list, in order */
	struct syntax_node *next;
};

/*
 * Reads text; what cannot be read goes into the report (key "syntax"), and
 * NULL is returned. syntax_free() takes NULL.
 */
struct syntax_node *syntax_parse(const char *text, struct report *report);
void syntax_free(struct syntax_node *node);
