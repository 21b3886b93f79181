/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lists of pages (GPADLs): what is in them, and when they come and go. */
#include "protocols.h"

#define LIST_MANY     520u	 /* the host keeps 512 */
#define PAGE_NOBODYS  0x80000ull /* 2 GiB: no small child has that */
#define RELID_NOBODYS 2000u
#define RANGE_SIZE    8u

static uint8_t pages[4][HV_PAGE_SIZE] __attribute__((aligned(HV_PAGE_SIZE)));
static struct vmbus_channel *const owner = &channels[DEVICE_MOUSE];

/* One list in one message, right until something is changed. */
struct list {
	union {
		struct vmbus_gpadl_header header;
		uint32_t words[5 + 2 + 16];
	};
};

/* Words of it: the one range, then page numbers, low half first. */
#define BYTE_COUNT  5
#define BYTE_OFFSET 6
#define FIRST_PAGE  7

static void list_page(struct list *list, uint32_t index, uint64_t number)
{
	list->words[FIRST_PAGE + 2 * index] = (uint32_t)number;
	list->words[FIRST_PAGE + 2 * index + 1] = (uint32_t)(number >> 32);
}

static struct list list_of(uint32_t count)
{
	struct list list = {
		.header = {.header.type = VMBUS_MSG_GPADL_HEADER,
			   .relid = owner->offer.relid,
			   .gpadl = list_new(),
			   .range_buffer_length =
				   (uint16_t)(RANGE_SIZE + 8 * count),
			   .range_count = 1},
	};
	uint32_t i;

	list.words[BYTE_COUNT] = count * HV_PAGE_SIZE;
	for (i = 0; i < count && i < 4; i++)
		list_page(&list, i, (uint64_t)pages[i] / HV_PAGE_SIZE);
	return list;
}

static size_t list_size(uint32_t here)
{
	return sizeof(struct vmbus_gpadl_header) + RANGE_SIZE + 8 * here;
}

static bool is_refusal(const struct vmbus_gpadl_created *answer, uint32_t gpadl)
{
	return answer && answer->header.type == VMBUS_MSG_GPADL_CREATED &&
	       answer->gpadl == gpadl && answer->status;
}

static bool list_refused(const struct list *list, uint32_t here)
{
	return is_refusal(bus_say(list, list_size(here)), list->header.gpadl);
}

static bool list_taken(const struct list *list, uint32_t here)
{
	const struct vmbus_gpadl_created *const answer =
		bus_say(list, list_size(here));

	return answer && answer->header.type == VMBUS_MSG_GPADL_CREATED &&
	       !answer->status;
}

static bool list_gone(const struct list *list)
{
	return vmbus_unshare(list->header.relid, list->header.gpadl);
}

/* ---- What is in it ---- */

static bool ranges_none(void)
{
	struct list list = list_of(1);

	list.header.range_count = 0;
	return list_refused(&list, 1);
}

static bool ranges_two(void)
{
	struct list list = list_of(1);

	list.header.range_count = 2;
	return list_refused(&list, 1);
}

static bool range_cut_short(void)
{
	struct list list = list_of(1);

	return is_refusal(bus_say(&list, sizeof(list.header) + 4),
			  list.header.gpadl);
}

static bool page_outside(void)
{
	struct list list = list_of(2);

	list_page(&list, 1, PAGE_NOBODYS);
	return list_refused(&list, 2);
}

static bool page_huge(void)
{
	struct list list = list_of(2);

	list_page(&list, 1, ~0ull);
	return list_refused(&list, 2);
}

static bool bytes_none(void)
{
	struct list list = list_of(1);

	list.words[BYTE_COUNT] = 0;
	return list_refused(&list, 1);
}

static bool bytes_more(void)
{
	struct list list = list_of(1);

	list.words[BYTE_COUNT] = 2 * HV_PAGE_SIZE;
	return list_refused(&list, 1);
}

static bool bytes_huge(void)
{
	struct list list = list_of(1);

	list.words[BYTE_COUNT] = 0xffffffff;
	return list_refused(&list, 1);
}

static bool offset_outside(void)
{
	struct list list = list_of(1);

	list.words[BYTE_OFFSET] = HV_PAGE_SIZE;
	return list_refused(&list, 1);
}

static bool length_odd(void)
{
	struct list list = list_of(1);

	list.header.range_buffer_length += 4;
	return list_refused(&list, 1);
}

static bool channel_nobodys(void)
{
	struct list list = list_of(1);

	list.header.relid = RELID_NOBODYS;
	return list_refused(&list, 1);
}

static bool id_twice(void)
{
	const struct list list = list_of(1);

	return list_taken(&list, 1) && list_refused(&list, 1) &&
	       list_gone(&list);
}

/* ---- Pages that follow ---- */

#define FIRST_OF_BODY 2

struct body {
	union {
		struct vmbus_gpadl_body head;
		uint64_t words[FIRST_OF_BODY + 4];
	};
};

static struct body body_of(uint32_t gpadl)
{
	struct body body = {
		.head = {.header.type = VMBUS_MSG_GPADL_BODY,
			 .message_number = 1,
			 .gpadl = gpadl},
	};
	uint32_t i;

	for (i = 0; i < 4; i++)
		body.words[FIRST_OF_BODY + i] =
			(uint64_t)pages[i] / HV_PAGE_SIZE;
	return body;
}

static bool body_nobodys(void)
{
	const struct body body = body_of(list_new());

	return bus_say(&body, sizeof(body.head) + 8);
}

static bool body_too_much(void)
{
	const struct list list = list_of(3);
	const struct body body = body_of(list.header.gpadl);

	return !bus_say(&list, list_size(1)) &&
	       is_refusal(bus_say(&body, sizeof(body.head) + 3 * 8),
			  list.header.gpadl);
}

static bool body_outside(void)
{
	const struct list list = list_of(2);
	struct body body = body_of(list.header.gpadl);

	body.words[FIRST_OF_BODY] = PAGE_NOBODYS;
	return !bus_say(&list, list_size(1)) &&
	       is_refusal(bus_say(&body, sizeof(body.head) + 8),
			  list.header.gpadl);
}

static bool body_cut_short(void)
{
	const struct list list = list_of(2);
	const struct body body = body_of(list.header.gpadl);

	return !bus_say(&list, list_size(1)) &&
	       is_refusal(bus_say(&body, sizeof(body.head) + 4),
			  list.header.gpadl);
}

static bool body_after_all(void)
{
	const struct list list = list_of(1);
	const struct body body = body_of(list.header.gpadl);

	return list_taken(&list, 1) &&
	       is_refusal(bus_say(&body, sizeof(body.head) + 8),
			  list.header.gpadl) &&
	       list_gone(&list);
}

/* An open with a list whose pages have not all come. */
static bool incomplete_used(void)
{
	const struct list list = list_of(4);
	const struct vmbus_open_channel open = {
		.header.type = VMBUS_MSG_OPEN_CHANNEL,
		.relid = owner->offer.relid,
		.ring_gpadl = list.header.gpadl,
		.downstream_offset_pages = 2,
	};
	const struct vmbus_open_channel_result *answer;
	bool refused;

	bus_say(&list, list_size(2));
	answer = bus_say(&open, sizeof(open));
	refused = answer &&
		  answer->header.type == VMBUS_MSG_OPEN_CHANNEL_RESULT &&
		  answer->status;
	return list_gone(&list) && refused;
}

/* ---- Coming and going ---- */

static bool teardown_nobodys(void)
{
	return !vmbus_unshare(owner->offer.relid, list_new());
}

/* Not before the channel is closed is the host done with its rings. */
static bool teardown_in_use(void)
{
	const struct vmbus_gpadl_teardown teardown = {
		.header.type = VMBUS_MSG_GPADL_TEARDOWN,
		.relid = channels[DEVICE_KEYBOARD].offer.relid,
		.gpadl = channels[DEVICE_KEYBOARD].gpadl,
	};
	const struct vmbus_close_channel close = {
		.header.type = VMBUS_MSG_CLOSE_CHANNEL,
		.relid = teardown.relid,
	};
	const struct vmbus_gpadl_torndown *answer;

	if (!keyboard_works() || bus_say(&teardown, sizeof(teardown)) ||
	    bus_say(&teardown, sizeof(teardown)) || !keyboard_works())
		return true;
	channels[DEVICE_KEYBOARD].is_open = false;
	answer = bus_say(&close, sizeof(close));
	return !answer || answer->header.type != VMBUS_MSG_GPADL_TORNDOWN ||
	       answer->gpadl != teardown.gpadl;
}

static bool too_many(void)
{
	static uint32_t taken[LIST_MANY];
	uint32_t count = 0, i;
	bool refused = false;

	while (count < LIST_MANY && !refused) {
		const struct list list = list_of(1);

		taken[count] = list.header.gpadl;
		refused = !list_taken(&list, 1);
		count += !refused;
	}
	for (i = 0; i < count; i++)
		if (!vmbus_unshare(owner->offer.relid, taken[i]))
			return false;
	return refused;
}

static bool others_work(void)
{
	return storage_works() && keyboard_works();
}

static const struct deed deeds[] = {
	{"ranges-none", REFUSED, ranges_none, false},
	{"ranges-two", REFUSED, ranges_two, false},
	{"range-cut-short", REFUSED, range_cut_short, false},
	{"page-outside", REFUSED, page_outside, false},
	{"page-huge", REFUSED, page_huge, false},
	{"bytes-none", REFUSED, bytes_none, false},
	{"bytes-more-than-pages", REFUSED, bytes_more, false},
	{"bytes-huge", REFUSED, bytes_huge, false},
	{"offset-outside", REFUSED, offset_outside, false},
	{"length-odd", REFUSED, length_odd, false},
	{"channel-of-nobody", REFUSED, channel_nobodys, false},
	{"id-twice", REFUSED, id_twice, false},
	{"body-of-nobody", IGNORED, body_nobodys, false},
	{"body-too-much", REFUSED, body_too_much, false},
	{"body-outside", REFUSED, body_outside, false},
	{"body-cut-short", REFUSED, body_cut_short, false},
	{"body-after-all", REFUSED, body_after_all, false},
	{"incomplete-used", REFUSED, incomplete_used, false},
	{"teardown-of-nobody", IGNORED, teardown_nobodys, false},
	{"teardown-in-use", IGNORED, teardown_in_use, false},
	{"too-many", REFUSED, too_many, false},
};

const struct protocol list_protocol = {
	.name = "list",
	.works = bus_works,
	.others_work = others_work,
	DEEDS,
};
