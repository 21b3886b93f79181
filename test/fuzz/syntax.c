/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The syntax of child files. */
#include "fuzz.h"

#include "ctl/syntax.h"

static unsigned int check(const struct syntax_node *node, unsigned int depth)
{
	unsigned int count = 1;

	FUZZ_CHECK(depth < 32);
	FUZZ_CHECK(node->type <= SYNTAX_LIST);
	if (node->type == SYNTAX_WORD || node->type == SYNTAX_TEXT)
		FUZZ_CHECK(node->text && !node->first);
	for (const struct syntax_node *child = node->first; child;
	     child = child->next)
		count += check(child, depth + 1);
	return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct report report = {.file = "fuzzed"};
	char *text = malloc(size + 1);
	struct syntax_node *file;

	memcpy(text, data, size);
	text[size] = '\0';
	file = syntax_parse(text, &report);
	FUZZ_CHECK(!file == (report.count > 0));
	if (file)
		FUZZ_CHECK(check(file, 0) <= 2 * size + 2);
	syntax_free(file);
	report_free(&report);
	free(text);
	return 0;
}
