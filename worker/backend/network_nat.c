/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A network of the child's own behind address translation, by libslirp.
 *
 * libslirp wants to be asked before each wait which sockets to wait for, and
 * to be told after it what they are ready for. Here the sockets are in an
 * epoll set of their own, kept up to date with what changed:
 *
 *   poll_fd ── kick      an eventfd: the device sent, or has room again
 *          └─ sockets   libslirp's; out of the set while we hold back
 *
 * Its timers, and its wish to be called at times, are one timer of the
 * machine's clock, so that nothing times out while the child is paused.
 */
#define _GNU_SOURCE
#include "network_nat.h"
#include "network_queue.h"

#include <arpa/inet.h>
#include <errno.h>
#include <slirp/libslirp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define NS_PER_MS  1000000ull
#define EVENTS_MAX 64
#define FRAME_MAX  (NETWORK_MTU_MAX + 22u) /* Ethernet and two VLAN tags */
/* With so much for the child to take, sockets wait: that slows their peers. */
#define HOLD_SIZE (NETWORK_QUEUE_SIZE / 4)

/* What is known of a descriptor of libslirp's; its number is the index. */
struct nat_socket {
	uint32_t watched; /* epoll events in the set; 0: not in it */
	uint32_t wanted;  /* asked for in this round */
	uint32_t ready;
};

struct nat_timer {
	struct device_timer timer;
	struct network_nat *nat;
	SlirpTimerId id;
	void *owner; /* libslirp's */
};

struct network_nat {
	struct network_backend backend; /* first */
	Slirp *slirp;
	int kick_fd;
	int sockets_fd;
	bool kicked;
	bool serving; /* what would be a kick is about to be done */
	bool holding;
	struct device_timer wake;
	struct nat_timer timers[SLIRP_TIMER_NUM];
	struct nat_socket *sockets;
	int socket_count;
	uint8_t frame[FRAME_MAX];
	struct network_queue queue;
};

/* ---- The epoll sets ---- */

static void kick(struct network_nat *nat)
{
	const uint64_t one = 1;

	if (!nat->kicked && !nat->serving)
		nat->kicked = write(nat->kick_fd, &one, sizeof(one)) > 0;
}

static void unkick(struct network_nat *nat)
{
	uint64_t count;

	if (nat->kicked && read(nat->kick_fd, &count, sizeof(count)) > 0)
		nat->kicked = false;
}

/* An entry for fd; NULL: no descriptor, or no memory. */
static struct nat_socket *socket_of(struct network_nat *nat, int fd)
{
	struct nat_socket *grown;
	const int count = (fd | 63) + 1;

	if (fd < 0)
		return NULL;
	if (fd < nat->socket_count)
		return &nat->sockets[fd];
	grown = realloc(nat->sockets, (size_t)count * sizeof(*grown));
	if (!grown)
		return NULL;
	memset(grown + nat->socket_count, 0,
	       (size_t)(count - nat->socket_count) * sizeof(*grown));
	nat->sockets = grown;
	nat->socket_count = count;
	return &grown[fd];
}

static void socket_watch(struct network_nat *nat, int fd, uint32_t events)
{
	struct nat_socket *socket = &nat->sockets[fd];
	struct epoll_event event = {.events = events, .data.fd = fd};
	int operation = EPOLL_CTL_MOD;

	if (socket->watched == events)
		return;
	if (!events)
		operation = EPOLL_CTL_DEL;
	else if (!socket->watched)
		operation = EPOLL_CTL_ADD;
	if (epoll_ctl(nat->sockets_fd, operation, fd, &event) && events)
		events = 0; /* tried again in the next round */
	socket->watched = events;
}

static uint32_t to_epoll(int events)
{
	uint32_t to = 0;

	if (events & SLIRP_POLL_IN)
		to |= EPOLLIN;
	if (events & SLIRP_POLL_OUT)
		to |= EPOLLOUT;
	if (events & SLIRP_POLL_PRI)
		to |= EPOLLPRI;
	return to;
}

static int from_epoll(uint32_t events)
{
	int from = 0;

	if (events & EPOLLIN)
		from |= SLIRP_POLL_IN;
	if (events & EPOLLOUT)
		from |= SLIRP_POLL_OUT;
	if (events & EPOLLPRI)
		from |= SLIRP_POLL_PRI;
	if (events & EPOLLERR)
		from |= SLIRP_POLL_ERR;
	if (events & EPOLLHUP)
		from |= SLIRP_POLL_HUP;
	return from;
}

/* Called for each socket that libslirp waits for; the index is our own. */
static int add_poll(int fd, int events, void *owner)
{
	struct network_nat *nat = owner;
	struct nat_socket *socket = socket_of(nat, fd);

	if (!socket)
		return -1;
	/* Errors and hang-ups are told unasked, as poll() does. */
	socket->wanted = to_epoll(events) | EPOLLERR;
	return fd;
}

static int get_ready(int index, void *owner)
{
	const struct network_nat *nat = owner;

	if (index < 0 || index >= nat->socket_count)
		return 0;
	return from_epoll(nat->sockets[index].ready);
}

/* What libslirp waits for from now on, and how long at most. */
static void refill(struct network_nat *nat)
{
	struct clock *clock = nat->wake.clock;
	uint32_t timeout_ms = 1000;

	for (int fd = 0; fd < nat->socket_count; fd++) {
		nat->sockets[fd].wanted = 0;
		nat->sockets[fd].ready = 0;
	}
	slirp_pollfds_fill(nat->slirp, &timeout_ms, add_poll, nat);
	for (int fd = 0; fd < nat->socket_count; fd++)
		socket_watch(nat, fd, nat->sockets[fd].wanted);
	clock->arm(&nat->wake, clock->now_ns(clock) + timeout_ms * NS_PER_MS);
}

static void collect(struct network_nat *nat)
{
	struct epoll_event events[EVENTS_MAX];
	const int count = epoll_wait(nat->sockets_fd, events, EVENTS_MAX, 0);

	for (int i = 0; i < count; i++) {
		if (events[i].data.fd < nat->socket_count)
			nat->sockets[events[i].data.fd].ready =
				events[i].events;
	}
}

/* While the child takes nothing, sockets do not wake anybody. */
static void hold(struct network_nat *nat, bool on)
{
	struct epoll_event event = {
		.events = on ? 0 : EPOLLIN,
		.data.fd = nat->sockets_fd,
	};

	if (on == nat->holding)
		return;
	nat->holding = on;
	epoll_ctl(nat->backend.poll_fd, EPOLL_CTL_MOD, nat->sockets_fd, &event);
}

/* ---- Frames ---- */

static void flush(struct network_nat *nat)
{
	struct span spans[2];
	struct network_frame frame = {.spans = spans};

	while ((frame.span_count =
			network_queue_front(&nat->queue, spans, &frame.size))) {
		if (!network_deliver(&nat->backend, &frame))
			break;
		network_queue_pop(&nat->queue);
	}
	hold(nat, network_queue_filled(&nat->queue) >= HOLD_SIZE);
}

static void service(struct network_backend *backend)
{
	struct network_nat *nat = (struct network_nat *)backend;

	unkick(nat);
	flush(nat);
	if (!nat->holding)
		collect(nat);
	nat->serving = true;
	slirp_pollfds_poll(nat->slirp, 0, get_ready, nat);
	nat->serving = false;
	flush(nat);
	refill(nat);
}

static void wake_expired(void *owner)
{
	kick(owner);
}

/* libslirp may answer at once: what it says goes to the queue. */
static void send_frame(struct network_link *link,
		       const struct network_frame *frame)
{
	struct network_nat *nat = link->owner;

	if (nat->backend.down || frame->size > sizeof(nat->frame) ||
	    frame->offload.checksum_missing ||
	    frame->offload.segmentation != NETWORK_WHOLE) {
		nat->backend.counters.sent_dropped++;
		return;
	}
	const uint64_t size = spans_read(frame->spans, frame->span_count, 0,
					 nat->frame, frame->size);

	network_count_sent(&nat->backend, frame);
	slirp_input(nat->slirp, nat->frame, (int)size);
	kick(nat);
}

static void resume(struct network_link *link)
{
	kick(link->owner);
}

static ssize_t take_packet(const void *data, size_t size, void *owner)
{
	struct network_nat *nat = owner;

	if (nat->backend.down || !nat->backend.link.receive ||
	    size > FRAME_MAX ||
	    !network_queue_put(&nat->queue, data, (uint32_t)size))
		nat->backend.counters.received_dropped++;
	else
		kick(nat);
	return (ssize_t)size;
}

static void set_link(struct network_backend *backend, bool up)
{
	struct network_nat *nat = (struct network_nat *)backend;

	backend->down = !up;
	while (backend->down && nat->queue.frames) {
		network_queue_pop(&nat->queue);
		backend->counters.received_dropped++;
	}
	kick(nat);
}

/* ---- What libslirp asks of us ---- */

static void guest_error(const char *text, void *owner)
{
	(void)owner;
	device_log("nat", "the child's frame: %s", text);
}

static int64_t clock_get_ns(void *owner)
{
	struct network_nat *nat = owner;
	struct clock *clock = nat->wake.clock;

	return (int64_t)clock->now_ns(clock);
}

static void timer_expired(void *owner)
{
	struct nat_timer *timer = owner;

	slirp_handle_timer(timer->nat->slirp, timer->id, timer->owner);
	kick(timer->nat);
}

static void *timer_new(SlirpTimerId id, void *timer_owner, void *owner)
{
	struct network_nat *nat = owner;

	if (id >= SLIRP_TIMER_NUM)
		return NULL;
	nat->timers[id] = (struct nat_timer){
		.timer = {.clock = nat->wake.clock,
			  .expired = timer_expired,
			  .owner = &nat->timers[id]},
		.nat = nat,
		.id = id,
		.owner = timer_owner,
	};
	return &nat->timers[id];
}

static void timer_free(void *which, void *owner)
{
	struct nat_timer *timer = which;

	(void)owner;
	if (timer)
		timer->timer.clock->disarm(&timer->timer);
}

static void timer_mod(void *which, int64_t deadline_ms, void *owner)
{
	struct nat_timer *timer = which;

	(void)owner;
	if (timer)
		timer->timer.clock->arm(&timer->timer,
					(uint64_t)deadline_ms * NS_PER_MS);
}

static void register_fd(int fd, void *owner)
{
	(void)fd;
	(void)owner; /* refill() finds it */
}

/* Before the descriptor is closed: its number may come back at once. */
static void unregister_fd(int fd, void *owner)
{
	struct network_nat *nat = owner;

	if (fd < 0 || fd >= nat->socket_count)
		return;
	socket_watch(nat, fd, 0);
	nat->sockets[fd] = (struct nat_socket){0};
}

static void notify(void *owner)
{
	kick(owner);
}

static const SlirpCb callbacks = {
	.send_packet = take_packet,
	.guest_error = guest_error,
	.clock_get_ns = clock_get_ns,
	.timer_free = timer_free,
	.timer_mod = timer_mod,
	.register_poll_fd = register_fd,
	.unregister_poll_fd = unregister_fd,
	.notify = notify,
	.timer_new_opaque = timer_new,
};

/* ---- Making and ending ---- */

static void destroy(struct network_backend *backend)
{
	struct network_nat *nat = (struct network_nat *)backend;

	if (nat->slirp)
		slirp_cleanup(nat->slirp);
	if (nat->wake.armed)
		nat->wake.clock->disarm(&nat->wake);
	if (nat->sockets_fd >= 0)
		close(nat->sockets_fd);
	if (nat->kick_fd >= 0)
		close(nat->kick_fd);
	if (backend->poll_fd >= 0)
		close(backend->poll_fd);
	free(nat->sockets);
	device_free(nat);
}

static bool open_set(struct network_nat *nat)
{
	struct epoll_event event = {.events = EPOLLIN};
	struct network_backend *backend = &nat->backend;

	backend->poll_fd = epoll_create1(EPOLL_CLOEXEC);
	nat->sockets_fd = epoll_create1(EPOLL_CLOEXEC);
	nat->kick_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return backend->poll_fd >= 0 && nat->sockets_fd >= 0 &&
	       nat->kick_fd >= 0 &&
	       !epoll_ctl(backend->poll_fd, EPOLL_CTL_ADD, nat->kick_fd,
			  &event) &&
	       !epoll_ctl(backend->poll_fd, EPOLL_CTL_ADD, nat->sockets_fd,
			  &event);
}

static struct in_addr address(const char *text)
{
	struct in_addr to = {0};

	inet_pton(AF_INET, text, &to);
	return to;
}

static struct in6_addr address6(const char *text)
{
	struct in6_addr to = {0};

	inet_pton(AF_INET6, text, &to);
	return to;
}

static Slirp *start(struct network_nat *nat,
		    const struct network_nat_options *options)
{
	const SlirpConfig config = {
		.version = 4,
		.in_enabled = true,
		.vnetwork = address("10.0.2.0"),
		.vnetmask = address("255.255.255.0"),
		.vhost = address("10.0.2.2"),
		.vdhcp_start = address("10.0.2.15"),
		.vnameserver = address("10.0.2.3"),
		.in6_enabled = true,
		.vprefix_addr6 = address6("fec0::"),
		.vprefix_len = 64,
		.vhost6 = address6("fec0::2"),
		.vnameserver6 = address6("fec0::3"),
		.vhostname = options->name,
		.if_mtu = options->mtu,
		.if_mru = options->mtu,
	};

	return slirp_new(&config, &callbacks, nat);
}

static bool add_forward(struct network_nat *nat,
			const struct network_forward *forward, char *error)
{
	const struct in_addr host = {.s_addr = htonl(forward->address)};
	char name[INET_ADDRSTRLEN];

	if (!slirp_add_hostfwd(nat->slirp, forward->udp, host, forward->port,
			       address("10.0.2.15"), forward->child_port))
		return true;
	inet_ntop(AF_INET, &host, name, sizeof(name));
	snprintf(error, NETWORK_ERROR_SIZE, "forward %s:%s:%u:%u: %s",
		 forward->udp ? "udp" : "tcp", name, forward->port,
		 forward->child_port, strerror(errno));
	return false;
}

struct network_backend *
network_nat_create(const struct network_nat_options *options, char *error)
{
	struct network_nat *nat = device_allocate(sizeof(*nat));
	bool good;

	nat->backend = (struct network_backend){
		.link = {.mtu = options->mtu,
			 .send = send_frame,
			 .resume = resume,
			 .owner = nat},
		.poll_fd = -1,
		.service = service,
		.set_link = set_link,
		.destroy = destroy,
	};
	nat->kick_fd = -1;
	nat->sockets_fd = -1;
	nat->wake = (struct device_timer){
		.clock = options->clock,
		.expired = wake_expired,
		.owner = nat,
	};
	good = open_set(nat) && (nat->slirp = start(nat, options));
	if (!good)
		snprintf(error, NETWORK_ERROR_SIZE, "nat: %s", strerror(errno));
	for (unsigned int i = 0; good && i < options->forward_count; i++)
		good = add_forward(nat, &options->forwards[i], error);
	if (!good) {
		destroy(&nat->backend);
		return NULL;
	}
	kick(nat);
	return &nat->backend;
}
