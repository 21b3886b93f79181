/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A tap of the parent, attached to one of its bridges.
 *
 * Each read and each write is one frame behind a virtio_net_hdr, which says
 * whether its sum is missing and whether it is still to be cut; so a large
 * frame of one child reaches the device of another in one piece.
 *
 * A frame that the device has no room for stays in the buffer, and the tap
 * leaves the epoll set until resume(): the kernel's queue of the tap fills
 * and drops, as a wire's would.
 */
#define _GNU_SOURCE
#include "network_tap.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <linux/sockios.h>
#include <linux/virtio_net.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#define READS_MAX   64 /* frames in one turn of the event loop */
#define PIECES_MAX  256
#define FRAME_MAX   (65535u + 22u) /* uncut; Ethernet and two VLAN tags */
#define HEADER_SIZE sizeof(struct virtio_net_hdr)

struct network_tap {
	struct network_backend backend; /* first */
	int fd;
	int kick_fd;
	bool kicked;
	bool reading;	     /* fd is in the epoll set */
	bool lost;	     /* somebody deleted the tap */
	uint32_t waiting;    /* bytes of the frame that waits; 0: none */
	char name[IFNAMSIZ]; /* the tap's, for the log */
	struct virtio_net_hdr header;
	uint8_t frame[FRAME_MAX];
};

/* ---- To the child ---- */

static void watch(struct network_tap *tap, bool on)
{
	struct epoll_event event = {
		.events = on ? EPOLLIN : 0,
		.data.fd = tap->fd,
	};

	if (on == tap->reading)
		return;
	/* Out of the set altogether: an error of a tap would spin. */
	if (!epoll_ctl(tap->backend.poll_fd, on ? EPOLL_CTL_ADD : EPOLL_CTL_DEL,
		       tap->fd, &event))
		tap->reading = on;
}

static void kick(struct network_tap *tap)
{
	const uint64_t one = 1;

	if (!tap->kicked)
		tap->kicked = write(tap->kick_fd, &one, sizeof(one)) > 0;
}

static void unkick(struct network_tap *tap)
{
	uint64_t count;

	if (tap->kicked && read(tap->kick_fd, &count, sizeof(count)) > 0)
		tap->kicked = false;
}

/*
 * Ethernet to TCP. The header's own word for it is a hint, not to be relied
 * on: TCP begins where its sum does.
 */
static uint16_t headers_size(const struct network_tap *tap)
{
	const uint32_t at = tap->header.csum_start;

	if (!(tap->header.flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) ||
	    at + 20 > tap->waiting)
		return 0;
	return (uint16_t)(at + (tap->frame[at + 12] >> 4) * 4u);
}

/* What the header says of the frame that waits; false: it makes no sense. */
static bool offload_of(const struct network_tap *tap,
		       struct network_offload *offload)
{
	const struct virtio_net_hdr *header = &tap->header;
	const unsigned int kind =
		header->gso_type & ~(unsigned int)VIRTIO_NET_HDR_GSO_ECN;

	*offload = (struct network_offload){
		.checksum_verified =
			header->flags & VIRTIO_NET_HDR_F_DATA_VALID,
	};
	if (header->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) {
		offload->checksum_missing = true;
		offload->checksum_start = header->csum_start;
		offload->checksum_offset = header->csum_offset;
		if ((uint32_t)header->csum_start + header->csum_offset + 2 >
		    tap->waiting)
			return false;
	}
	if (kind == VIRTIO_NET_HDR_GSO_NONE)
		return true;
	offload->segmentation = kind == VIRTIO_NET_HDR_GSO_TCPV4
					? NETWORK_TCP_IPV4
					: NETWORK_TCP_IPV6;
	offload->segment_size = header->gso_size;
	offload->header_size = headers_size(tap);
	return header->gso_size && offload->header_size &&
	       offload->header_size < tap->waiting &&
	       (kind == VIRTIO_NET_HDR_GSO_TCPV4 ||
		kind == VIRTIO_NET_HDR_GSO_TCPV6);
}

/* False: the device has no room. */
static bool hand_over(struct network_tap *tap)
{
	const struct span span = {tap->frame, tap->waiting};
	struct network_frame frame = {
		.spans = &span,
		.span_count = 1,
		.size = tap->waiting,
	};

	if (tap->backend.down || !tap->backend.link.receive ||
	    !offload_of(tap, &frame.offload))
		tap->backend.counters.received_dropped++;
	else if (!network_deliver(&tap->backend, &frame))
		return false;
	tap->waiting = 0;
	return true;
}

/* Somebody in the parent deleted it: the child's cable is out for good. */
static void lose(struct network_tap *tap)
{
	struct network_link *link = &tap->backend.link;

	device_log("tap", "%s is gone: %s", tap->name, strerror(errno));
	tap->lost = true;
	tap->backend.down = true;
	watch(tap, false);
	if (link->carrier)
		link->carrier(link->device, false);
}

/* False: nothing there. */
static bool read_frame(struct network_tap *tap)
{
	const struct iovec pieces[] = {
		{&tap->header, sizeof(tap->header)},
		{tap->frame, sizeof(tap->frame)},
	};
	const ssize_t size = readv(tap->fd, pieces, 2);

	if (size < 0 && errno != EAGAIN && errno != EINTR)
		lose(tap);
	if (size <= (ssize_t)HEADER_SIZE)
		return false;
	tap->waiting = (uint32_t)(size - (ssize_t)HEADER_SIZE);
	return true;
}

static void service(struct network_backend *backend)
{
	struct network_tap *tap = (struct network_tap *)backend;

	unkick(tap);
	if (tap->lost)
		return;
	for (unsigned int i = 0; i < READS_MAX; i++) {
		if (!tap->waiting && !read_frame(tap))
			break;
		if (!hand_over(tap)) {
			watch(tap, false);
			return;
		}
	}
	if (!tap->lost)
		watch(tap, true);
}

static void resume(struct network_link *link)
{
	kick(link->owner);
}

/* ---- From the child ---- */

static struct virtio_net_hdr header_of(const struct network_offload *offload)
{
	static const uint8_t kinds[] = {
		[NETWORK_WHOLE] = VIRTIO_NET_HDR_GSO_NONE,
		[NETWORK_TCP_IPV4] = VIRTIO_NET_HDR_GSO_TCPV4,
		[NETWORK_TCP_IPV6] = VIRTIO_NET_HDR_GSO_TCPV6,
	};
	struct virtio_net_hdr header = {0};

	if (offload->checksum_missing) {
		header.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
		header.csum_start = offload->checksum_start;
		header.csum_offset = offload->checksum_offset;
	}
	if (offload->segmentation != NETWORK_WHOLE) {
		header.gso_type = kinds[offload->segmentation];
		header.gso_size = offload->segment_size;
		header.hdr_len = offload->header_size;
	}
	return header;
}

/* The header and the frame as pieces; 0: too many. */
static int pieces_of(const struct network_frame *frame,
		     struct iovec pieces[PIECES_MAX])
{
	if (!frame->span_count || frame->span_count >= PIECES_MAX)
		return 0;
	for (unsigned int i = 0; i < frame->span_count; i++)
		pieces[i + 1] = (struct iovec){frame->spans[i].base,
					       frame->spans[i].size};
	return (int)frame->span_count + 1;
}

static void send_frame(struct network_link *link,
		       const struct network_frame *frame)
{
	struct network_tap *tap = link->owner;
	struct virtio_net_hdr header = header_of(&frame->offload);
	struct iovec pieces[PIECES_MAX];
	const int count = pieces_of(frame, pieces);

	pieces[0] = (struct iovec){&header, sizeof(header)};
	/* What the kernel does not like (no room, a bad header) is lost. */
	if (!tap->backend.down && count && writev(tap->fd, pieces, count) > 0)
		network_count_sent(&tap->backend, frame);
	else
		tap->backend.counters.sent_dropped++;
}

static void set_link(struct network_backend *backend, bool up)
{
	struct network_tap *tap = (struct network_tap *)backend;
	const int carrier = up;

	if (tap->lost)
		return;
	backend->down = !up;
	if (ioctl(tap->fd, TUNSETCARRIER, &carrier) < 0)
		device_log("tap", "%s: link %s: %s", tap->name,
			   up ? "up" : "down", strerror(errno));
	kick(tap);
}

/* ---- Making and ending ---- */

static void destroy(struct network_backend *backend)
{
	struct network_tap *tap = (struct network_tap *)backend;

	if (tap->fd >= 0)
		close(tap->fd);
	if (tap->kick_fd >= 0)
		close(tap->kick_fd);
	if (backend->poll_fd >= 0)
		close(backend->poll_fd);
	device_free(tap);
}

static bool open_set(struct network_tap *tap)
{
	struct epoll_event event = {.events = EPOLLIN};

	tap->backend.poll_fd = epoll_create1(EPOLL_CLOEXEC);
	tap->kick_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return tap->backend.poll_fd >= 0 && tap->kick_fd >= 0 &&
	       !epoll_ctl(tap->backend.poll_fd, EPOLL_CTL_ADD, tap->kick_fd,
			  &event);
}

/* One call on the interface of that name; its errno stays. */
static bool configure(int fd, unsigned long call, struct ifreq *request,
		      const char *name)
{
	memset(request->ifr_name, 0, IFNAMSIZ);
	memcpy(request->ifr_name, name, strnlen(name, IFNAMSIZ - 1));
	return ioctl(fd, call, request) >= 0;
}

/*
 * A bridge takes the lowest address of its ports, unless it was given one:
 * ours are high, so that one with a port of the outside keeps its own when
 * children come and go.
 */
static bool address_raise(int fd, const char *name)
{
	struct ifreq address = {0};

	if (!configure(fd, SIOCGIFHWADDR, &address, name))
		return false;
	address.ifr_hwaddr.sa_data[0] = (char)0xfe;
	return configure(fd, SIOCSIFHWADDR, &address, name);
}

/* On the bridge, then up: so it never gets an address of its own. */
static bool attach(const struct network_tap *tap,
		   const struct network_tap_options *options)
{
	const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq mtu = {.ifr_mtu = (int)options->mtu};
	struct ifreq flags = {0};
	struct ifreq port = {.ifr_ifindex = (int)if_nametoindex(tap->name)};
	bool good;

	if (fd < 0)
		return false;
	good = configure(fd, SIOCSIFMTU, &mtu, tap->name) &&
	       address_raise(fd, tap->name) &&
	       configure(fd, SIOCBRADDIF, &port, options->bridge) &&
	       configure(fd, SIOCGIFFLAGS, &flags, tap->name);
	flags.ifr_flags |= IFF_UP;
	good = good && configure(fd, SIOCSIFFLAGS, &flags, tap->name);

	const int error = errno;

	close(fd);
	errno = error;
	return good;
}

/* Whose tap it is, for "ip link": no harm where it cannot be said. */
static void set_alias(const struct network_tap *tap, const char *child)
{
	char path[64 + IFNAMSIZ];
	int fd;

	snprintf(path, sizeof(path), "/sys/class/net/%s/ifalias", tap->name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	if (write(fd, child, strlen(child)) < 0)
		device_log("tap", "%s: no alias: %s", tap->name,
			   strerror(errno));
	close(fd);
}

static bool open_tap(struct network_tap *tap, bool segments)
{
	struct ifreq request = {
		.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR,
	};
	const int header_size = HEADER_SIZE;
	unsigned long offloads = TUN_F_CSUM;

	if (segments)
		offloads |= TUN_F_TSO4 | TUN_F_TSO6;
	tap->fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (tap->fd < 0 ||
	    !configure(tap->fd, TUNSETIFF, &request, "bulkhead%d") ||
	    ioctl(tap->fd, TUNSETVNETHDRSZ, &header_size) < 0 ||
	    ioctl(tap->fd, TUNSETOFFLOAD, offloads) < 0)
		return false;
	memcpy(tap->name, request.ifr_name, IFNAMSIZ);
	return true;
}

struct network_backend *
network_tap_create(const struct network_tap_options *options, char *error)
{
	struct network_tap *tap = device_allocate(sizeof(*tap));

	tap->backend = (struct network_backend){
		.link = {.mtu = options->mtu,
			 .checksums = true,
			 .segments = true,
			 .send = send_frame,
			 .resume = resume,
			 .owner = tap},
		.poll_fd = -1,
		.service = service,
		.set_link = set_link,
		.destroy = destroy,
	};
	tap->fd = -1;
	tap->kick_fd = -1;
	if (!open_set(tap) || !open_tap(tap, options->segments)) {
		snprintf(error, NETWORK_ERROR_SIZE, "a tap (/dev/net/tun): %s",
			 strerror(errno));
	} else if (!attach(tap, options)) {
		snprintf(error, NETWORK_ERROR_SIZE,
			 "a tap on the bridge \"%s\": %s", options->bridge,
			 strerror(errno));
	} else {
		set_alias(tap, options->name);
		watch(tap, true);
		return &tap->backend;
	}
	destroy(&tap->backend);
	return NULL;
}
