/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A virtual processor's life: created, run by a thread, stopped. */
#include "vp.h"
#include "hvcall.h"
#include "machine.h"

#include "abi/mshv.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#define KICK_SIGNAL SIGUSR1

static void map_register_page(struct vp *vp)
{
	void *page = mmap(NULL, MSHV_HV_PAGE_SIZE, PROT_READ | PROT_WRITE,
			  MAP_SHARED, vp->fd,
			  MSHV_VP_MMAP_OFFSET_REGISTERS * MSHV_HV_PAGE_SIZE);

	vp->page = page == MAP_FAILED ? NULL : page;
}

int vp_create(struct vp *vp, struct machine *machine, uint32_t index)
{
	const struct mshv_create_vp arguments = {.vp_index = index};

	vp->machine = machine;
	vp->index = index;
	vp->fd = ioctl(machine->partition.fd, MSHV_CREATE_VP, &arguments);
	if (vp->fd < 0) {
		int error = errno;

		device_log("vp", "%u: create: %s", index, strerror(error));
		return -error;
	}
	fcntl(vp->fd, F_SETFD, FD_CLOEXEC);
	map_register_page(vp);
	return 0;
}

void vp_destroy(struct vp *vp)
{
	if (vp->page)
		munmap(vp->page, MSHV_HV_PAGE_SIZE);
	close(vp->fd);
}

/* Sent only to interrupt RUN_VP. */
static void kicked(int number)
{
	(void)number;
}

static bool may_run(struct vp *vp)
{
	struct machine *machine = vp->machine;
	bool ending;

	if (!atomic_load(&machine->halting))
		return true;
	loop_lock(&machine->loop);
	while (machine->paused && !machine->ending) {
		vp->parked = true;
		pthread_cond_broadcast(&machine->changed);
		pthread_cond_wait(&machine->changed, &machine->loop.lock);
	}
	ending = machine->ending;
	vp->parked = ending;
	pthread_cond_broadcast(&machine->changed);
	loop_unlock(&machine->loop);
	return !ending;
}

static void run_failed(struct vp *vp, int error)
{
	struct machine *machine = vp->machine;

	device_log("vp", "%u: run: %s", vp->index, strerror(error));
	loop_lock(&machine->loop);
	machine_end(machine, CONTROL_EXIT_ERROR);
	loop_unlock(&machine->loop);
}

static void *run(void *argument)
{
	struct vp *vp = argument;

	while (may_run(vp)) {
		if (ioctl(vp->fd, MSHV_RUN_VP, &vp->message) == 0)
			vp_intercepted(vp);
		else if (errno != EINTR && errno != EAGAIN)
			run_failed(vp, errno);
	}
	return NULL;
}

int vp_start(struct vp *vp)
{
	const struct sigaction action = {.sa_handler = kicked};
	int error;

	/* Without SA_RESTART, or the call would just go on. */
	sigaction(KICK_SIGNAL, &action, NULL);
	error = pthread_create(&vp->thread, NULL, run, vp);
	if (error) {
		device_log("vp", "%u: thread: %s", vp->index, strerror(error));
		return -error;
	}
	vp->running = true;
	return 0;
}

void vp_kick(struct vp *vp)
{
	if (vp->running && !vp->parked)
		pthread_kill(vp->thread, KICK_SIGNAL);
}

void vp_join(struct vp *vp)
{
	if (vp->running)
		pthread_join(vp->thread, NULL);
	vp->running = false;
}

void vp_want(struct vp *vp, uint64_t deliverability)
{
	const struct hv_register_value value = {
		.u64 = vp->wanted | deliverability,
	};
	int error;

	/* Set even when asked before: the answer may be under way. */
	vp->wanted = value.u64;
	error = hvcall_set_register(vp->machine->partition.fd, vp->index,
				    HV_REGISTER_DELIVERABILITY_NOTIFICATIONS,
				    value);
	if (error)
		device_log("vp", "%u: deliverability: %s", vp->index,
			   strerror(-error));
}
