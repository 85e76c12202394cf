#include "capture/source.h"

#include <pcap.h>
#include <stdlib.h>

struct source {
	pcap_t *pcap;
	int link;
	struct source_counts counts;
	unsigned last_received, last_dropped; /* libpcap counts in so few bits */
};

static bool wrong(struct err *err, const char *what, const char *why)
{
	return err_set(err, ERR_CAPTURE, "%s: %s", what, why);
}

/* The device of all interfaces knows no promiscuity: what is not for this machine is not
 * asked for. Without immediate mode the ring holds packets one behind the other; with it each
 * would take a slot of the greatest length, and few would fit. */
static int activate(pcap_t *p, uint32_t ring)
{
	int status = pcap_set_snaplen(p, SOURCE_SNAPLEN);
	if (status == 0)
		status = pcap_set_timeout(p, SOURCE_WAIT_MS);
	if (status == 0)
		status = pcap_set_buffer_size(p, (int)ring);
	if (status == 0)
		status = pcap_set_tstamp_precision(p, PCAP_TSTAMP_PRECISION_NANO);
	return status != 0 ? status : pcap_activate(p);
}

static bool denied_by(int status)
{
	return status == PCAP_ERROR_PERM_DENIED || status == PCAP_ERROR_PROMISC_PERM_DENIED;
}

/* A live handle, or NULL. */
static pcap_t *open_any(uint32_t ring, bool *denied, struct err *err)
{
	for (;; ring /= 2) {
		char why[PCAP_ERRBUF_SIZE] = "";
		pcap_t *p = pcap_create("any", why);
		if (p == NULL) {
			wrong(err, "opening all interfaces", why);
			return NULL;
		}
		int status = activate(p, ring);
		if (status >= 0)
			return p;
		*denied = denied_by(status);
		const char *more = pcap_geterr(p);
		wrong(err, pcap_statustostr(status), more);
		pcap_close(p);
		if (*denied || ring / 2 < SOURCE_RING_MIN)
			return NULL;
	}
}

static bool filter(pcap_t *p, const char *text)
{
	struct bpf_program program;
	if (pcap_compile(p, &program, text, 1, PCAP_NETMASK_UNKNOWN) != 0)
		return false;
	int status = pcap_setfilter(p, &program);
	pcap_freecode(&program);
	return status == 0;
}

/* The second kind names interfaces. libpcap has it since 1.10, which we ask for. */
static int choose_link(pcap_t *p)
{
	return pcap_set_datalink(p, DLT_LINUX_SLL2) == 0 ? LINK_LINUX_SLL2 : -1;
}

struct source *source_open(bool tcp_udp, uint32_t ring, bool *denied, struct err *err)
{
	char why[PCAP_ERRBUF_SIZE] = "";
	*denied = false;
	pcap_t *p = open_any(ring, denied, err);
	if (p == NULL)
		return NULL;
	int link = choose_link(p);
	bool ok = link >= 0 || wrong(err, "the link layer", pcap_geterr(p));
	/* Spares work, decides nothing: later fragments of a datagram pass, too. On the
	 * loopback interface, always the first one, each packet comes by twice, and libpcap
	 * would leave out the one that is sent: this way it takes no room either. */
	if (ok && !filter(p, tcp_udp ? "(tcp or udp) and not (ifindex 1 and outbound)"
				     : "not (ifindex 1 and outbound)"))
		ok = wrong(err, "the kernel's filter", pcap_geterr(p));
	if (ok && pcap_get_tstamp_precision(p) != PCAP_TSTAMP_PRECISION_NANO)
		ok = wrong(err, "time stamps", "the kernel gives no nanoseconds");
	if (ok && pcap_setnonblock(p, 1, why) != 0)
		ok = wrong(err, "not to wait", why);
	if (ok && pcap_get_selectable_fd(p) < 0)
		ok = wrong(err, "waiting for packets", "there is no descriptor for it");
	struct source *s = ok ? calloc(1, sizeof *s) : NULL;
	if (s == NULL) {
		if (ok)
			wrong(err, "opening all interfaces", "memory");
		pcap_close(p);
		return NULL;
	}
	s->pcap = p;
	s->link = link;
	return s;
}

int source_fd(const struct source *s)
{
	return pcap_get_selectable_fd(s->pcap);
}

int source_link(const struct source *s)
{
	return s->link;
}

enum source_next source_next(struct source *s, struct packet *out, struct err *err)
{
	struct pcap_pkthdr *head;
	const unsigned char *bytes;
	switch (pcap_next_ex(s->pcap, &head, &bytes)) {
	case 1: break;
	case 0: return SOURCE_NOTHING;
	default: wrong(err, "reading packets", pcap_geterr(s->pcap)); return SOURCE_BROKEN;
	}
	/* With nanosecond precision the second half of the stamp counts them. */
	out->at_ns = (int64_t)head->ts.tv_sec * 1000000000 + head->ts.tv_usec;
	out->link = s->link;
	out->interface = 0;
	out->wire_len = head->len;
	out->bytes = span_of(bytes, head->caplen);
	return SOURCE_PACKET;
}

void source_count(struct source *s, struct source_counts *out)
{
	struct pcap_stat now;
	if (pcap_stats(s->pcap, &now) == 0) {
		s->counts.received += now.ps_recv - s->last_received;
		s->counts.dropped += now.ps_drop - s->last_dropped;
		s->last_received = now.ps_recv;
		s->last_dropped = now.ps_drop;
	}
	*out = s->counts;
}
