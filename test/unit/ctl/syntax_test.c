/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The syntax of child files: what it reads, and on which line it does not. */
#include "ctl/syntax.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static struct syntax_node *parse(const char *text)
{
	struct report report = {.file = "t"};
	struct syntax_node *file = syntax_parse(text, &report);

	if (!file)
		fprintf(stderr, "%s\n", report.entries[0].text);
	assert_non_null(file);
	assert_int_equal(report.count, 0);
	return file;
}

static const struct syntax_node *find(const struct syntax_node *section,
				      const char *key)
{
	const struct syntax_node *node = section->first;

	while (node && strcmp(node->key, key) != 0)
		node = node->next;
	assert_non_null(node);
	return node;
}

static void expect(const char *text, const char *key, const char *value)
{
	struct syntax_node *file = parse(text);

	assert_string_equal(find(file, key)->text, value);
	syntax_free(file);
}

/* Refused, in that line, with a message that holds part. */
static void refuse(const char *text, unsigned int line, const char *part)
{
	struct report report = {.file = "t"};

	assert_null(syntax_parse(text, &report));
	assert_int_equal(report.count, 1);
	assert_string_equal(report.entries[0].key, "syntax");
	assert_int_equal(report.entries[0].line, line);
	if (!strstr(report.entries[0].text, part))
		fail_msg("\"%s\" is not in \"%s\"", part,
			 report.entries[0].text);
	report_free(&report);
}

static void test_separators(void **state)
{
	static const char *const texts[] = {
		"a = 1\nb = 2",
		"a=1;b=2",
		"a: 1, b: 2",
		"a 1\nb 2\n",
		"{\"a\":1,\"b\":2}",
		"a = 1;\n\nb = 2;;\n",
		"a = 1 # c\nb /* x */ = 2",
		"\r\na = 1\r\nb = 2\r\n",
		"{ a = 1\n b = 2 }\n# end",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct syntax_node *file = parse(texts[i]);

		assert_string_equal(find(file, "a")->text, "1");
		assert_string_equal(find(file, "b")->text, "2");
		assert_null(file->first->next->next);
		syntax_free(file);
	}
}

static void test_values(void **state)
{
	(void)state;
	expect("k = console=ttyS0 root=/dev/sda1 ro  ", "k",
	       "console=ttyS0 root=/dev/sda1 ro");
	expect("k = \"a,b;c # d\"", "k", "a,b;c # d");
	expect("k = 'it\\'s \\n'", "k", "it's \\n");
	expect("k = \"\\\"\\\\\\/\\n\\t\\r\\b\\f\"", "k", "\"\\/\n\t\r\b\f");
	expect("k = \"\\u0041\\u00e4\\u20ac\"", "k", "A\xc3\xa4\xe2\x82\xac");
	expect("k = <<EOD\none\n two\nEOD\nl = 3", "k", "one\n two");
	expect("k = <<EOD\none\nEOD\nl = 3", "l", "3");
	expect("k = <<EOD\nEOD\n", "k", "");
	expect("k = a # comment", "k", "a");
	expect("k = a/* comment */", "k", "a");
	expect("k = \"\"", "k", "");
	expect("/* a /* b */ c */ k = 1", "k", "1");
	expect("'k' = 1", "k", "1");
}

static void test_sections(void **state)
{
	struct syntax_node *file = parse("disk { file = a; readonly = yes }\n"
					 "disk\n{\n file = b\n}\n"
					 "disk = [ {file: c}, { file: d } ]\n"
					 "disk root { file = e }\n"
					 "disk \"x y\" { file = f }\n");
	const struct syntax_node *disk = file->first;

	(void)state;
	assert_string_equal(find(disk, "file")->text, "a");
	assert_string_equal(find(disk, "readonly")->text, "yes");
	disk = disk->next;
	assert_int_equal(disk->line, 2);
	assert_int_equal(find(disk, "file")->line, 4);
	disk = disk->next;
	assert_int_equal(disk->type, SYNTAX_LIST);
	assert_string_equal(find(disk->first->next, "file")->text, "d");
	disk = disk->next;
	assert_string_equal(find(find(disk, "root"), "file")->text, "e");
	disk = disk->next;
	assert_string_equal(find(find(disk, "x y"), "file")->text, "f");
	assert_null(disk->next);
	syntax_free(file);
}

static void test_types_and_lines(void **state)
{
	struct syntax_node *file = parse("a = 1\n\nb = \"2\"\n"
					 "c = <<X\n1\n2\nX\nd = [ 1,\n 2 ]\n"
					 "e {\n f = 1 }\n");

	(void)state;
	assert_int_equal(find(file, "a")->type, SYNTAX_WORD);
	assert_int_equal(find(file, "b")->type, SYNTAX_TEXT);
	assert_int_equal(find(file, "b")->line, 3);
	assert_int_equal(find(file, "c")->type, SYNTAX_TEXT);
	assert_int_equal(find(file, "d")->type, SYNTAX_LIST);
	assert_int_equal(find(file, "d")->line, 8);
	assert_int_equal(find(file, "d")->first->next->line, 9);
	assert_int_equal(find(file, "e")->type, SYNTAX_SECTION);
	assert_int_equal(find(find(file, "e"), "f")->line, 11);
	syntax_free(file);
}

static void test_empty(void **state)
{
	static const char *const texts[] = {"", "\n\n", "# nothing", "{}"};

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		struct syntax_node *file = parse(texts[i]);

		assert_null(file->first);
		syntax_free(file);
	}
}

static void test_refused(void **state)
{
	(void)state;
	refuse("a = 1\nb =\n", 2, "expected a value");
	refuse("a = console=ttyS0,115200", 1, "quoted");
	refuse("a = \"x\ny\"", 1, "closing \"");
	refuse("a = 'x", 1, "closing '");
	refuse("a = \"\\x\"", 1, "backslash");
	refuse("a = \"\\u12g4\"", 1, "hexadecimal");
	refuse("a = \"\\u0000\"", 1, "zero");
	refuse("\na {\nb = 1\n", 2, "expected }");
	refuse("\na [ 1,\n", 2, "expected ]");
	refuse("a = 1\n/* x\n\n", 2, "expected */");
	refuse("a = <<EOD\nx\n", 1, "line \"EOD\"");
	refuse("a = <<eod\nx\n", 1, "capital");
	refuse("a = 1\n}", 2, "expected a key");
	refuse("{ a = 1 } b = 2", 1, "expected a key");
	refuse(".include \"x\"", 1, "macro");
	refuse("a = \"x\" y", 1, "end of the value of a");
	refuse("a", 1, "expected a value");
	refuse("\"a", 1, "closing");
	refuse("a = \x01", 1, "");
}

static void test_depth(void **state)
{
	char text[2 * 200 + 16] = "a = ";

	(void)state;
	memset(text + 4, '[', 200);
	refuse(text, 1, "at most 16 levels");
	text[0] = '\0';
	for (unsigned int i = 0; i < 100; i++)
		strcat(text, "a ");
	strcat(text, "{}");
	refuse(text, 1, "");
	text[0] = '\0';
	for (unsigned int i = 0; i < 100; i++)
		strcat(text, "a {");
	refuse(text, 1, "at most 16 levels");
}

/* Every prefix of a good file is read or refused, and nothing else. */
static void test_prefixes(void **state)
{
	static const char whole[] =
		"name = \"w\\u0041\" # c\n/* /* */ */ disk { file = 'a' }\n"
		"d [ { a = 1 }, b ]\nx y \"z\" { k = <<EOD\nt\nEOD\n}\n";
	char text[sizeof(whole)];

	(void)state;
	for (size_t n = 0; n < sizeof(whole); n++) {
		struct report report = {.file = "t"};
		struct syntax_node *file;

		memcpy(text, whole, n);
		text[n] = '\0';
		file = syntax_parse(text, &report);
		assert_true(file ? !report.count : report.count);
		syntax_free(file);
		report_free(&report);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_separators),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_sections),
		cmocka_unit_test(test_types_and_lines),
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_prefixes),
	};

	return cmocka_run_group_tests_name("syntax", tests, NULL, NULL);
}
