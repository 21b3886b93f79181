/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A child file in a folder of its own, and what hvctl makes of it. */
#pragma once

#include "ctl/child.h"

/* The least that describes a child, two lines. */
#define LEAST "name = web\nkernel = vmlinuz\n"

struct fixture {
	char directory[64];
	char file[96];
	struct child child;
	struct report report;
};

/* cmocka's: vmlinuz, initrd.img, a.img, b.img and an empty file are there. */
int file_setup(void **state);
int file_teardown(void **state);

void file_put(const struct fixture *f, const char *name, const char *text);
bool file_read(struct fixture *f, const char *text);
/* The text describes a child. */
void file_good(struct fixture *f, const char *text);
/* One complaint, about that line and key, with a text that holds part. */
void file_bad(struct fixture *f, const char *text, unsigned int line,
	      const char *key, const char *part);
/* A path of the description is that name in the folder. */
void file_path_is(const struct fixture *f, const char *path, const char *name);
