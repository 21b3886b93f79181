/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every try of test/unit/worker/core/escape.c in the parent's own kernel. */
#include "test/unit/worker/core/escape.h"

#include <stdbool.h>
#include <stdio.h>

static unsigned int try_all(bool sockets)
{
	static const char *const results[] = {
		[ESCAPE_REFUSED] = "refused",
		[ESCAPE_KILLED] = "killed",
		[ESCAPE_OUT] = "OUT",
		[ESCAPE_FAILED] = "NOT TRIED",
	};
	unsigned int bad = 0;

	for (unsigned int i = 0; i < escape_count; i++) {
		const struct escape *escape = &escapes[i];
		enum escape_result result;

		if (sockets && !escape->with_sockets)
			continue;
		result = escape_try(escape, sockets);
		printf("%-30s %s\n", escape->name, results[result]);
		bad += result == ESCAPE_OUT || result == ESCAPE_FAILED;
	}
	return bad;
}

int main(void)
{
	const unsigned int bad = try_all(false) + try_all(true);

	if (bad || !escape_work_is_possible(false) ||
	    !escape_work_is_possible(true)) {
		printf("%u ways out, or no way to work\n", bad);
		return 1;
	}
	printf("no way out of %u tried\n", escape_count);
	return 0;
}
