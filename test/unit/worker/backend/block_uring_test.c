/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The disks' io_uring does what disks need and nothing else. */
#define _GNU_SOURCE
#include "worker/backend/block_engine.h"

#include <errno.h>
#include <fcntl.h>
#include <liburing.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

/* As block_uring.c begins: an attacker in the process knows it as well. */
struct inside {
	struct block_engine engine;
	struct io_uring ring;
};

static int result_of(struct io_uring *ring)
{
	struct io_uring_cqe *entry;
	int result;

	assert_true(io_uring_submit(ring) >= 0);
	assert_int_equal(io_uring_wait_cqe(ring, &entry), 0);
	result = entry->res;
	io_uring_cqe_seen(ring, entry);
	return result;
}

static void test_other_operations(void **unused)
{
	struct block_engine *engine;
	struct io_uring *ring;

	(void)unused;
	if (block_uring_create(&engine) < 0)
		skip();
	ring = &((struct inside *)engine)->ring;
	io_uring_prep_nop(io_uring_get_sqe(ring));
	assert_int_equal(result_of(ring), 0);
	io_uring_prep_openat(io_uring_get_sqe(ring), AT_FDCWD, "/etc/passwd",
			     O_RDONLY, 0);
	assert_int_equal(result_of(ring), -EACCES);
	io_uring_prep_socket(io_uring_get_sqe(ring), AF_INET, SOCK_STREAM, 0,
			     0);
	assert_int_equal(result_of(ring), -EACCES);
	io_uring_prep_close(io_uring_get_sqe(ring), ring->ring_fd);
	assert_int_equal(result_of(ring), -EACCES);
	/* And the rule stays. */
	assert_int_equal(io_uring_register_files(ring, &ring->ring_fd, 1),
			 -EACCES);
	engine->destroy(engine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_other_operations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
