/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One conversation with a worker over its control socket. */
#define _GNU_SOURCE
#include "client.h"
#include "memory.h"
#include "state.h"

#include "abi/control.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

int client_connect(const char *name)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	char *path = state_path(name, "control");
	int fd = -1;

	if (strlen(path) >= sizeof(address.sun_path)) {
		free(path);
		return -ENAMETOOLONG;
	}
	memcpy(address.sun_path, path, strlen(path) + 1);
	free(path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		const int error = errno;

		close(fd);
		return -error;
	}
	return fd;
}

static int64_t monotonic_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/*
 * One line up to '\n', read byte by byte: what follows the answer to
 * "console" is not ours.
 */
static int read_line(int fd, char *line, size_t size, int timeout_ms)
{
	const int64_t end = monotonic_ms() + timeout_ms;
	size_t used = 0;

	while (used < size - 1) {
		struct pollfd wait = {.fd = fd, .events = POLLIN};
		const int64_t left = end - monotonic_ms();
		ssize_t n;

		if (poll(&wait, 1, left > 0 ? (int)left : 0) == 0)
			return -ETIMEDOUT;
		n = read(fd, &line[used], 1);
		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -ECONNRESET;
		if (line[used] == '\n') {
			line[used] = '\0';
			return 0;
		}
		used++;
	}
	return -EMSGSIZE;
}

static int send_request(int fd, const json_t *request)
{
	char *line = json_dumps(request, JSON_COMPACT);
	const size_t size = line ? strlen(line) + 1 : 0;
	ssize_t n;

	if (!line || size > CONTROL_LINE_MAX) {
		free(line);
		return -EMSGSIZE;
	}
	line[size - 1] = '\n';
	n = send(fd, line, size, MSG_NOSIGNAL);
	free(line);
	if (n < 0)
		return -errno;
	return (size_t)n == size ? 0 : -EIO;
}

static json_t *read_answer(const char *line, char **error)
{
	json_t *answer = json_loads(line, 0, NULL);
	const char *text;

	if (json_is_true(json_object_get(answer, "ok")))
		return answer;
	text = json_string_value(json_object_get(answer, "error"));
	*error = memory_string(text ? text : "the worker's answer is no use");
	json_decref(answer);
	errno = ENOTSUP;
	return NULL;
}

json_t *client_request(int fd, const json_t *request, int timeout_ms,
		       char **error)
{
	char line[CONTROL_ANSWER_MAX + 1];
	int status = send_request(fd, request);

	*error = NULL;
	if (!status)
		status = read_line(fd, line, sizeof(line), timeout_ms);
	if (!status)
		return read_answer(line, error);
	*error = memory_string(status == -ETIMEDOUT
				       ? "the worker does not answer"
				       : strerror(-status));
	errno = -status;
	return NULL;
}

json_t *client_ask(int fd, const char *verb, int timeout_ms, char **error)
{
	json_t *request = json_pack("{s:s}", "verb", verb);
	json_t *answer = client_request(fd, request, timeout_ms, error);

	json_decref(request);
	return answer;
}

json_t *client_ask_child(const char *name, const char *verb, int timeout_ms,
			 char **error)
{
	const int fd = client_connect(name);
	json_t *answer;

	if (fd < 0) {
		*error = memory_print("cannot reach its worker: %s",
				      strerror(-fd));
		return NULL;
	}
	answer = client_ask(fd, verb, timeout_ms, error);
	close(fd);
	return answer;
}
