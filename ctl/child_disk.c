/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The disk sections of a child file. */
#include "checker.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static void take_disk_readonly(struct checker *checker)
{
	checker_take_truth(checker, &checker->disk->readonly);
}

/* Whether it can be written is looked at when readonly is known as well. */
static void take_disk_file(struct checker *checker)
{
	checker->disk->file =
		checker_take_file(checker, "a disk image to read", R_OK, true);
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
		checker_complain(checker, expected);
		return;
	}
	if (child->disk_count == CHILD_DISKS_MAX) {
		checker_complain(checker, "at most 64 disks");
		return;
	}
	checker->disk = &child->disks[child->disk_count++];
	checker->prefix = "disk.";
	CHECKER_SECTION(checker, keys);
	checker->prefix = "";
	check_disk_writable(checker, checker->disk);
	check_disk_alone(checker, checker->disk);
}

void child_take_disks(struct checker *checker)
{
	checker_each(checker, take_disk);
}
