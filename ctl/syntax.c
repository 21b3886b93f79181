/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads the part of libucl's configuration syntax that child files use
 * (the format's README, "Basic structure" and "Improvements to the JSON
 * notation").
 *
 * The library itself is in no Debian release (the package of that name is a
 * compressor), and its objects do not say on which line they stood.
 */
#define _GNU_SOURCE
#include "syntax.h"
#include "memory.h"

#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define SYNTAX_DEPTH_MAX 16u

struct reader {
	const char *at;
	unsigned int line;
	unsigned int depth;
	struct report *report;
	bool failed;
};

static struct syntax_node *read_value(struct reader *reader);
static void read_entries(struct reader *reader, struct syntax_node *section);

/* The first thing that cannot be read ends the reading. */
__attribute__((format(printf, 2, 3))) static void
reader_fail(struct reader *reader, const char *format, ...)
{
	va_list arguments;
	char *text;

	if (reader->failed)
		return;
	reader->failed = true;
	va_start(arguments, format);
	text = memory_vprint(format, arguments);
	va_end(arguments);
	report_add(reader->report, reader->line, "syntax", "%s", text);
	free(text);
}

/* What stands here, for a message. */
static const char *reader_here(const struct reader *reader, char *buffer)
{
	const unsigned char c = (unsigned char)*reader->at;

	if (!c)
		return "the end of the file";
	if (c == '\n')
		return "the end of the line";
	snprintf(buffer, 16, isprint(c) ? "\"%c\"" : "byte %02xh", c);
	return buffer;
}

static void reader_advance(struct reader *reader)
{
	if (*reader->at == '\n')
		reader->line++;
	reader->at++;
}

static void skip_block_comment(struct reader *reader)
{
	const unsigned int begun = reader->line;
	unsigned int nesting = 0;

	do {
		const bool opens = !strncmp(reader->at, "/*", 2);
		const bool closes = !strncmp(reader->at, "*/", 2);

		if (!*reader->at) {
			reader->line = begun;
			reader_fail(reader, "expected */ after this /*, "
					    "got the end of the file");
			return;
		}
		if (opens || closes) {
			nesting += opens ? 1u : -1u;
			reader->at++;
		}
		reader_advance(reader);
	} while (nesting);
}

/* Blanks and comments; with lines, ends of lines as well. */
static void skip_blanks(struct reader *reader, bool lines)
{
	while (!reader->failed) {
		const char c = *reader->at;

		if (c == '#') {
			while (*reader->at && *reader->at != '\n')
				reader->at++;
		} else if (!strncmp(reader->at, "/*", 2)) {
			skip_block_comment(reader);
		} else if (c == ' ' || c == '\t' || c == '\r' ||
			   (lines && c == '\n')) {
			reader_advance(reader);
		} else {
			return;
		}
	}
}

static struct syntax_node *node_create(enum syntax_type type, unsigned int line)
{
	struct syntax_node *node = memory_resize(NULL, sizeof(*node));

	*node = (struct syntax_node){.type = type, .line = line};
	return node;
}

static void node_append(struct syntax_node *parent, struct syntax_node *node)
{
	struct syntax_node **at = &parent->first;

	while (*at)
		at = &(*at)->next;
	*at = node;
}

/* ---- Texts ---- */

struct buffer {
	char *data;
	size_t size;
};

static void buffer_add(struct buffer *buffer, const char *data, size_t size)
{
	buffer->data = memory_resize(buffer->data, buffer->size + size + 1);
	memcpy(buffer->data + buffer->size, data, size);
	buffer->size += size;
	buffer->data[buffer->size] = '\0';
}

static void buffer_add_character(struct buffer *buffer, uint32_t c)
{
	char utf8[3];

	if (c < 0x80) {
		utf8[0] = (char)c;
		buffer_add(buffer, utf8, 1);
	} else if (c < 0x800) {
		utf8[0] = (char)(0xc0 | c >> 6);
		utf8[1] = (char)(0x80 | (c & 0x3f));
		buffer_add(buffer, utf8, 2);
	} else {
		utf8[0] = (char)(0xe0 | c >> 12);
		utf8[1] = (char)(0x80 | (c >> 6 & 0x3f));
		utf8[2] = (char)(0x80 | (c & 0x3f));
		buffer_add(buffer, utf8, 3);
	}
}

/* \uXXXX; the backslash and the u are behind us. */
static void read_unicode(struct reader *reader, struct buffer *buffer)
{
	char digits[5] = "";

	for (unsigned int i = 0; i < 4; i++) {
		if (!isxdigit((unsigned char)*reader->at)) {
			reader_fail(reader, "expected four hexadecimal digits "
					    "after \\u, got something else");
			return;
		}
		digits[i] = *reader->at++;
	}
	if (!strcmp(digits, "0000"))
		reader_fail(reader, "expected a character after \\u, got zero");
	buffer_add_character(buffer, (uint32_t)strtoul(digits, NULL, 16));
}

static void read_escape(struct reader *reader, struct buffer *buffer)
{
	static const char names[] = "nrtbf\\\"/";
	static const char values[] = "\n\r\t\b\f\\\"/";
	const char *which = strchr(names, *reader->at);

	if (*reader->at == 'u') {
		reader->at++;
		read_unicode(reader, buffer);
	} else if (*reader->at && which) {
		buffer_add(buffer, &values[which - names], 1);
		reader->at++;
	} else {
		reader_fail(reader, "expected one of n r t b f u \\ \" / after "
				    "the backslash, got something else");
	}
}

/* Single quotes: nothing is special but \' itself. */
static char *read_quoted(struct reader *reader)
{
	const char quote = *reader->at++;
	struct buffer buffer = {0};

	buffer_add(&buffer, "", 0);
	while (!reader->failed && *reader->at != quote) {
		if (!*reader->at || *reader->at == '\n') {
			reader_fail(reader,
				    "expected a closing %c, got the "
				    "end of the line",
				    quote);
		} else if (*reader->at == '\\' && quote == '"') {
			reader->at++;
			read_escape(reader, &buffer);
		} else {
			if (!strncmp(reader->at, "\\'", 2) && quote == '\'')
				reader->at++;
			buffer_add(&buffer, reader->at++, 1);
		}
	}
	if (!reader->failed)
		reader->at++;
	return buffer.data;
}

/* <<END, lines, END on a line of its own; the last newline does not count. */
static char *read_heredoc(struct reader *reader)
{
	const char *mark = reader->at + 2;
	const size_t size = strspn(mark, "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
	const unsigned int begun = reader->line;
	const char *text = mark + size + 1;
	const char *line = text;

	if (!size || mark[size] != '\n') {
		reader_fail(reader, "expected capital letters and the end of "
				    "the line after <<, got something else");
		return NULL;
	}
	while (*line) {
		const char *end = strchrnul(line, '\n');

		reader->line++;
		if ((size_t)(end - line) == size && !memcmp(line, mark, size)) {
			reader->at = end;
			return memory_substring(
				text,
				line > text ? (size_t)(line - text - 1) : 0);
		}
		line = *end ? end + 1 : end;
	}
	reader->line = begun;
	reader_fail(reader, "expected a line \"%.*s\", got the end of the file",
		    (int)size, mark);
	return NULL;
}

static bool ends_word(const char *at)
{
	return strchr("\n;,{}[]#", *at) || !strncmp(at, "/*", 2);
}

/* The rest of the line up to what ends a value, without blanks at its end. */
static char *read_word(struct reader *reader)
{
	const char *begin = reader->at;
	const char *end;
	char here[16];

	while (!ends_word(reader->at)) {
		if (iscntrl((unsigned char)*reader->at) &&
		    !isspace((unsigned char)*reader->at))
			reader_fail(reader, "expected a value, got %s",
				    reader_here(reader, here));
		reader->at++;
	}
	end = reader->at;
	while (end > begin && isspace((unsigned char)end[-1]))
		end--;
	if (end == begin)
		reader_fail(reader, "expected a value, got %s",
			    reader_here(reader, here));
	return memory_substring(begin, (size_t)(end - begin));
}

/* ---- Values ---- */

static struct syntax_node *read_list(struct reader *reader)
{
	struct syntax_node *list = node_create(SYNTAX_LIST, reader->line);

	reader->at++;
	while (!reader->failed) {
		skip_blanks(reader, true);
		if (*reader->at == ']') {
			reader->at++;
			return list;
		}
		if (!*reader->at) {
			reader->line = list->line;
			reader_fail(reader, "expected ] after this [, got the "
					    "end of the file");
			return list;
		}
		if (*reader->at == ',' || *reader->at == ';')
			reader->at++;
		else
			node_append(list, read_value(reader));
	}
	return list;
}

static struct syntax_node *read_section(struct reader *reader)
{
	struct syntax_node *section = node_create(SYNTAX_SECTION, reader->line);

	reader->at++;
	read_entries(reader, section);
	if (*reader->at == '}') {
		reader->at++;
	} else {
		reader->line = section->line;
		reader_fail(reader, "expected } after this {, got the end of "
				    "the file");
	}
	return section;
}

static struct syntax_node *read_nested(struct reader *reader)
{
	struct syntax_node *node;

	if (++reader->depth > SYNTAX_DEPTH_MAX) {
		reader_fail(reader, "expected at most %u levels, got more",
			    SYNTAX_DEPTH_MAX);
		return node_create(SYNTAX_SECTION, reader->line);
	}
	node = *reader->at == '{' ? read_section(reader) : read_list(reader);
	reader->depth--;
	return node;
}

static struct syntax_node *read_value(struct reader *reader)
{
	struct syntax_node *node;

	if (*reader->at == '{' || *reader->at == '[')
		return read_nested(reader);
	node = node_create(SYNTAX_TEXT, reader->line);
	if (*reader->at == '"' || *reader->at == '\'') {
		node->text = read_quoted(reader);
	} else if (!strncmp(reader->at, "<<", 2)) {
		node->text = read_heredoc(reader);
	} else {
		node->type = SYNTAX_WORD;
		node->text = read_word(reader);
	}
	return node;
}

static bool is_key_character(char c, bool first)
{
	return isalpha((unsigned char)c) || c == '_' || c == '/' ||
	       (!first && (isdigit((unsigned char)c) || c == '-' || c == '.'));
}

static char *read_key(struct reader *reader)
{
	const char *begin = reader->at;
	char here[16];

	if (*begin == '"' || *begin == '\'')
		return read_quoted(reader);
	if (*begin == '.') {
		reader_fail(reader, "expected a key, got a macro: child files "
				    "have none");
		return NULL;
	}
	while (is_key_character(*reader->at, reader->at == begin))
		reader->at++;
	if (reader->at == begin) {
		reader_fail(reader,
			    "expected a key, got %s (a value with "
			    ", or ; in it is to be quoted)",
			    reader_here(reader, here));
		return NULL;
	}
	return memory_substring(begin, (size_t)(reader->at - begin));
}

/* "disk root {": a section in a section, as libucl has it. */
static bool names_section(const struct reader *reader)
{
	const char *at = reader->at;

	if (*at == '"' || *at == '\'') {
		at = strchr(at + 1, *at);
		if (!at)
			return false;
		at++;
	} else {
		while (is_key_character(*at, false))
			at++;
	}
	at += strspn(at, " \t");
	return at > reader->at && *at == '{';
}

static struct syntax_node *read_entry(struct reader *reader)
{
	const unsigned int line = reader->line;
	char *key = read_key(reader);
	struct syntax_node *node;

	if (reader->failed) {
		free(key);
		return NULL;
	}
	skip_blanks(reader, false);
	if (*reader->at == '\n') { /* the section may open on the next line */
		struct reader ahead = *reader;

		skip_blanks(&ahead, true);
		if (!ahead.failed && *ahead.at == '{')
			*reader = ahead;
	}
	if (*reader->at == '=' || *reader->at == ':') {
		reader->at++;
		skip_blanks(reader, false);
		node = read_value(reader);
	} else if (*reader->at != '{' && names_section(reader)) {
		node = node_create(SYNTAX_SECTION, line);
		if (++reader->depth <= SYNTAX_DEPTH_MAX)
			node_append(node, read_entry(reader));
		else
			reader_fail(reader,
				    "expected at most %u levels, got "
				    "more",
				    SYNTAX_DEPTH_MAX);
		reader->depth--;
	} else {
		node = read_value(reader);
	}
	node->key = key;
	node->line = line;
	return node;
}

/* After an entry: its end, which after a section or list need not be said. */
static void read_entry_end(struct reader *reader,
			   const struct syntax_node *node)
{
	const bool nested =
		node->type == SYNTAX_SECTION || node->type == SYNTAX_LIST;
	char here[16];

	skip_blanks(reader, false);
	if (nested || strchr("\n;,}", *reader->at)) /* or the end */
		return;
	reader_fail(reader, "expected the end of the value of %s, got %s",
		    node->key, reader_here(reader, here));
}

static void read_entries(struct reader *reader, struct syntax_node *section)
{
	while (!reader->failed) {
		struct syntax_node *node;

		skip_blanks(reader, true);
		if (reader->failed || !*reader->at || *reader->at == '}')
			return;
		if (*reader->at == ';' || *reader->at == ',') {
			reader->at++;
			continue;
		}
		node = read_entry(reader);
		if (!node)
			return;
		node_append(section, node);
		if (!reader->failed)
			read_entry_end(reader, node);
	}
}

struct syntax_node *syntax_parse(const char *text, struct report *report)
{
	struct reader reader = {.at = text, .line = 1, .report = report};
	struct syntax_node *file;
	char here[16];

	skip_blanks(&reader, true);
	if (*reader.at == '{') { /* the file as one JSON object */
		file = read_section(&reader);
		skip_blanks(&reader, true);
	} else {
		file = node_create(SYNTAX_SECTION, 1);
		read_entries(&reader, file);
	}
	if (!reader.failed && *reader.at)
		reader_fail(&reader, "expected a key, got %s",
			    reader_here(&reader, here));
	if (!reader.failed)
		return file;
	syntax_free(file);
	return NULL;
}

void syntax_free(struct syntax_node *node)
{
	while (node) {
		struct syntax_node *next = node->next;

		syntax_free(node->first);
		free(node->key);
		free(node->text);
		free(node);
		node = next;
	}
}
