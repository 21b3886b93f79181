// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Random calls of /dev/mshv from two threads that share what they open: every
 * ioctl on any descriptor, structures that are nearly right, pointers that are
 * not, descriptors closed while they are used. Nothing is expected of a single
 * call; what must not happen is told by the parent's kernel and hypervisor.
 *
 *   ioctl_fuzz SEED [STEPS]
 */
#include "vmm.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define THREADS	     2
#define PARTITIONS   4
#define VPS	     8
#define EVENTS	     4
#define MAPPINGS     4 /* of each thread: what keeps a partition is bounded */
#define PAGE	     4096u
#define MEMORY	     (8u << 20)
#define ARGUMENTS    (4 * PAGE)
#define INTERRUPT_US 5000

/* Shared without a lock on purpose; -1 is none, and refused like any other. */
static atomic_int device;
static atomic_int partitions[PARTITIONS];
static atomic_int vps[VPS];
static atomic_int events[EVENTS];
static uint8_t *memory;

struct thief {
	uint64_t state;
	uint8_t *arguments; /* ARGUMENTS bytes, then a page that is not there */
	unsigned long steps;
	unsigned long accepted;
	atomic_bool done;
	struct {
		uint8_t *page; /* NULL: none */
		size_t size;
	} mappings[MAPPINGS];
};

/* ---- Choosing ---- */

static uint64_t random64(struct thief *thief)
{
	thief->state ^= thief->state << 13;
	thief->state ^= thief->state >> 7;
	thief->state ^= thief->state << 17;
	return thief->state * 0x2545f4914f6cdd1dull;
}

static uint32_t below(struct thief *thief, uint32_t limit)
{
	return (uint32_t)(random64(thief) >> 32) % limit;
}

static bool one_in(struct thief *thief, uint32_t count)
{
	return below(thief, count) == 0;
}

/* Of any size, but for numbers that count or name something mostly small. */
static uint64_t number(struct thief *thief)
{
	switch (below(thief, 8)) {
	case 0:
		return random64(thief);
	case 1:
		return 1ull << below(thief, 64);
	case 2:
		return (uintptr_t)memory + below(thief, MEMORY / PAGE) * PAGE;
	case 3:
		return (uint64_t)below(thief, 2048) * PAGE;
	case 4:
		return UINT64_MAX - below(thief, 3);
	default:
		return below(thief, 16);
	}
}

static int any_fd(struct thief *thief)
{
	switch (below(thief, 6)) {
	case 0:
		return device;
	case 1:
	case 2:
		return partitions[below(thief, PARTITIONS)];
	case 3:
		return events[below(thief, EVENTS)];
	default:
		return vps[below(thief, VPS)];
	}
}

/* Where a structure of size bytes is to lie: rarely not all of it is there. */
static void *place(struct thief *thief, const void *structure, size_t size)
{
	uint8_t *at = thief->arguments + ARGUMENTS - size;

	memcpy(at, structure, size);
	if (!one_in(thief, 4))
		return at;
	/* Some of it is anything else. */
	for (uint32_t i = below(thief, 4); i; i--)
		at[below(thief, (uint32_t)size)] = (uint8_t)random64(thief);
	if (one_in(thief, 8))
		at += 1 + below(thief, (uint32_t)size);
	return one_in(thief, 32) ? (void *)(uintptr_t)number(thief) : at;
}

static int call(struct thief *thief, int fd, unsigned long request,
		void *arguments)
{
	const int result = ioctl(fd, request, arguments);

	thief->accepted += result >= 0;
	return result;
}

#define CALL(thief, fd, request, structure)                                    \
	call(thief, fd, request, place(thief, &(structure), sizeof(structure)))

/* What is new takes the place of what was there. */
static void keep(atomic_int *slot, int fd)
{
	int old;

	if (fd < 0)
		return;
	old = atomic_exchange(slot, fd);
	if (old > STDERR_FILENO)
		close(old);
}

/* ---- Making ---- */

static void create_partition(struct thief *thief)
{
	struct mshv_create_partition create = {
		.pt_flags = 1u << MSHV_PT_BIT_LAPIC | 1u << MSHV_PT_BIT_X2APIC |
			    below(thief, 2) << MSHV_PT_BIT_GPA_SUPER_PAGES};
	const int fd = CALL(thief, device, MSHV_CREATE_PARTITION, create);

	if (fd >= 0 && !one_in(thief, 8))
		call(thief, fd, MSHV_INITIALIZE_PARTITION, NULL);
	keep(&partitions[below(thief, PARTITIONS)], fd);
}

static void create_vp(struct thief *thief)
{
	struct mshv_create_vp create = {.vp_index = below(thief, 4)};
	const int partition = partitions[below(thief, PARTITIONS)];

	keep(&vps[below(thief, VPS)],
	     CALL(thief, partition, MSHV_CREATE_VP, create));
}

static void set_memory(struct thief *thief)
{
	const uint32_t page = below(thief, MEMORY / PAGE);
	struct mshv_user_mem_region region = {
		.size = (1 + (uint64_t)below(thief, 512)) * PAGE,
		.guest_pfn = below(thief, 1024),
		.userspace_addr = (uintptr_t)memory + page * PAGE,
		.flags = (uint8_t)below(thief, 8),
	};

	/* Sometimes as 2 MiB pages like it. */
	if (one_in(thief, 3)) {
		region.guest_pfn &= ~511ull;
		region.size = 512 * PAGE;
		region.userspace_addr &= ~(uint64_t)(512 * PAGE - 1);
	}
	if (one_in(thief, 16))
		region.guest_pfn = number(thief);
	if (one_in(thief, 16))
		region.size = number(thief);
	CALL(thief, partitions[below(thief, PARTITIONS)], MSHV_SET_GUEST_MEMORY,
	     region);
}

/* ---- The other calls on partitions ---- */

static void irqfd(struct thief *thief)
{
	struct mshv_user_irqfd arguments = {
		.fd = events[below(thief, EVENTS)],
		.resamplefd = events[below(thief, EVENTS)],
		.gsi = below(thief, 32),
		.flags = below(thief, 4),
	};
	const uint64_t one = 1;

	CALL(thief, partitions[below(thief, PARTITIONS)], MSHV_IRQFD,
	     arguments);
	if (write(arguments.fd, &one, sizeof(one)) < 0)
		return;
}

static void ioeventfd(struct thief *thief)
{
	struct mshv_user_ioeventfd arguments = {
		.datamatch = number(thief),
		.addr = below(thief, 2) ? below(thief, 0x100)
					: 0xe0000000 + below(thief, PAGE),
		.len = 1u << below(thief, 4),
		.fd = events[below(thief, EVENTS)],
		.flags = below(thief, 8),
	};

	CALL(thief, partitions[below(thief, PARTITIONS)], MSHV_IOEVENTFD,
	     arguments);
}

static void routing(struct thief *thief)
{
	struct {
		struct mshv_user_irq_table table;
		struct mshv_user_irq_entry entries[8];
	} arguments = {.table.nr = below(thief, 9)};

	for (uint32_t i = 0; i < 8; i++)
		arguments.entries[i] = (struct mshv_user_irq_entry){
			.gsi = below(thief, 32),
			.address_lo = 0xfee00000 | below(thief, 4) << 12,
			.data = below(thief, 0x1000),
		};
	if (one_in(thief, 16))
		arguments.table.nr = (uint32_t)number(thief);
	CALL(thief, partitions[below(thief, PARTITIONS)], MSHV_SET_MSI_ROUTING,
	     arguments);
}

static void access_bitmap(struct thief *thief)
{
	struct mshv_gpap_access_bitmap arguments = {
		.access_type = (uint8_t)below(thief, 3),
		.access_op = (uint8_t)below(thief, 4),
		.page_count = below(thief, 4096),
		.gpap_base = below(thief, 2048),
		.bitmap_ptr = (uintptr_t)memory,
	};

	if (one_in(thief, 16))
		arguments.page_count = number(thief);
	CALL(thief, partitions[below(thief, PARTITIONS)],
	     MSHV_GET_GPAP_ACCESS_BITMAP, arguments);
}

static void event_port(struct thief *thief)
{
	struct mshv_event_port arguments = {
		.connection_id = 0x10000 + below(thief, 8),
		.flags = below(thief, 2),
		.fd = events[below(thief, EVENTS)],
	};

	CALL(thief, partitions[below(thief, PARTITIONS)], MSHV_EVENT_PORT,
	     arguments);
}

static void extensions(struct thief *thief)
{
	struct mshv_partition_stats stats = {
		.vp_index = one_in(thief, 2) ? UINT32_MAX : below(thief, 5)};
	struct mshv_schedule schedule = {.schedule.valid = below(thief, 16)};
	struct mshv_hv_log log = {
		.cursor = number(thief),
		.buf_ptr = (uintptr_t)memory,
		.buf_sz = below(thief, 3 * PAGE),
	};
	const int partition = partitions[below(thief, PARTITIONS)];

	switch (below(thief, 3)) {
	case 0:
		CALL(thief, partition, MSHV_PARTITION_STATS, stats);
		break;
	case 1:
		memset(&schedule.schedule.valid + 1, (int)below(thief, 256),
		       sizeof(schedule) - sizeof(schedule.schedule.valid));
		CALL(thief, partition, MSHV_SET_SCHEDULE, schedule);
		break;
	default:
		CALL(thief, device, MSHV_HV_LOG, log);
	}
}

/* ---- Hypercalls ---- */

static void hypercall(struct thief *thief)
{
	static const uint16_t codes[] = {
		HVCALL_GET_PARTITION_PROPERTY,
		HVCALL_GET_PARTITION_PROPERTY_EX,
		HVCALL_SET_PARTITION_PROPERTY,
		HVCALL_INSTALL_INTERCEPT,
		HVCALL_GET_VP_REGISTERS,
		HVCALL_SET_VP_REGISTERS,
		HVCALL_TRANSLATE_VIRTUAL_ADDRESS,
		HVCALL_CLEAR_VIRTUAL_INTERRUPT,
		HVCALL_REGISTER_INTERCEPT_RESULT,
		HVCALL_ASSERT_VIRTUAL_INTERRUPT,
		HVCALL_SIGNAL_EVENT_DIRECT,
		HVCALL_POST_MESSAGE_DIRECT,
		HVCALL_GET_GPA_PAGES_ACCESS_STATE,
		HVCALL_GET_VP_CPUID_VALUES,
	};
	static const uint32_t names[] = {HV_REGISTER_RIP,
					 HV_REGISTER_CR0,
					 HV_REGISTER_EFER,
					 HV_REGISTER_EXPLICIT_SUSPEND,
					 HV_REGISTER_INTERCEPT_SUSPEND,
					 HV_REGISTER_PENDING_INTERRUPTION,
					 HV_REGISTER_CS};
	uint64_t input[64], output[64];
	struct mshv_root_hvcall arguments = {
		.code = codes[below(thief, sizeof(codes) / sizeof(codes[0]))],
		.reps = (uint16_t)below(thief, 4),
		.in_sz = (uint16_t)(8 + below(thief, 16) * 8),
		.in_ptr = (uintptr_t)input,
		.out_sz = (uint16_t)(below(thief, 8) * 8),
	};

	for (unsigned int i = 0; i < 64; i++)
		input[i] = number(thief);
	input[1] = below(thief, 4); /* mostly a vp */
	if (arguments.code == HVCALL_SET_VP_REGISTERS) {
		arguments.reps = 1;
		arguments.in_sz = 16 + sizeof(struct hv_register_assoc);
		arguments.out_sz = 0;
		input[2] = names[below(thief, 7)];
	} else if (arguments.code == HVCALL_GET_VP_REGISTERS) {
		arguments.in_sz = (uint16_t)(16 + arguments.reps * 4);
		arguments.out_sz = (uint16_t)(arguments.reps * 16);
		for (unsigned int i = 2; i < 8; i++)
			input[i] = names[below(thief, 7)];
	}
	if (one_in(thief, 8))
		arguments.code = (uint16_t)below(thief, 0x100);
	if (arguments.out_sz)
		arguments.out_ptr = (uintptr_t)output;
	CALL(thief, any_fd(thief), MSHV_ROOT_HVCALL, arguments);
}

/* ---- Vps ---- */

static void run_vp(struct thief *thief)
{
	struct mshv_run_vp arguments = {0};

	/* Ends when there is an intercept, or by a signal. */
	CALL(thief, vps[below(thief, VPS)], MSHV_RUN_VP, arguments);
}

static void vp_state(struct thief *thief)
{
	struct mshv_get_set_vp_state arguments = {
		.type = (uint8_t)below(thief, MSHV_VP_STATE_COUNT + 1),
		.buf_sz = (1 + below(thief, 3)) * PAGE,
		.buf_ptr = (uintptr_t)memory + below(thief, 64) * PAGE,
	};

	CALL(thief, vps[below(thief, VPS)],
	     one_in(thief, 2) ? MSHV_GET_VP_STATE : MSHV_SET_VP_STATE,
	     arguments);
}

static void map_vp(struct thief *thief)
{
	const int protection =
		below(thief, 2) ? PROT_READ | PROT_WRITE : (int)below(thief, 8);
	const size_t size = (1 + below(thief, 2) * below(thief, 4)) * PAGE;
	uint8_t *const page =
		mmap(NULL, size, protection,
		     one_in(thief, 4) ? MAP_PRIVATE : MAP_SHARED,
		     vps[below(thief, VPS)], (off_t)(below(thief, 5) * PAGE));
	uint32_t which;

	if (page == MAP_FAILED)
		return;
	thief->accepted++;
	if (protection == (PROT_READ | PROT_WRITE) && size == PAGE)
		page[below(thief, PAGE)] ^= (uint8_t)random64(thief);
	/* Sometimes it outlives the vp, until another one takes its place. */
	if (!one_in(thief, 4)) {
		munmap(page, size);
		return;
	}
	which = below(thief, MAPPINGS);
	if (thief->mappings[which].page)
		munmap(thief->mappings[which].page,
		       thief->mappings[which].size);
	thief->mappings[which].page = page;
	thief->mappings[which].size = size;
}

/* ---- Around them ---- */

static void raw(struct thief *thief)
{
	const unsigned int direction = below(thief, 4);
	const unsigned int which =
		one_in(thief, 4) ? below(thief, 256)
				 : below(thief, 8) + below(thief, 2) * 0x80;
	const unsigned int size = 8u * below(thief, 33);

	call(thief, any_fd(thief), MSHV_IOC(direction, which, size),
	     one_in(thief, 2) ? (void *)(uintptr_t)number(thief)
			      : thief->arguments);
}

static void forget(struct thief *thief)
{
	if (one_in(thief, 4))
		keep(&events[below(thief, EVENTS)], eventfd(0, EFD_NONBLOCK));
	else if (one_in(thief, 3))
		keep(&partitions[below(thief, PARTITIONS)],
		     open("/dev/null", O_RDWR | O_CLOEXEC));
	else
		keep(&vps[below(thief, VPS)],
		     open("/dev/null", O_RDWR | O_CLOEXEC));
}

/* The memory that partitions were given goes from under them. */
static void remap(struct thief *thief)
{
	const size_t at = below(thief, MEMORY / PAGE - 16) * (size_t)PAGE;

	mmap(memory + at, (1 + below(thief, 16)) * PAGE, PROT_READ | PROT_WRITE,
	     MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
}

/* Another process has it all for a moment, and ends. */
static void child(struct thief *thief)
{
	const pid_t pid = one_in(thief, 16) ? fork() : -1;

	if (pid == 0) {
		run_vp(thief);
		_exit(0);
	}
	if (pid > 0) {
		kill(pid, SIGKILL);
		while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
}

static void step(struct thief *thief)
{
	static void (*const all[])(struct thief *) = {
		create_partition, create_vp,  create_vp,  set_memory,
		set_memory,	  irqfd,      ioeventfd,  routing,
		access_bitmap,	  event_port, extensions, hypercall,
		hypercall,	  hypercall,  run_vp,	  run_vp,
		vp_state,	  map_vp,     raw,	  raw,
		forget,		  remap,      child,
	};

	all[below(thief, sizeof(all) / sizeof(all[0]))](thief);
}

static void *work(void *argument)
{
	struct thief *const thief = argument;

	for (unsigned long i = 0; i < thief->steps; i++)
		step(thief);
	thief->done = true;
	return NULL;
}

static void on_signal(int signal)
{
	(void)signal;
}

static bool start(struct thief *thief, uint64_t seed, unsigned long steps)
{
	*thief = (struct thief){.state = seed * 0x9e3779b97f4a7c15ull + 1,
				.steps = steps};
	thief->arguments = mmap(NULL, ARGUMENTS + PAGE, PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return thief->arguments != MAP_FAILED &&
	       !munmap(thief->arguments + ARGUMENTS, PAGE);
}

int main(int argc, char **argv)
{
	const uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 0) : 1;
	const unsigned long steps = argc > 2 ? strtoul(argv[2], NULL, 0) : 5000;
	const struct sigaction action = {.sa_handler = on_signal};
	struct thief thieves[THREADS];
	pthread_t threads[THREADS];
	unsigned long accepted = 0;

	device = open("/dev/mshv", O_RDWR | O_CLOEXEC);
	memory = mmap(NULL, MEMORY, PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (device < 0 || memory == MAP_FAILED) {
		perror("ioctl_fuzz");
		return 1;
	}
	for (unsigned int i = 0; i < PARTITIONS; i++)
		partitions[i] = -1;
	for (unsigned int i = 0; i < VPS; i++)
		vps[i] = -1;
	for (unsigned int i = 0; i < EVENTS; i++)
		events[i] = eventfd(0, EFD_NONBLOCK);
	sigaction(SIGUSR1, &action, NULL);
	for (unsigned int i = 0; i < THREADS; i++)
		if (!start(&thieves[i], seed * THREADS + i, steps) ||
		    pthread_create(&threads[i], NULL, work, &thieves[i]))
			return 1;
	/* Nobody waits for long in a call. */
	for (unsigned int i = 0; i < THREADS; i++) {
		while (!thieves[i].done) {
			usleep(INTERRUPT_US);
			for (unsigned int j = i; j < THREADS; j++)
				pthread_kill(threads[j], SIGUSR1);
		}
		pthread_join(threads[i], NULL);
		accepted += thieves[i].accepted;
	}
	printf("ioctl_fuzz: seed %llu, %lu steps, %lu calls accepted\n",
	       (unsigned long long)seed, steps * THREADS, accepted);
	return accepted == 0;
}
