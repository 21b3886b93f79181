/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Watching the consoles of several children at once. Their logs are read,
 * not their workers' sockets: a log goes on over resets and is still there
 * when a child ended before anybody looked.
 */
#define _GNU_SOURCE
#include "follow.h"
#include "lines.h"
#include "memory.h"
#include "state.h"
#include "verb.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define FOLLOW_PAUSE_NS 50000000
#define FOLLOW_RECENT	65536 /* of what was printed before we came */
#define FOLLOW_PART_MS	500   /* a line that does not end, a prompt */

struct followed {
	char *name;
	int fd; /* console.log; -1: not there yet */
	bool over;
	struct lines lines;
	struct followed *next;
};

struct follower {
	struct followed *first;
	bool all;
	bool prefix;
	bool begun; /* who comes now is printed from the beginning */
	int width;
};

static struct followed *followed_find(struct follower *follower,
				      const char *name)
{
	struct followed *f = follower->first;

	while (f && strcmp(f->name, name) != 0)
		f = f->next;
	return f;
}

static struct followed *followed_add(struct follower *follower,
				     const char *name)
{
	struct followed *followed = memory_resize(NULL, sizeof(*followed));
	struct followed **at = &follower->first;

	*followed = (struct followed){.name = memory_string(name), .fd = -1};
	if (follower->prefix)
		followed->lines.name = followed->name;
	if ((int)strlen(name) > follower->width)
		follower->width = (int)strlen(name);
	while (*at)
		at = &(*at)->next;
	*at = followed;
	return followed;
}

/* Opens the log that is there now; false if that is the one we have. */
static bool followed_open(struct followed *followed, bool recent)
{
	char *path = state_path(followed->name, "console.log");
	const int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat fresh, old;

	free(path);
	if (fd < 0)
		return false;
	if (followed->fd >= 0 && !fstat(fd, &fresh) &&
	    !fstat(followed->fd, &old) && fresh.st_ino == old.st_ino) {
		close(fd);
		return false;
	}
	if (followed->fd >= 0)
		close(followed->fd);
	followed->fd = fd;
	if (recent && !fstat(fd, &fresh) && fresh.st_size > FOLLOW_RECENT)
		lseek(fd, -FOLLOW_RECENT, SEEK_END);
	return true;
}

static void followed_read(struct followed *followed)
{
	char chunk[4096];
	ssize_t n;

	while (followed->fd >= 0 &&
	       (n = read(followed->fd, chunk, sizeof(chunk))) > 0)
		lines_add(&followed->lines, chunk, (size_t)n, stdout);
}

/* The old log to its end, then the new one if it was turned meanwhile. */
static void followed_step(struct follower *follower, struct followed *followed)
{
	followed->lines.width = follower->width;
	do
		followed_read(followed);
	while (followed_open(followed, !follower->begun));
	lines_flush(&followed->lines,
		    followed->over ? INT64_MAX
				   : lines_now_ms() - FOLLOW_PART_MS,
		    stdout);
}

/* Who runs, who has ended; true while anybody runs. */
static bool follower_look(struct follower *follower)
{
	size_t count;
	struct state *list = state_list(&count);
	bool any = false;

	for (size_t i = 0; i < count; i++) {
		const bool over = state_is_over(&list[i]);
		struct followed *followed =
			followed_find(follower, list[i].name);

		if (!followed && follower->all && !over)
			followed = followed_add(follower, list[i].name);
		if (!followed)
			continue;
		followed->over = over;
		any |= !over;
	}
	state_list_free(list, count);
	return any;
}

static void follower_step(struct follower *follower)
{
	for (struct followed *f = follower->first; f; f = f->next)
		followed_step(follower, f);
	follower->begun = true;
	fflush(stdout);
}

static void follower_free(struct follower *follower)
{
	while (follower->first) {
		struct followed *followed = follower->first;

		follower->first = followed->next;
		if (followed->fd >= 0)
			close(followed->fd);
		free(followed->name);
		free(followed);
	}
}

int follow(char *const *names, int count, bool prefix)
{
	const struct timespec pause = {.tv_nsec = FOLLOW_PAUSE_NS};
	struct follower follower = {.all = !count, .prefix = prefix};

	for (int i = 0; i < count; i++) {
		if (!followed_find(&follower, names[i]))
			followed_add(&follower, names[i]);
	}
	/* The logs are read once more after everybody has ended. */
	while (follower_look(&follower)) {
		follower_step(&follower);
		nanosleep(&pause, NULL);
	}
	if (!follower.first) {
		verb_complain("no child runs");
		return EXIT_STATE;
	}
	follower_step(&follower);
	follower_free(&follower);
	return EXIT_OK;
}
