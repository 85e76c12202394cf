#include "capture/packet_file_inner.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	PCAP_HEADER = 24,
	PCAP_RECORD = 16,
};
#define MAGIC_SECTION UINT32_C(0x0a0d0d0a) /* the same in either byte order */
#define MAGIC_MICRO UINT32_C(0xa1b2c3d4)
#define MAGIC_NANO UINT32_C(0xa1b23c4d)

static void *must(void *p)
{
	if (p == NULL)
		abort();
	return p;
}

enum packet_next packet_file_broken(struct packet_file *f, const char *format, ...)
{
	char what[200];
	va_list ap;
	va_start(ap, format);
	vsnprintf(what, sizeof what, format, ap);
	va_end(ap);
	f->broken = true;
	err_set(&f->why, ERR_PACKETS, "%s: %s, at byte %llu", f->name, what,
		(unsigned long long)(f->n_read - (f->end - f->at)));
	return PACKET_BROKEN;
}

int64_t packet_file_time(int64_t s, int64_t ns)
{
	int64_t out;
	if (__builtin_mul_overflow(s, 1000000000, &out) ||
		__builtin_add_overflow(out, ns, &out))
		return s < 0 ? INT64_MIN : INT64_MAX;
	return out;
}

void packet_file_link(struct packet_file *f, int link)
{
	if (f->n_links < sizeof f->links / sizeof f->links[0])
		f->links[f->n_links++] = link;
}

/* One more piece of the file behind what is there. What is left of the last one is little, and
 * is moved down: the same memory is read into again and again, while it is still in the cache.
 */
static enum packet_next fill(struct packet_file *f)
{
	bool little = f->end - f->at <= READ_MAX / 2;
	if (f->at > 0 && (little || BUFFER_SIZE - f->end < READ_MAX)) {
		memmove(f->bytes, f->bytes + f->at, f->end - f->at);
		f->end -= f->at;
		f->at = 0;
	}
	size_t room = BUFFER_SIZE - f->end;
	ssize_t n;
	do
		n = read(f->fd, f->bytes + f->end, room < READ_MAX ? room : READ_MAX);
	while (n < 0 && errno == EINTR);
	if (n < 0 && errno != EAGAIN) {
		f->broken = true;
		err_set_os(&f->why, ERR_SYSTEM, errno, "%s", f->name);
		return PACKET_BROKEN;
	}
	if (n <= 0)
		return f->end > f->at ? PACKET_CUT : PACKET_END;
	sha256_add(&f->sha256, f->bytes + f->end, (size_t)n);
	f->n_read += (uint64_t)n;
	f->end += (size_t)n;
	return PACKET_NEXT;
}

enum packet_next packet_file_need(struct packet_file *f, size_t n)
{
	while (f->end - f->at < n) {
		enum packet_next next = fill(f);
		if (next != PACKET_NEXT)
			return next;
	}
	return PACKET_NEXT;
}

static enum packet_next begin_pcap(struct packet_file *f)
{
	enum packet_next next = packet_file_need(f, PCAP_HEADER);
	if (next != PACKET_NEXT)
		return next;
	const uint8_t *p = f->bytes + f->at;
	if (get_u16(f, p + 4) != 2)
		return packet_file_broken(f, "pcap of version %u", get_u16(f, p + 4));
	struct interface *only = must(calloc(1, sizeof *only));
	only->link = (int)(get_u32(f, p + 20) & 0xffff); /* above it: about an Ethernet FCS */
	f->interfaces = only;
	f->n_interfaces = f->cap_interfaces = 1;
	packet_file_link(f, only->link);
	f->at += PCAP_HEADER;
	f->kind = KIND_PCAP;
	return PACKET_NEXT;
}

/* What kind of file it is; the cursor stays where it has to be for who reads on. */
static enum packet_next begin(struct packet_file *f)
{
	enum packet_next next = packet_file_need(f, 4);
	if (next != PACKET_NEXT)
		return next;
	uint32_t magic;
	memcpy(&magic, f->bytes + f->at, sizeof magic);
	if (magic == MAGIC_SECTION) {
		f->kind = KIND_PCAPNG;
		return PACKET_NEXT;
	}
	f->swapped = magic == __builtin_bswap32(MAGIC_MICRO) ||
		     magic == __builtin_bswap32(MAGIC_NANO);
	magic = get_u32(f, f->bytes + f->at);
	if (magic != MAGIC_MICRO && magic != MAGIC_NANO)
		return packet_file_broken(f, "it is neither pcapng nor pcap");
	f->fraction_ns = magic == MAGIC_NANO ? 1 : 1000;
	return begin_pcap(f);
}

static enum packet_next pcap_next(struct packet_file *f, struct packet *out)
{
	enum packet_next next = packet_file_need(f, PCAP_RECORD);
	if (next != PACKET_NEXT)
		return next;
	const uint8_t *p = f->bytes + f->at;
	uint32_t n = get_u32(f, p + 8), wire = get_u32(f, p + 12);
	if (n > PACKET_FILE_BLOCK_MAX - PCAP_RECORD)
		return packet_file_broken(
			f, "a packet of %u bytes, more than %d", n, PACKET_FILE_BLOCK_MAX);
	next = packet_file_need(f, PCAP_RECORD + n);
	if (next != PACKET_NEXT)
		return next;
	p = f->bytes + f->at;
	*out = (struct packet){
		.number = ++f->n_packets,
		.at_ns = packet_file_time(
			get_u32(f, p), (int64_t)get_u32(f, p + 4) * f->fraction_ns),
		.link = f->interfaces[0].link,
		.wire_len = wire > n ? wire : n,
		.bytes = span_of(p + PCAP_RECORD, n),
	};
	f->at += PCAP_RECORD + n;
	return PACKET_NEXT;
}

enum packet_next packet_file_next(struct packet_file *f, struct packet *out, struct err *err)
{
	enum packet_next next = f->broken ? PACKET_BROKEN : PACKET_NEXT;
	if (next == PACKET_NEXT && f->kind == KIND_UNKNOWN)
		next = begin(f);
	if (next == PACKET_NEXT)
		next = f->kind == KIND_PCAP ? pcap_next(f, out) : packet_file_ng_next(f, out);
	if (next == PACKET_BROKEN && err != NULL)
		*err = f->why;
	return next;
}

/* Takes fd whatever comes of it. */
struct packet_file *packet_file_of(int fd, const char *name, bool growing, struct err *err)
{
	struct packet_file *f = must(calloc(1, sizeof *f));
	f->fd = fd;
	f->name = must(strdup(name));
	f->dropped_before = UINT64_MAX;
	f->bytes = must(malloc(BUFFER_SIZE));
	sha256_init(&f->sha256);
	if (growing)
		return f;
	enum packet_next next = begin(f);
	/* A first block that is whole, or at least long enough to tell. */
	if (next == PACKET_NEXT)
		return f;
	if (next == PACKET_BROKEN && err != NULL)
		*err = f->why;
	else if (next != PACKET_BROKEN)
		err_set(err, ERR_PACKETS, "%s: %s", f->name,
			f->n_read == 0 ? "it is empty" : "it ends inside its first header");
	packet_file_close(f);
	return NULL;
}

struct packet_file *packet_file_open(const char *path, struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0) {
		err_set_os(err, ERR_SYSTEM, errno, "%s", path);
		return NULL;
	}
	return packet_file_of(fd, path, false, err);
}

void packet_file_close(struct packet_file *f)
{
	if (f == NULL)
		return;
	packet_file_ng_fini(f);
	free(f->interfaces);
	free(f->bytes);
	free(f->name);
	close(f->fd);
	free(f);
}

static void add_dropped(uint64_t *all, uint64_t n)
{
	if (n == UINT64_MAX)
		return;
	if (*all == UINT64_MAX)
		*all = 0;
	if (__builtin_add_overflow(*all, n, all) || *all == UINT64_MAX)
		*all = UINT64_MAX - 1;
}

uint64_t packet_file_dropped(const struct packet_file *f)
{
	uint64_t all = f->dropped_before;
	for (size_t i = 0; i < f->n_interfaces; i++)
		add_dropped(
			&all, f->kind == KIND_PCAPNG ? f->interfaces[i].dropped : UINT64_MAX);
	return all;
}

void packet_file_about(struct packet_file *f, struct packet_file_about *out)
{
	*out = (struct packet_file_about){
		.packets = f->n_packets,
		.bytes = f->n_read,
		.dropped = packet_file_dropped(f),
		.skipped = f->n_skipped,
		.secrets = buf_span(&f->secrets),
		.secrets_cut = f->secrets_cut,
		.n_links = f->n_links,
	};
	memcpy(out->links, f->links, sizeof out->links);
}

/* A broken file was not read to its end; its digest is of the whole all the same. */
static void read_rest(struct packet_file *f)
{
	struct stat st;
	if (f->why.kind == ERR_SYSTEM || fstat(f->fd, &st) != 0 || !S_ISREG(st.st_mode))
		return;
	f->at = f->end = 0;
	while (fill(f) == PACKET_NEXT)
		f->end = 0;
}

void packet_file_sha256(struct packet_file *f, uint8_t out[SHA256_LEN])
{
	if (f->broken)
		read_rest(f);
	sha256_peek(&f->sha256, out);
}
