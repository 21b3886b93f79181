/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The worker's log lines: "NAME DEVICE: text" on standard error. */
#include "log.h"

#include "worker/device.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define LOG_KINDS    256u
#define LOG_LINE_MAX 512

/* Lines of one device and one format string are of one kind. */
struct log_kind {
	const char *device;
	const char *format;
	time_t since;
	unsigned int count;
};

/* One log a process, as standard error is. */
static struct {
	pthread_mutex_t lock;
	const char *name;
	struct log_kind kinds[LOG_KINDS];
} logbook = {.lock = PTHREAD_MUTEX_INITIALIZER, .name = "worker"};

void log_open(const char *name)
{
	logbook.name = name;
}

static time_t seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec;
}

/* Two kinds that meet in one slot push each other out: they get more lines. */
static struct log_kind *kind_of(const char *device, const char *format)
{
	uintptr_t hash = (uintptr_t)device * 31 + (uintptr_t)format;

	return &logbook.kinds[(hash ^ (hash >> 8)) % LOG_KINDS];
}

static void print(const char *device, const char *text)
{
	char line[LOG_LINE_MAX];
	int size = snprintf(line, sizeof(line), "%s %s: %s\n", logbook.name,
			    device, text);

	if (size >= LOG_LINE_MAX) {
		size = LOG_LINE_MAX - 1;
		line[size - 1] = '\n';
	}
	/* One write a line, so that lines of several workers do not mix. */
	fwrite(line, 1, (size_t)size, stderr);
	fflush(stderr);
}

/* Whether one more line of this kind may appear. */
static bool kind_admits(const char *device, const char *format)
{
	struct log_kind *kind = kind_of(device, format);
	time_t now = seconds();

	if (kind->device != device || kind->format != format) {
		*kind = (struct log_kind){device, format, now, 0};
	} else if (now - kind->since >= LOG_PERIOD_SECONDS) {
		if (kind->count > LOG_BURST) {
			char text[64];

			snprintf(text, sizeof(text), "(%u lines like it)",
				 kind->count - LOG_BURST);
			print(device, text);
		}
		kind->since = now;
		kind->count = 0;
	}
	return kind->count++ < LOG_BURST;
}

/* A child chooses some of it: keep a line a line. */
static void flatten(char *text)
{
	for (char *at = text; *at; at++)
		if ((unsigned char)*at < ' ' || *at == 0x7f)
			*at = '?';
}

void device_log(const char *device, const char *format, ...)
{
	char text[LOG_LINE_MAX];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	flatten(text);
	pthread_mutex_lock(&logbook.lock);
	if (kind_admits(device, format))
		print(device, text);
	pthread_mutex_unlock(&logbook.lock);
}

void log_text(const char *device, const char *text)
{
	char copy[LOG_LINE_MAX];

	snprintf(copy, sizeof(copy), "%s", text);
	flatten(copy);
	pthread_mutex_lock(&logbook.lock);
	print(device, copy);
	pthread_mutex_unlock(&logbook.lock);
}

void *device_allocate(size_t size)
{
	void *memory = calloc(1, size);

	if (!memory) {
		fprintf(stderr, "%s worker: no memory for %zu bytes\n",
			logbook.name, size);
		abort();
	}
	return memory;
}

void device_free(void *memory)
{
	free(memory);
}
