/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Gives up what a running worker does not need. */
#define _GNU_SOURCE
#include "confine.h"
#include "confine_calls.h"

#include "worker/device.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/*
 * A worker's user: this and its process id, so that no two have the same.
 * The range is one that no distribution gives to anybody.
 */
#define USER_BASE 0x70000000u

#define RESOLVER	 "/etc/resolv.conf"
#define RESOLVER_MAX	 4096u
#define CLIENTS_MAX	 256u	      /* control connections, event ports */
#define SOCKETS_MAX	 1024u	      /* libslirp's */
#define ROOM_SIZE	 (2ull << 30) /* for memory of later */
#define THREAD_ROOM_SIZE (128ull << 20)

/* What has to be read while there still are files. */
struct surroundings {
	unsigned int process; /* our number as the parent counts */
	uint64_t size;	      /* of the address space, bytes */
	char resolver[RESOLVER_MAX];
	size_t resolver_size; /* 0: there is none */
};

/* Up to size bytes of a small file; 0: nothing to be had. */
static size_t read_file(const char *path, char *to, size_t size)
{
	const int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got = -1;

	if (fd < 0)
		return 0;
	got = read(fd, to, size);
	close(fd);
	return got > 0 ? (size_t)got : 0;
}

static int write_file(int folder, const char *path, const char *text,
		      size_t size)
{
	const int fd = openat(folder, path,
			      O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0444);
	bool good;

	if (fd < 0)
		return -errno;
	good = write(fd, text, size) == (ssize_t)size;
	close(fd);
	return good ? 0 : -EIO;
}

static void look_around(struct surroundings *around, bool sockets)
{
	char text[32] = "";

	/* In a namespace of processes getpid() is 1 for every worker. */
	if (readlink("/proc/self", text, sizeof(text) - 1) < 0)
		text[0] = '\0';
	around->process = (unsigned int)strtoul(text, NULL, 10);
	if (!around->process)
		around->process = (unsigned int)getpid();
	text[read_file("/proc/self/statm", text, sizeof(text) - 1)] = '\0';
	around->size =
		strtoull(text, NULL, 10) * (uint64_t)sysconf(_SC_PAGESIZE);
	around->resolver_size =
		sockets ? read_file(RESOLVER, around->resolver, RESOLVER_MAX)
			: 0;
}

/* ---- Namespaces ---- */

/* Within a namespace of users we are who we were. */
static int map_user(uid_t user, gid_t group)
{
	char text[32];
	int error = write_file(AT_FDCWD, "/proc/self/setgroups", "deny", 4);

	snprintf(text, sizeof(text), "%u %u 1", user, user);
	if (!error)
		error = write_file(AT_FDCWD, "/proc/self/uid_map", text,
				   strlen(text));
	snprintf(text, sizeof(text), "%u %u 1", group, group);
	if (!error)
		error = write_file(AT_FDCWD, "/proc/self/gid_map", text,
				   strlen(text));
	return error;
}

/* False in *entered: we may not, and have nothing that they would keep in. */
static int enter_namespaces(bool sockets, bool *entered)
{
	const int flags = CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS |
			  (sockets ? 0 : CLONE_NEWNET);
	const uid_t user = geteuid();
	const gid_t group = getegid();

	*entered = true;
	if (!user)
		return unshare(flags) < 0 ? -errno : 0;
	if (!unshare(flags | CLONE_NEWUSER))
		return map_user(user, group);
	device_log("worker", "without namespaces of its own: %s",
		   strerror(errno));
	*entered = false;
	return 0;
}

/* A file system in memory, in no place yet; its descriptor or -errno. */
static int make_root(void)
{
	const int context = fsopen("tmpfs", FSOPEN_CLOEXEC);
	int root = -1, error = 0;

	if (context < 0)
		return -errno;
	if (!fsconfig(context, FSCONFIG_SET_STRING, "size", "64k", 0) &&
	    !fsconfig(context, FSCONFIG_SET_STRING, "nr_inodes", "8", 0) &&
	    !fsconfig(context, FSCONFIG_SET_STRING, "mode", "0555", 0) &&
	    !fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0))
		root = fsmount(context, FSMOUNT_CLOEXEC,
			       MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
				       MOUNT_ATTR_NOEXEC);
	if (root < 0)
		error = -errno;
	close(context);
	return error ? error : root;
}

/* libslirp asks the name servers that it reads of in there. */
static int add_resolver(int root, const struct surroundings *around)
{
	if (!around->resolver_size)
		return 0;
	if (mkdirat(root, "etc", 0555) < 0)
		return -errno;
	return write_file(root, &RESOLVER[1], around->resolver,
			  around->resolver_size);
}

/*
 * The new root lies on the old one, which then goes altogether; the first
 * file system of all, an initramfs, cannot go: there it stays below. Where
 * "/" is no mount point (a chroot), what is mounted there could be seen by
 * others, so the new root stays in no place.
 */
static int change_root(int root)
{
	struct mount_attr attributes = {.attr_set = MOUNT_ATTR_RDONLY};

	if (mount_setattr(root, "", AT_EMPTY_PATH, &attributes,
			  sizeof(attributes)) < 0 ||
	    fchdir(root) < 0)
		return -errno;
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return errno == EINVAL && !chroot(".") ? 0 : -errno;
	if (move_mount(root, "", AT_FDCWD, "/", MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return -errno;
	if (syscall(SYS_pivot_root, ".", ".") == 0) {
		if (umount2(".", MNT_DETACH) < 0 || chdir("/") < 0)
			return -errno;
	} else if (chroot(".") < 0) {
		return -errno;
	}
	return 0;
}

static int leave_files(const struct surroundings *around)
{
	const int root = make_root();
	int error = root < 0 ? root : add_resolver(root, around);

	if (!error)
		error = change_root(root);
	if (root >= 0)
		close(root);
	return error;
}

/* ---- Identity ---- */

static int drop_capabilities(void)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	const struct __user_cap_data_struct none[2] = {0};

	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	return syscall(SYS_capset, &header, none) < 0 ? -errno : 0;
}

/* Changing identity forgets the signal that comes when the monitor dies. */
static int drop_root(const struct surroundings *around)
{
	const uid_t user = USER_BASE + around->process;
	int signal = 0;

	if (geteuid() != 0)
		return 0;
	prctl(PR_GET_PDEATHSIG, &signal);
	/* Beyond the last of them the call fails, which ends this. */
	for (unsigned long i = 0; prctl(PR_CAPBSET_DROP, i, 0, 0, 0) == 0;)
		i++;
	if (setgroups(0, NULL) < 0 || setresgid(user, user, user) < 0 ||
	    setresuid(user, user, user) < 0 ||
	    prctl(PR_SET_PDEATHSIG, signal) < 0)
		return -errno;
	return 0;
}

/* ---- Limits ---- */

static int limit(__rlimit_resource_t resource, uint64_t value)
{
	struct rlimit now, next;

	if (getrlimit(resource, &now) < 0)
		return -errno;
	if (now.rlim_max != RLIM_INFINITY && value > now.rlim_max)
		value = now.rlim_max;
	next = (struct rlimit){value, value};
	return setrlimit(resource, &next) < 0 ? -errno : 0;
}

/* The lowest descriptor that is free tells how many are in use, about. */
static uint64_t descriptors(void)
{
	const int fd = dup(STDERR_FILENO);

	if (fd < 0)
		return 256;
	close(fd);
	return (uint64_t)fd + 1;
}

static int set_limits(const struct confine_options *options, uint64_t size,
		      bool alone)
{
	const uint64_t files = descriptors() + CLIENTS_MAX +
			       (options->sockets ? SOCKETS_MAX : 0);
	int error = limit(RLIMIT_CORE, 0);

	if (!error)
		error = limit(RLIMIT_NOFILE, files);
	/* Elsewhere it counts what the same user runs besides. */
	if (!error && alone)
		error = limit(RLIMIT_NPROC, options->threads);
	if (!error)
		error = limit(RLIMIT_MSGQUEUE, 0);
	if (!error && size)
		error = limit(RLIMIT_AS,
			      size + ROOM_SIZE +
				      options->threads * THREAD_ROOM_SIZE);
	return error;
}

static int confine_all(const struct confine_options *options)
{
	struct surroundings around;
	bool entered;
	int error;

	look_around(&around, options->sockets);
	error = enter_namespaces(options->sockets, &entered);
	if (!error && entered)
		error = leave_files(&around);
	if (!error)
		error = set_limits(options, around.size, entered);
	if (!error)
		error = drop_root(&around);
	if (!error)
		error = drop_capabilities();
	if (!error && (prctl(PR_SET_DUMPABLE, 0) < 0 ||
		       prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0))
		error = -errno;
	return error ? error : confine_calls(options->sockets);
}

int confine(const struct confine_options *options)
{
	const int error = confine_all(options);

	if (error)
		device_log("worker", "giving up privileges: %s",
			   strerror(-error));
	return error;
}
