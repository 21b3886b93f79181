// SPDX-License-Identifier: GPL-2.0-or-later
/* An Ethernet frame: its headers, its tag, its checksums. */
#include "frame.h"

#include <string.h>

#include "abi/big_endian.h"
#include "checksum.h"

#define TYPE_OFFSET	 12u /* of the EtherType, or the tag */
#define IPV4_SIZE	 20u
#define IPV6_SIZE	 40u
#define UDP_SIZE	 8u
#define TCP_SIZE	 20u
#define IPV6_HOP_BY_HOP	 0u
#define IPV6_DESTINATION 60u

bool frame_read(struct frame *frame, const struct frame_source *source)
{
	const uint32_t head =
		source->size < FRAME_HEAD_MAX ? source->size : FRAME_HEAD_MAX;

	frame->start = FRAME_VLAN_SIZE;
	frame->head_size = (uint16_t)head;
	frame->spans = source->spans;
	frame->span_count = source->span_count;
	frame->skipped = source->offset + head;
	frame->rest_size = source->size - head;
	frame->layout = (struct frame_layout){0};
	return head >= FRAME_ETHERNET_SIZE &&
	       spans_read(source->spans, source->span_count, source->offset,
			  frame_head(frame), head) == head;
}

/* ---- Headers ---- */

static bool parse_transport(struct frame *frame, uint8_t protocol)
{
	struct frame_layout *const layout = &frame->layout;
	const uint32_t at = layout->transport;
	const uint8_t *const header = frame_head_const(frame) + at;
	uint32_t size = UDP_SIZE;

	if (protocol != FRAME_PROTOCOL_TCP && protocol != FRAME_PROTOCOL_UDP)
		return true;
	if (protocol == FRAME_PROTOCOL_TCP) {
		if (at + TCP_SIZE > frame->head_size)
			return false;
		size = (header[12] >> 4) * 4u;
		if (size < TCP_SIZE)
			return false;
	}
	if (at + size > frame->head_size || at + size > layout->end)
		return false;
	layout->protocol = protocol;
	layout->payload = (uint16_t)(at + size);
	return true;
}

/* A length of 0 is a large send's, which has room for no other. */
static bool parse_end(struct frame *frame, uint32_t header, uint32_t length)
{
	struct frame_layout *const layout = &frame->layout;

	layout->end = length ? layout->network + length : frame_size(frame);
	return length ? length >= header && layout->end <= frame_size(frame)
		      : true;
}

static bool parse_ipv4(struct frame *frame)
{
	struct frame_layout *const layout = &frame->layout;
	const uint8_t *const ip = frame_head_const(frame) + layout->network;
	uint32_t size;

	if (layout->network + IPV4_SIZE > frame->head_size || ip[0] >> 4 != 4)
		return false;
	size = (ip[0] & 15) * 4u;
	if (size < IPV4_SIZE || layout->network + size > frame->head_size ||
	    !parse_end(frame, size, big_endian_get16(ip + 2)))
		return false;
	layout->ipv4 = true;
	layout->transport = (uint16_t)(layout->network + size);
	/* A fragment has no whole payload, and but the first no header. */
	if (big_endian_get16(ip + 6) & 0x3fff)
		return true;
	return parse_transport(frame, ip[9]);
}

static bool parse_ipv6(struct frame *frame)
{
	struct frame_layout *const layout = &frame->layout;
	const uint8_t *const head = frame_head_const(frame);
	const uint8_t *const ip = head + layout->network;
	uint32_t at = layout->network + IPV6_SIZE;
	uint32_t length;
	uint8_t next;

	if (at > frame->head_size || ip[0] >> 4 != 6)
		return false;
	length = big_endian_get16(ip + 4);
	if (!parse_end(frame, IPV6_SIZE, length ? length + IPV6_SIZE : 0))
		return false;
	layout->ipv6 = true;
	next = ip[6];
	/* Any other header, and the addresses summed may be others. */
	while (next == IPV6_HOP_BY_HOP || next == IPV6_DESTINATION) {
		if (at + 8 > frame->head_size)
			return false;
		next = head[at];
		at += (head[at + 1] + 1u) * 8;
	}
	if (at > frame->head_size || at > layout->end)
		return false;
	layout->transport = (uint16_t)at;
	return parse_transport(frame, next);
}

bool frame_parse(struct frame *frame)
{
	const uint8_t *const head = frame_head_const(frame);
	uint32_t at = TYPE_OFFSET;

	frame->layout = (struct frame_layout){0};
	if (big_endian_get16(head + at) == FRAME_TYPE_VLAN)
		at += FRAME_VLAN_SIZE;
	if (at + 2 > frame->head_size)
		return false;
	frame->layout.network = (uint16_t)(at + 2);
	switch (big_endian_get16(head + at)) {
	case FRAME_TYPE_IPV4:
		return parse_ipv4(frame);
	case FRAME_TYPE_IPV6:
		return parse_ipv6(frame);
	default:
		return true;
	}
}

void frame_head_to_payload(struct frame *frame)
{
	const uint32_t more = frame->head_size - frame->layout.payload;

	frame->head_size = frame->layout.payload;
	frame->skipped -= more;
	frame->rest_size += more;
}

void frame_trim(struct frame *frame)
{
	const uint32_t end = frame->layout.end;

	if (!end)
		return;
	if (end < frame->head_size) {
		frame->head_size = (uint16_t)end;
		frame->rest_size = 0;
	} else {
		frame->rest_size = end - frame->head_size;
	}
}

/* ---- 802.1Q ---- */

static void layout_move(struct frame *frame, int by)
{
	struct frame_layout *const layout = &frame->layout;

	if (!layout->network)
		return; /* not parsed */
	layout->network = (uint16_t)(layout->network + by);
	layout->transport = (uint16_t)(layout->transport + by);
	layout->payload = (uint16_t)(layout->payload + by);
	layout->end = (uint32_t)((int)layout->end + by);
}

bool frame_vlan_remove(struct frame *frame, uint16_t *tci)
{
	uint8_t *const head = frame_head(frame);

	if (big_endian_get16(head + TYPE_OFFSET) != FRAME_TYPE_VLAN ||
	    frame->head_size < FRAME_ETHERNET_SIZE + FRAME_VLAN_SIZE)
		return false;
	*tci = big_endian_get16(head + TYPE_OFFSET + 2);
	memmove(head + FRAME_VLAN_SIZE, head, TYPE_OFFSET);
	frame->start = (uint16_t)(frame->start + FRAME_VLAN_SIZE);
	frame->head_size = (uint16_t)(frame->head_size - FRAME_VLAN_SIZE);
	layout_move(frame, -(int)FRAME_VLAN_SIZE);
	return true;
}

void frame_vlan_insert(struct frame *frame, uint16_t tci)
{
	uint8_t *const head = frame_head(frame) - FRAME_VLAN_SIZE;

	memmove(head, head + FRAME_VLAN_SIZE, TYPE_OFFSET);
	big_endian_set16(head + TYPE_OFFSET, FRAME_TYPE_VLAN);
	big_endian_set16(head + TYPE_OFFSET + 2, tci);
	frame->start = (uint16_t)(frame->start - FRAME_VLAN_SIZE);
	frame->head_size = (uint16_t)(frame->head_size + FRAME_VLAN_SIZE);
	layout_move(frame, FRAME_VLAN_SIZE);
}

/* ---- Checksums ---- */

void frame_ip_checksum(struct frame *frame)
{
	const struct frame_layout *const layout = &frame->layout;
	uint8_t *const ip = frame_head(frame) + layout->network;
	struct checksum checksum = {0};
	uint16_t sum;

	if (!layout->ipv4)
		return;
	memset(ip + 10, 0, sizeof(sum));
	checksum_add(&checksum, ip, layout->transport - layout->network);
	sum = checksum_finish(&checksum);
	memcpy(ip + 10, &sum, sizeof(sum));
}

bool frame_ip_is_right(const struct frame *frame)
{
	const struct frame_layout *const layout = &frame->layout;
	struct checksum checksum = {0};

	if (!layout->ipv4)
		return false;
	checksum_add(&checksum, frame_head_const(frame) + layout->network,
		     layout->transport - layout->network);
	return checksum_fold(&checksum) == 0xffff;
}

uint16_t frame_checksum_offset(const struct frame *frame)
{
	return frame->layout.protocol == FRAME_PROTOCOL_TCP ? 16 : 6;
}

void frame_pseudo_checksum(struct frame *frame)
{
	const struct frame_layout *const layout = &frame->layout;
	uint8_t *const head = frame_head(frame);
	const uint8_t *const ip = head + layout->network;
	struct checksum checksum = {0};
	uint8_t tail[4] = {0, layout->protocol};
	uint16_t sum;

	big_endian_set16(tail + 2, (uint16_t)(layout->end - layout->transport));
	if (layout->ipv4)
		checksum_add(&checksum, ip + 12, 2 * 4);
	else
		checksum_add(&checksum, ip + 8, 2 * 16);
	checksum_add(&checksum, tail, sizeof(tail));
	sum = checksum_fold(&checksum);
	memcpy(head + layout->transport + frame_checksum_offset(frame), &sum,
	       sizeof(sum));
}

bool frame_checksum(struct frame *frame, uint32_t start, uint32_t offset)
{
	const struct network_frame rest = {
		frame->spans, frame->span_count, frame->rest_size, {0}};
	uint8_t *const head = frame_head(frame);
	struct checksum checksum = {0};
	uint16_t sum;

	if (start + offset + sizeof(sum) > frame->head_size)
		return false;
	checksum_add(&checksum, head + start, frame->head_size - start);
	if (!checksum_add_spans(&checksum, &rest, frame->skipped,
				frame->rest_size))
		return false;
	sum = checksum_finish(&checksum);
	/* UDP's zero means none; both stand for the same sum. */
	if (!sum)
		sum = 0xffff;
	memcpy(head + start + offset, &sum, sizeof(sum));
	return true;
}

/* ---- Spans ---- */

bool frame_next(const struct frame *frame, struct frame_walk *walk,
		struct span *span)
{
	const struct span *at = &frame->spans[walk->next];

	if (!walk->begun) {
		*walk = (struct frame_walk){
			.begun = true,
			.skip = frame->skipped,
			.left = frame->rest_size,
		};
		*span = (struct span){
			(uint8_t *)(uintptr_t)frame_head_const(frame),
			frame->head_size,
		};
		return true;
	}
	for (; walk->next < frame->span_count && walk->skip >= at->size; at++) {
		walk->skip -= at->size;
		walk->next++;
	}
	if (walk->next == frame->span_count || !walk->left)
		return false;

	const uint64_t here = at->size - walk->skip;
	const uint64_t size = here < walk->left ? here : walk->left;

	*span = (struct span){(uint8_t *)at->base + walk->skip, size};
	walk->left -= size;
	walk->skip = 0;
	walk->next++;
	return true;
}

unsigned int frame_spans(const struct frame *frame, struct span *spans,
			 unsigned int capacity)
{
	struct frame_walk walk = {0};
	unsigned int count = 0;

	while (count < capacity && frame_next(frame, &walk, &spans[count]))
		count++;
	return count;
}
