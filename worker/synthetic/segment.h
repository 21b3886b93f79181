/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Cutting a TCP frame that is too long for the wire into segments. */
#pragma once

#include "frame.h"

/* A child's smaller ones are refused: one frame would be thousands. */
#define SEGMENT_SIZE_MIN 48u

struct segment_cut {
	const struct frame *whole; /* its head is exactly its headers */
	uint32_t segment_size;	   /* bytes of payload in each but the last */
	uint32_t payload_size;
	uint32_t count;
};

/*
 * Prepares to cut a parsed frame, whose head becomes its headers only; the
 * frame must stay. False: it is not TCP, or segment_size is not possible.
 */
bool segment_begin(struct segment_cut *cut, struct frame *whole,
		   uint32_t segment_size);

/*
 * The segment of that index, below count, as a frame of its own: lengths,
 * IP's identification and checksum, sequence number and flags are its own,
 * TCP's checksum is the pseudo-header's.
 */
void segment_make(const struct segment_cut *cut, uint32_t index,
		  struct frame *segment);

/*
 * Whether the first segment has a flag that the others have not (RFC 3168
 * 6.1.2), which the link is not told of.
 */
bool segment_first_differs(const struct frame *whole);

/* The lengths that IP's header gives, from the frame's size. */
void segment_set_length(struct frame *frame);
