#include "tests/kit/lone_network.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <net/route.h>
#include <netinet/in.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum { PACKET_KEPT = 128 };

static int wrong(const char *what, char *why, size_t why_len)
{
	snprintf(why, why_len, "%s: %s", what, strerror(errno));
	return 0;
}

static int write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? write(fd, text, strlen(text)) : -1;
	if (fd >= 0)
		close(fd);
	return n == (ssize_t)strlen(text);
}

/* As `ip link set lo up; ip route add default dev lo`. */
static int loop_all(char *why, size_t why_len)
{
	struct ifreq lo = {.ifr_name = "lo"};
	char name[] = "lo";
	struct rtentry all = {.rt_flags = RTF_UP, .rt_dev = name};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	all.rt_dst.sa_family = all.rt_genmask.sa_family = AF_INET;
	int fine = fd >= 0 && ioctl(fd, SIOCGIFFLAGS, &lo) == 0;
	lo.ifr_flags = (short)(lo.ifr_flags | IFF_UP | IFF_RUNNING);
	fine = fine && ioctl(fd, SIOCSIFFLAGS, &lo) == 0;
	if (!fine)
		wrong("the loopback interface", why, why_len);
	else if (ioctl(fd, SIOCADDRT, &all) != 0)
		fine = wrong("the default route", why, why_len);
	if (fd >= 0)
		close(fd);
	return fine;
}

int lone_network_enter(char *why, size_t why_len)
{
	char map[64];
	unsigned uid = getuid(), gid = getgid();
	if (unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0)
		return wrong("unshare", why, why_len);
	snprintf(map, sizeof map, "%u %u 1", uid, uid);
	if (!write_file("/proc/self/uid_map", map))
		return wrong("uid_map", why, why_len);
	snprintf(map, sizeof map, "%u %u 1", gid, gid);
	if (!write_file("/proc/self/setgroups", "deny") ||
		!write_file("/proc/self/gid_map", map))
		return wrong("gid_map", why, why_len);
	return loop_all(why, why_len);
}

void lone_watch_start(struct lone_watch *w)
{
	/* In IPv4, TCP with SYN and without ACK, or what is not TCP; whatever is not IPv4. */
	static struct sock_filter program[] = {
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 0),
		BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0xf0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x40, 0, 6),
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 9),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_TCP, 0, 4),
		BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 0),
		BPF_STMT(BPF_LD | BPF_B | BPF_IND, 13),
		BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0x12),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x02, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, PACKET_KEPT),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	struct sock_fprog filter = {sizeof program / sizeof *program, program};
	struct sockaddr_ll all = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};
	*w = (struct lone_watch){.fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
	assert_true(w->fd >= 0);
	assert_int_equal(
		setsockopt(w->fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter), 0);
	assert_int_equal(bind(w->fd, (struct sockaddr *)&all, sizeof all), 0);
}

static struct lone_packet parse(const uint8_t *p, size_t n)
{
	struct lone_packet out = {0};
	if (n < 20 || p[0] >> 4 != 4)
		return out;
	size_t head = (size_t)(p[0] & 0x0f) * 4;
	uint32_t to;
	memcpy(&to, p + 16, 4);
	out.protocol = p[9];
	out.to = ntohl(to);
	if (n >= head + 4 && (p[9] == IPPROTO_TCP || p[9] == IPPROTO_UDP))
		out.port = (unsigned)(p[head + 2] << 8 | p[head + 3]);
	return out;
}

void lone_watch_look(struct lone_watch *w)
{
	uint8_t packet[PACKET_KEPT];
	struct sockaddr_ll from;
	struct tpacket_stats stats;
	socklen_t from_len = sizeof from, stats_len = sizeof stats;
	ssize_t n;
	while ((n = recvfrom(w->fd, packet, sizeof packet, MSG_DONTWAIT,
			(struct sockaddr *)&from, &from_len)) >= 0) {
		/* The loopback interface shows each twice. */
		if (from.sll_pkttype == PACKET_OUTGOING) {
			assert_true(w->n < LONE_SEEN_MAX);
			w->seen[w->n++] = parse(packet, (size_t)n);
		}
		from_len = sizeof from;
	}
	assert_int_equal(
		getsockopt(w->fd, SOL_PACKET, PACKET_STATISTICS, &stats, &stats_len), 0);
	assert_int_equal(stats.tp_drops, 0);
}

void lone_watch_stop(struct lone_watch *w)
{
	close(w->fd);
	w->fd = -1;
}
