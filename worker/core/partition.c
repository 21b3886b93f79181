/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The child's partition behind /dev/mshv. */
#include "partition.h"
#include "hvcall.h"

#include "abi/mshv.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define DEVICE_PATH "/dev/mshv"
#define FLAG(bit)   (1ULL << (bit))

static int failed(const char *what)
{
	int error = errno;

	device_log("partition", "%s: %s", what, strerror(error));
	return -error;
}

static void probe(struct partition *partition, int device_fd)
{
	struct mshv_bulkhead_probe answer = {0};

	partition->extensions = 0;
	if (ioctl(device_fd, MSHV_BULKHEAD_PROBE, &answer) == 0)
		partition->extensions = answer.features;
}

/*
 * The calls whose absence a worker would notice only when a child hangs.
 * An unknown hypercall of a hidden hypervisor raises #UD all by itself.
 */
static int install_intercepts(const struct partition *partition)
{
	static const uint32_t types[] = {
		HV_INTERCEPT_TYPE_HYPERCALL,
		HV_INTERCEPT_TYPE_UNKNOWN_SYNIC_CONNECTION,
	};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		int error = hvcall_install_intercept(
			partition->fd, types[i],
			HV_INTERCEPT_ACCESS_MASK_EXECUTE);

		if (error) {
			device_log("partition", "intercept type %u: %s",
				   types[i], strerror(-error));
			return error;
		}
	}
	return 0;
}

static int configure(const struct partition *partition,
		     const struct partition_options *options)
{
	int error = 0;

	if (options->hide_hypervisor)
		error = hvcall_set_property(
			partition->fd,
			HV_PARTITION_PROPERTY_SYNTHETIC_PROC_FEATURES, 0);
	if (error) {
		device_log("partition", "hiding the hypervisor: %s",
			   strerror(-error));
		return error;
	}
	if (ioctl(partition->fd, MSHV_INITIALIZE_PARTITION) < 0)
		return failed("initialize");
	/*
	 * An MSR that nobody knows faults without asking us; where the
	 * property is unknown the message comes and intercept.c does it.
	 */
	hvcall_set_property(partition->fd,
			    HV_PARTITION_PROPERTY_UNIMPLEMENTED_MSR_ACTION,
			    HV_UNIMPLEMENTED_MSR_ACTION_FAULT);
	return options->hide_hypervisor ? 0 : install_intercepts(partition);
}

int partition_create(struct partition *partition,
		     const struct partition_options *options)
{
	const struct mshv_create_partition arguments = {
		.pt_flags = FLAG(MSHV_PT_BIT_LAPIC) | FLAG(MSHV_PT_BIT_X2APIC) |
			    FLAG(MSHV_PT_BIT_GPA_SUPER_PAGES),
		.pt_isolation = MSHV_PT_ISOLATION_NONE,
	};
	const int device_fd = open(DEVICE_PATH, O_RDWR | O_CLOEXEC);
	int error;

	partition->fd = -1;
	if (device_fd < 0)
		return failed(DEVICE_PATH);
	probe(partition, device_fd);
	partition->fd = ioctl(device_fd, MSHV_CREATE_PARTITION, &arguments);
	if (partition->fd < 0) {
		error = failed("create");
		close(device_fd);
		return error;
	}
	/* A worker that was taken over shall not make others. */
	close(device_fd);
	fcntl(partition->fd, F_SETFD, FD_CLOEXEC);
	error = configure(partition, options);
	if (error)
		partition_destroy(partition);
	return error;
}

void partition_destroy(struct partition *partition)
{
	close(partition->fd);
	partition->fd = -1;
}

int partition_map(const struct partition *partition,
		  const struct memory *memory)
{
	for (unsigned int i = 0; i < memory->count; i++) {
		const struct memory_range *range = &memory->ranges[i];
		const struct mshv_user_mem_region region = {
			.size = range->size,
			.guest_pfn = range->gpa / MSHV_HV_PAGE_SIZE,
			.userspace_addr = (uintptr_t)range->base,
			.flags = 1u << MSHV_SET_MEM_BIT_WRITABLE |
				 1u << MSHV_SET_MEM_BIT_EXECUTABLE,
		};

		if (ioctl(partition->fd, MSHV_SET_GUEST_MEMORY, &region) < 0)
			return failed("mapping memory");
	}
	return 0;
}

uint64_t partition_tsc_khz(const struct partition *partition)
{
	struct hv_register_assoc element = {
		.name = HV_REGISTER_PROCESSOR_CLOCK_FREQUENCY,
	};
	const struct hvcall_registers registers = {
		.count = 1,
		.elements = &element,
	};
	uint64_t hertz = 0;

	if (hvcall_get_property(partition->fd,
				HV_PARTITION_PROPERTY_PROCESSOR_CLOCK_FREQUENCY,
				&hertz) == 0 &&
	    hertz)
		return hertz / 1000;
	if (hvcall_get_registers(partition->fd, &registers) == 0)
		return element.value.u64 / 1000;
	return 0;
}

int partition_stats(const struct partition *partition,
		    struct bulkhead_stats *stats)
{
	struct mshv_partition_stats arguments = {
		.vp_index = HV_VP_INDEX_ANY,
	};

	if (!(partition->extensions & MSHV_BULKHEAD_PARTITION_STATS))
		return -ENOTTY;
	if (ioctl(partition->fd, MSHV_PARTITION_STATS, &arguments) < 0)
		return -errno;
	*stats = arguments.stats;
	return 0;
}
