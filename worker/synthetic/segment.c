// SPDX-License-Identifier: GPL-2.0-or-later
/* TCP segmentation in software. */
#include "segment.h"

#include <string.h>

#include "abi/big_endian.h"

#define IPV6_SIZE	40u
#define TCP_SEQUENCE	4u
#define TCP_FLAGS	13u
#define TCP_FLAG_FIN	0x01u
#define TCP_FLAG_SYN	0x02u
#define TCP_FLAG_RST	0x04u
#define TCP_FLAG_PSH	0x08u
#define TCP_FLAG_CWR	0x80u
#define IPV4_LENGTH	2u
#define IPV4_IDENTIFIER 4u
#define IPV6_LENGTH	4u

bool segment_begin(struct segment_cut *cut, struct frame *whole,
		   uint32_t segment_size)
{
	const struct frame_layout *const layout = &whole->layout;

	if (layout->protocol != FRAME_PROTOCOL_TCP ||
	    segment_size < SEGMENT_SIZE_MIN)
		return false;
	/* These are not about a run of data. */
	if (frame_head_const(whole)[layout->transport + TCP_FLAGS] &
	    (TCP_FLAG_SYN | TCP_FLAG_RST))
		return false;
	frame_trim(whole);
	frame_head_to_payload(whole);
	cut->whole = whole;
	cut->segment_size = segment_size;
	cut->payload_size = whole->rest_size;
	cut->count = (cut->payload_size + segment_size - 1) / segment_size;
	if (!cut->count)
		cut->count = 1;
	return true;
}

bool segment_first_differs(const struct frame *whole)
{
	return frame_head_const(whole)[whole->layout.transport + TCP_FLAGS] &
	       TCP_FLAG_CWR;
}

void segment_set_length(struct frame *frame)
{
	struct frame_layout *const layout = &frame->layout;
	uint8_t *const ip = frame_head(frame) + layout->network;
	const uint32_t length = frame_size(frame) - layout->network;

	layout->end = frame_size(frame);
	if (layout->ipv4)
		big_endian_set16(ip + IPV4_LENGTH, (uint16_t)length);
	else
		big_endian_set16(ip + IPV6_LENGTH,
				 (uint16_t)(length - IPV6_SIZE));
}

void segment_make(const struct segment_cut *cut, uint32_t index,
		  struct frame *segment)
{
	const struct frame *const whole = cut->whole;
	const uint32_t offset = index * cut->segment_size;
	const uint32_t left = cut->payload_size - offset;
	const bool last = index + 1 == cut->count;

	*segment = *whole;
	segment->skipped += offset;
	segment->rest_size = last ? left : cut->segment_size;
	segment_set_length(segment);

	uint8_t *const ip = frame_head(segment) + whole->layout.network;
	uint8_t *const tcp = frame_head(segment) + whole->layout.transport;

	big_endian_set32(tcp + TCP_SEQUENCE,
			 big_endian_get32(tcp + TCP_SEQUENCE) + offset);
	if (!last)
		tcp[TCP_FLAGS] &= (uint8_t) ~(TCP_FLAG_FIN | TCP_FLAG_PSH);
	if (index)
		tcp[TCP_FLAGS] &= (uint8_t)~TCP_FLAG_CWR;
	if (whole->layout.ipv4) {
		big_endian_set16(
			ip + IPV4_IDENTIFIER,
			(uint16_t)(big_endian_get16(ip + IPV4_IDENTIFIER) +
				   index));
		frame_ip_checksum(segment);
	}
	frame_pseudo_checksum(segment);
}
