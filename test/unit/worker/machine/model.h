/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What tests of machines begin with: a model of a child, files to give it. */
#pragma once

#include "../vmbus/guest.h"
#include "worker/core/machine.h"

#define MODEL_PATH_SIZE 40u

/* An empty machine with an event loop, whose child is guest; and its end. */
void model_begin(struct machine *machine, struct guest *guest);
void model_end(struct machine *machine, struct guest *guest);

/* A new file with these bytes; path gets its name, MODEL_PATH_SIZE bytes. */
void model_file(char *path, const void *bytes, size_t size);
