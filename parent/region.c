// SPDX-License-Identifier: GPL-2.0-only
/* Guest memory: user pages, pinned while a partition has them mapped. */
#include <linux/errno.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/printk.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "partition.h"

#define PIN_BATCH 4096

struct region {
	struct list_head list;
	u64 gpa_page;
	u64 user_address;
	unsigned long count; /* pages */
	unsigned long pinned;
	u32 map_flags; /* HV_MAP_GPA_* */
	struct page **pages;
};

/* A stretch of a region that is mapped with one page size. */
struct span {
	unsigned long first;
	unsigned long count; /* 4 KiB pages */
	bool large;
};

/* Room for page numbers behind the fixed part of MAP_GPA_PAGES. */
#define MAP_REPS_MAX                                                           \
	((HV_PAGE_SIZE - sizeof(struct hv_input_map_gpa_pages)) / sizeof(u64))

struct map_input {
	struct hv_input_map_gpa_pages head;
	u64 pages[MAP_REPS_MAX];
};

/* A 2 MiB page fits at index: both sides congruent, and contiguous behind. */
static bool large_page_at(const struct region *region, unsigned long index)
{
	unsigned long pfn, i;

	if (region->count - index < HV_PAGES_PER_LARGE_PAGE ||
	    (region->gpa_page + index) % HV_PAGES_PER_LARGE_PAGE)
		return false;
	pfn = page_to_pfn(region->pages[index]);
	if (pfn % HV_PAGES_PER_LARGE_PAGE)
		return false;
	for (i = 1; i < HV_PAGES_PER_LARGE_PAGE; i++)
		if (page_to_pfn(region->pages[index + i]) != pfn + i)
			return false;
	return true;
}

/* The longest stretch from index on; at most max units of its page size. */
static struct span span_at(const struct region *region, unsigned long index,
			   unsigned long max)
{
	struct span span = {.first = index,
			    .large = large_page_at(region, index)};
	const unsigned long unit = span.large ? HV_PAGES_PER_LARGE_PAGE : 1;

	do {
		span.count += unit;
		index += unit;
	} while (index < region->count && span.count < max * unit &&
		 large_page_at(region, index) == span.large);
	return span;
}

static int span_map(struct memory_pool *pool, const struct region *region,
		    struct span span, struct map_input *in)
{
	const unsigned long unit = span.large ? HV_PAGES_PER_LARGE_PAGE : 1;
	const unsigned long reps = span.count / unit;
	struct hypercall call = {
		.code = HVCALL_MAP_GPA_PAGES,
		.reps = reps,
		.in = in,
		.in_size = sizeof(in->head) + reps * sizeof(u64),
	};
	unsigned long i;

	in->head = (struct hv_input_map_gpa_pages){
		.target_partition_id = pool->partition,
		.target_gpa_base = region->gpa_page + span.first,
		.map_flags = region->map_flags |
			     (span.large ? HV_MAP_GPA_LARGE_PAGE : 0),
	};
	for (i = 0; i < reps; i++)
		in->pages[i] =
			page_to_pfn(region->pages[span.first + i * unit]);
	return hypercall_do_with_memory(pool, &call);
}

static int span_unmap(struct memory_pool *pool, const struct region *region,
		      struct span span)
{
	struct hv_input_unmap_gpa_pages in = {
		.target_partition_id = pool->partition,
		.target_gpa_base = region->gpa_page + span.first,
		.unmap_flags = span.large ? HV_UNMAP_GPA_LARGE_PAGE : 0,
	};
	struct hypercall call = {
		.code = HVCALL_UNMAP_GPA_PAGES,
		.in = &in,
		.in_size = sizeof(in),
		.reps = span.count / (span.large ? HV_PAGES_PER_LARGE_PAGE : 1),
	};

	return hypercall_do_with_memory(pool, &call);
}

/* Unmaps the first count pages; goes on after an error, returns the first. */
static int region_unmap(struct memory_pool *pool, const struct region *region,
			unsigned long count)
{
	unsigned long index = 0;
	int ret = 0;

	while (index < count) {
		struct span span = span_at(region, index, HV_HYPERCALL_REP_MAX);
		int one = span_unmap(pool, region, span);

		if (!ret)
			ret = one;
		index += span.count;
		cond_resched();
	}
	return ret;
}

/*
 * All or nothing. A span that failed may be mapped in part, so it is unmapped
 * as well; that of pages which were never mapped may fail and means nothing.
 */
static int region_map(struct memory_pool *pool, const struct region *region,
		      bool *clean)
{
	struct map_input *in = kzalloc(sizeof(*in), GFP_KERNEL);
	unsigned long index = 0;
	int ret = 0;

	*clean = true;
	if (!in)
		return -ENOMEM;
	while (index < region->count) {
		struct span span = span_at(region, index, MAP_REPS_MAX);

		ret = span_map(pool, region, span, in);
		if (ret) {
			*clean = !region_unmap(pool, region, index);
			span_unmap(pool, region, span);
			break;
		}
		index += span.count;
		cond_resched();
	}
	kfree(in);
	return ret;
}

static void region_unpin(struct region *region)
{
	const bool dirty = region->map_flags & HV_MAP_GPA_WRITABLE;
	unsigned long done;

	for (done = 0; done < region->pinned; done += PIN_BATCH) {
		unpin_user_pages_dirty_lock(
			region->pages + done,
			min_t(unsigned long, PIN_BATCH, region->pinned - done),
			dirty);
		cond_resched();
	}
}

static void region_free(struct region *region)
{
	region_unpin(region);
	vfree(region->pages);
	kfree(region);
}

/* Long-term pins: pages that could be migrated away are moved first. */
static int region_pin(struct region *region)
{
	unsigned int flags = FOLL_LONGTERM;

	if (region->map_flags & HV_MAP_GPA_WRITABLE)
		flags |= FOLL_WRITE;
	while (region->pinned < region->count) {
		const int batch = min_t(unsigned long, PIN_BATCH,
					region->count - region->pinned);
		const int done = pin_user_pages_fast(
			region->user_address + (region->pinned << PAGE_SHIFT),
			batch, flags, region->pages + region->pinned);

		if (done <= 0)
			return done ? done : -EFAULT;
		region->pinned += done;
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
	}
	return 0;
}

static bool overlaps(const struct partition *partition,
		     const struct mshv_user_mem_region *user,
		     unsigned long count)
{
	const struct region *region;

	list_for_each_entry(
		region, &partition->regions,
		list) if (user->guest_pfn < region->gpa_page + region->count &&
			  region->gpa_page <
				  user->guest_pfn + count) return true;
	return false;
}

static struct region *region_allocate(const struct mshv_user_mem_region *user,
				      unsigned long count)
{
	struct region *region = kzalloc(sizeof(*region), GFP_KERNEL_ACCOUNT);

	if (!region)
		return NULL;
	region->pages = vzalloc(array_size(count, sizeof(region->pages[0])));
	if (!region->pages) {
		kfree(region);
		return NULL;
	}
	region->gpa_page = user->guest_pfn;
	region->user_address = user->userspace_addr;
	region->count = count;
	region->map_flags = HV_MAP_GPA_READABLE;
	if (user->flags & (1 << MSHV_SET_MEM_BIT_WRITABLE))
		region->map_flags |= HV_MAP_GPA_WRITABLE;
	if (user->flags & (1 << MSHV_SET_MEM_BIT_EXECUTABLE))
		region->map_flags |= HV_MAP_GPA_EXECUTABLE;
	return region;
}

static long region_add(struct partition *partition,
		       const struct mshv_user_mem_region *user)
{
	const unsigned long count = user->size >> PAGE_SHIFT;
	struct region *region;
	bool clean = true;
	int ret;

	if (overlaps(partition, user, count))
		return -EEXIST;
	region = region_allocate(user, count);
	if (!region)
		return -ENOMEM;
	atomic_long_add(count, &partition->pool.mapped);
	ret = region_pin(region);
	if (!ret)
		ret = region_map(&partition->pool, region, &clean);
	if (!ret) {
		list_add_tail(&region->list, &partition->regions);
		return 0;
	}
	atomic_long_sub(count, &partition->pool.mapped);
	if (clean)
		region_free(region);
	else
		pr_err("mshv: p%llu: region at page %#llx stays pinned\n",
		       partition->id, region->gpa_page);
	return ret;
}

static long region_remove(struct partition *partition,
			  const struct mshv_user_mem_region *user)
{
	struct region *region;
	int ret;

	list_for_each_entry(region, &partition->regions, list)
	{
		if (region->gpa_page != user->guest_pfn ||
		    region->count != user->size >> PAGE_SHIFT ||
		    region->user_address != user->userspace_addr)
			continue;
		ret = region_unmap(&partition->pool, region, region->count);
		/* Still mapped in part: the pages must stay pinned. */
		if (ret)
			return ret;
		atomic_long_sub(region->count, &partition->pool.mapped);
		list_del(&region->list);
		region_free(region);
		return 0;
	}
	return -EINVAL;
}

/* MSHV_SET_GUEST_MEMORY. partition.mutex is held. */
long region_set(struct partition *partition, void __user *arguments)
{
	struct mshv_user_mem_region user;
	u64 end;

	if (copy_from_user(&user, arguments, sizeof(user)))
		return -EFAULT;
	if (!user.size || user.size % HV_PAGE_SIZE ||
	    user.userspace_addr % HV_PAGE_SIZE ||
	    user.flags & ~MSHV_SET_MEM_FLAGS_MASK ||
	    memchr_inv(user.rsvd, 0, sizeof(user.rsvd)) ||
	    check_add_overflow(user.userspace_addr, user.size, &end) ||
	    user.guest_pfn + (user.size >> PAGE_SHIFT) >
		    1ULL << (52 - PAGE_SHIFT) ||
	    user.guest_pfn > 1ULL << (52 - PAGE_SHIFT))
		return -EINVAL;
	if (user.flags & (1 << MSHV_SET_MEM_BIT_UNMAP))
		return region_remove(partition, &user);
	if (!access_ok(u64_to_user_ptr(user.userspace_addr), user.size))
		return -EFAULT;
	return region_add(partition, &user);
}

/* At the partition's end; without unpin the pages stay lost to this kernel. */
void region_free_all(struct partition *partition, bool unpin)
{
	struct region *region, *next;

	if (!unpin) {
		if (!list_empty(&partition->regions))
			pr_err("mshv: p%llu: its memory stays pinned\n",
			       partition->id);
		return;
	}
	list_for_each_entry_safe(region, next, &partition->regions, list)
	{
		list_del(&region->list);
		region_free(region);
	}
}
